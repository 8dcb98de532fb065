import type { Prefix } from '../../net/prefix.ts';

/** An IPPool of `gryphon.dev/v1alpha1`; names and meaning are Calico v3's. */
export interface IPPoolRecord {
  readonly name: string;
  readonly cidr: Prefix;
  /** Pod traffic from this pool to addresses outside all pools leaves with the node's address. Default false, as in Calico. */
  readonly natOutgoing: boolean;
  /** Takes part in exclusion from masquerade, but nothing is announced from it. */
  readonly disabled: boolean;
  readonly disableBGPExport: boolean;
  /** Paths of fields that were set and are not carried out, for the `Unsupported` condition. */
  readonly unsupported: readonly string[];
}
