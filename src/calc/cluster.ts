import type { NodeRecord } from '../kube/records/node.ts';
import type { Address } from '../net/address.ts';
import { equal } from '../net/equal.ts';
import { overlaps, type Prefix } from '../net/prefix.ts';
import { PrefixTrie } from '../net/prefix-trie.ts';
import type { Problem } from '../ports/problem.ts';
import {
  type AddressPair,
  addressList,
  claimedAddresses,
  type NodeAddress,
  pairOf,
} from './node-addresses.ts';

/** A node as the others treat it, after conflicts have been settled. */
export interface ClusterNode {
  readonly record: NodeRecord;
  /** The addresses that it says it has, and why these. */
  readonly claims: readonly NodeAddress[];
  /** Those of them that no other node has that comes first. */
  readonly addresses: AddressPair;
  /** Its podCIDRs without those that overlap another node's that comes first. */
  readonly podCIDRs: readonly Prefix[];
}

export interface Cluster {
  readonly nodes: ReadonlyMap<string, ClusterNode>;
  /** All addresses that nodes have or say they have; the same list while it is the same. */
  readonly addresses: readonly Address[];
  readonly problems: readonly Problem[];
}

/**
 * Settles podCIDRs and addresses that several nodes claim: the node whose name sorts first keeps them, on every node alike, so
 * that the agents agree without talking. The others' claims are left out and reported.
 */
export const computeCluster = (nodes: ReadonlyMap<string, NodeRecord>): Cluster => new Claims(nodes).cluster;

/**
 * As `computeCluster`, for one cluster as it changes: while nobody claims what is another's, a change costs what has changed, and
 * nodes that did not change are the same objects as before.
 */
export function clusterOf(): (nodes: ReadonlyMap<string, NodeRecord>) => Cluster {
  let claims: Claims | undefined;
  return (nodes) => {
    if (claims?.follow(nodes) !== true) claims = new Claims(nodes);
    return claims.cluster;
  };
}

/** Who has which podCIDRs and addresses. */
class Claims {
  readonly #cidrs = new PrefixTrie<string>();
  readonly #addresses = new Map<Address, string>();
  /** InternalIPs that several nodes have. */
  readonly #shared: ReadonlySet<Address>;
  #nodes: ReadonlyMap<string, NodeRecord>;
  cluster: Cluster;

  constructor(nodes: ReadonlyMap<string, NodeRecord>) {
    this.#shared = sharedAddresses(nodes.values());
    const problems: Problem[] = [];
    const settled = new Map<string, ClusterNode>();
    for (const record of [...nodes.values()].sort((a, b) => (a.name < b.name ? -1 : 1))) {
      settled.set(record.name, this.#settle(record, nodes, problems));
    }
    this.#nodes = nodes;
    this.cluster = { nodes: settled, addresses: allAddresses(settled), problems };
  }

  /** Takes over what has changed; false where that is not enough, because claims meet or nodes came or went. */
  follow(nodes: ReadonlyMap<string, NodeRecord>): boolean {
    if (nodes.size !== this.#nodes.size || this.cluster.problems.length > 0) return false;
    const changed: NodeRecord[] = [];
    for (const [name, record] of nodes) {
      const before = this.#nodes.get(name);
      if (before === undefined) return false;
      if (before === record) continue;
      if (!equal(before.internalIPs, record.internalIPs)) return false;
      changed.push(record);
    }
    const settled = new Map(this.cluster.nodes);
    for (const { name } of changed) this.#release(settled.get(name));
    const problems: Problem[] = [];
    for (const record of changed) settled.set(record.name, this.#settle(record, nodes, problems));
    const { nodes: before, addresses } = this.cluster;
    const same = changed.every(({ name }) =>
      equal(before.get(name)?.addresses, settled.get(name)?.addresses),
    );
    this.#nodes = nodes;
    this.cluster = { nodes: settled, addresses: same ? addresses : allAddresses(settled), problems };
    return problems.length === 0;
  }

  #settle(record: NodeRecord, nodes: ReadonlyMap<string, NodeRecord>, problems: Problem[]): ClusterNode {
    const podCIDRs = record.podCIDRs.filter((cidr) => {
      if (!this.#cidrs.overlaps(cidr)) return true;
      problems.push(overlapping(record.name, cidr, ...this.#ownerOf(cidr, nodes)));
      return false;
    });
    for (const cidr of podCIDRs) this.#cidrs.set(cidr, record.name);
    const claims = claimedAddresses(record, (address) => this.#shared.has(address));
    return {
      record,
      claims,
      addresses: settleAddresses(record.name, claims, this.#addresses, problems),
      podCIDRs,
    };
  }

  #release(node: ClusterNode | undefined): void {
    for (const cidr of node?.podCIDRs ?? []) this.#cidrs.delete(cidr);
    for (const address of addressList(node?.addresses ?? {})) this.#addresses.delete(address);
  }

  /** The node that keeps what overlaps `cidr`, and its podCIDR. Rare, so it may take long. */
  #ownerOf(cidr: Prefix, nodes: ReadonlyMap<string, NodeRecord>): [owner: string, other: Prefix] {
    for (const { name, podCIDRs } of nodes.values()) {
      const other = podCIDRs.find((c) => overlaps(c, cidr) && this.#cidrs.get(c) === name);
      if (other !== undefined) return [name, other];
    }
    return ['another node', cidr];
  }
}

function sharedAddresses(nodes: Iterable<NodeRecord>): ReadonlySet<Address> {
  const seen = new Set<Address>();
  const shared = new Set<Address>();
  for (const { internalIPs } of nodes) {
    for (const address of new Set(internalIPs)) {
      if (seen.has(address)) shared.add(address);
      else seen.add(address);
    }
  }
  return shared;
}

const allAddresses = (nodes: ReadonlyMap<string, ClusterNode>): readonly Address[] =>
  [...nodes.values()].flatMap((node) => [...addressList(node.addresses), ...node.record.internalIPs]);

/** The addresses that nobody before has. */
function settleAddresses(
  name: string,
  claims: readonly NodeAddress[],
  owners: Map<Address, string>,
  problems: Problem[],
): AddressPair {
  const kept = claims.flatMap(({ address }) => {
    const owner = owners.get(address);
    if (owner === undefined) return [address];
    problems.push(duplicateAddress(name, address, owner));
    return [];
  });
  for (const address of kept) owners.set(address, name);
  return pairOf(kept);
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
