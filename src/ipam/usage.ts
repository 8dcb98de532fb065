import type { Prefix } from '../net/prefix.ts';

/** How full one CIDR is. `total` counts the addresses that may be given to pods; IPv6 ranges need the bigint. */
export interface CidrUsage {
  readonly cidr: Prefix;
  readonly used: number;
  /** Released a short while ago, not given again yet. */
  readonly cooling: number;
  readonly free: bigint;
  readonly total: bigint;
}
