import type { NodeRecord } from '../kube/records/node.ts';
import type { Address } from '../net/address.ts';
import { overlaps, type Prefix } from '../net/prefix.ts';
import { PrefixTrie } from '../net/prefix-trie.ts';
import type { Problem } from '../ports/problem.ts';
import { type AddressPair, addressList, nodeAddresses } from './node-addresses.ts';

/** A node as the others treat it, after conflicts have been settled. */
export interface ClusterNode {
  readonly record: NodeRecord;
  readonly addresses: AddressPair;
  /** Its podCIDRs without those that overlap another node's that comes first. */
  readonly podCIDRs: readonly Prefix[];
}

export interface Cluster {
  readonly nodes: ReadonlyMap<string, ClusterNode>;
  readonly problems: readonly Problem[];
}

/**
 * Settles podCIDRs and addresses that several nodes claim: the node whose name sorts first keeps them, on every node alike, so
 * that the agents agree without talking. The others' claims are left out and reported.
 */
export function computeCluster(nodes: ReadonlyMap<string, NodeRecord>): Cluster {
  const problems: Problem[] = [];
  const cidrs = new PrefixTrie<string>();
  const claimed: { readonly cidr: Prefix; readonly owner: string }[] = [];
  const addressOwners = new Map<Address, string>();
  const settled = new Map<string, ClusterNode>();
  for (const record of [...nodes.values()].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const podCIDRs = record.podCIDRs.filter((cidr) => {
      if (!cidrs.overlaps(cidr)) return true;
      const other = claimed.find((c) => overlaps(c.cidr, cidr));
      problems.push(overlapping(record.name, cidr, other?.owner ?? 'another node', other?.cidr ?? cidr));
      return false;
    });
    for (const cidr of podCIDRs) {
      cidrs.set(cidr, record.name);
      claimed.push({ cidr, owner: record.name });
    }
    const addresses = ownAddresses(record, addressOwners, problems);
    settled.set(record.name, { record, addresses, podCIDRs });
  }
  return { nodes: settled, problems };
}

function ownAddresses(record: NodeRecord, owners: Map<Address, string>, problems: Problem[]): AddressPair {
  const pair = nodeAddresses(record);
  const kept = addressList(pair).filter((address) => {
    const owner = owners.get(address);
    if (owner === undefined) return true;
    problems.push(duplicateAddress(record.name, address, owner));
    return false;
  });
  for (const address of kept) owners.set(address, record.name);
  return {
    ...(pair.ipv4 !== undefined && kept.includes(pair.ipv4) ? { ipv4: pair.ipv4 } : {}),
    ...(pair.ipv6 !== undefined && kept.includes(pair.ipv6) ? { ipv6: pair.ipv6 } : {}),
  };
}

const overlapping = (node: string, cidr: Prefix, owner: string, other: Prefix): Problem => ({
  code: 'GRY_POD_CIDR_OVERLAP',
  severity: 'error',
  subject: `Node ${node}`,
  message: `its podCIDR ${cidr} overlaps ${other} of Node ${owner}, which keeps it`,
  remedy: `give ${node} a podCIDR of its own: drain it, delete the Node object and let it register again`,
});

const duplicateAddress = (node: string, address: Address, owner: string): Problem => ({
  code: 'GRY_NODE_ADDRESS_DUPLICATE',
  severity: 'error',
  subject: `Node ${node}`,
  message: `its address ${address} is also that of Node ${owner}, which keeps it`,
  remedy: `delete the Node object that no machine stands behind, or correct the kubelet's --node-ip of ${node}`,
});
