import type { IPPoolRecord } from '../kube/records/ip-pool.ts';
import type { NodeRecord } from '../kube/records/node.ts';
import { comparePrefixes, type Prefix } from '../net/prefix.ts';

/** A range of pod addresses. */
export interface Pool {
  readonly cidr: Prefix;
  /** Traffic from it to addresses outside all pools leaves with the node's address. */
  readonly natOutgoing: boolean;
}

/**
 * Which addresses are pods': the IPPools; where there is none, `--cluster-cidr`; else the podCIDRs of all Nodes. Masquerade
 * exclusion, BGP import and anti-spoofing all use this one answer. Sorted.
 */
export function computePools(
  pools: ReadonlyMap<string, IPPoolRecord>,
  clusterCIDRs: readonly Prefix[],
  nodes: ReadonlyMap<string, NodeRecord>,
): readonly Pool[] {
  if (pools.size > 0)
    return sorted([...pools.values()].map(({ cidr, natOutgoing }) => ({ cidr, natOutgoing })));
  const cidrs = clusterCIDRs.length > 0 ? clusterCIDRs : [...nodes.values()].flatMap((n) => n.podCIDRs);
  return sorted([...new Set(cidrs)].map((cidr) => ({ cidr, natOutgoing: true })));
}

const sorted = (pools: Pool[]): readonly Pool[] => pools.sort((a, b) => comparePrefixes(a.cidr, b.cidr));
