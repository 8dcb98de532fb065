import type { TObject } from 'typebox';

export const group = 'gryphon.dev';
export const version = 'v1alpha1';
export const apiVersion = `${group}/${version}`;

/** A cluster-wide kind of ours: what a CustomResourceDefinition needs to know. */
export interface Kind<Spec extends TObject = TObject> {
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  /** They start with `gry`, because Calico's own kinds may be installed beside ours. */
  readonly shortNames: readonly string[];
  readonly description: string;
  /** Schema of `spec`. */
  readonly spec: Spec;
}
