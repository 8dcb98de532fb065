import type { TObject } from 'typebox';
import type { Rule } from './rule.ts';

export const group = 'gryphon.dev';
export const version = 'v1alpha1';
export const apiVersion = `${group}/${version}`;

/** A column of `kubectl get`. */
export interface Column {
  readonly name: string;
  /** `string` also shows what is a number or a text. */
  readonly type: 'string' | 'integer' | 'boolean' | 'date';
  readonly path: string;
  /** Only with `-o wide`. */
  readonly wide?: true;
}

/** A cluster-wide resource of ours: what a CustomResourceDefinition needs to know. */
export interface Resource {
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  /** They start with `gry`, because Calico's own kinds may be installed beside ours. */
  readonly shortNames: readonly string[];
  readonly description: string;
  /** Between the name and the age. */
  readonly columns: readonly Column[];
  /** Of the whole object; `self.metadata` has its name only. */
  readonly rules?: readonly Rule[];
  /** Schema of `spec`; absent: there is none. */
  readonly spec?: TObject;
  /** Schema of `status`, which agents write through the subresource of this name. */
  readonly status: TObject;
}

/** One of the kinds that people write. */
export interface Kind<Spec extends TObject = TObject> extends Resource {
  readonly spec: Spec;
}
