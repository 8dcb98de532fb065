import type { PlainObject } from '../plain.ts';
import { own } from '../plain.ts';

/** The kinds of Calico's that are kinds of ours too. */
export type CalicoKind = 'BGPConfiguration' | 'BGPFilter' | 'BGPPeer' | 'IPPool';

/**
 * The form in which Calico stores its objects, and the one that people write. Both have the same `spec`; the stored form may have
 * fields of Calico's first API in it.
 */
export const calicoVersions = ['crd.projectcalico.org/v1', 'projectcalico.org/v3'] as const;

const versions: ReadonlySet<unknown> = new Set(calicoVersions);
const groups: ReadonlySet<string> = new Set(calicoVersions.map((version) => groupOf(version)));

/** The group of an `apiVersion`. */
export function groupOf(apiVersion: string): string {
  return apiVersion.split('/')[0] ?? '';
}

/** Whether the object is of Calico's API, in any version. */
export const isCalicoGroup = (apiVersion: string): boolean => groups.has(groupOf(apiVersion));

/** Whether the object is of a version of Calico's API that we understand. */
export const isCalico = (value: PlainObject): boolean => versions.has(own(value, 'apiVersion'));
