import type { NodeRecord } from '../kube/records/node.ts';
import type { Address } from '../net/address.ts';
import { equal } from '../net/equal.ts';
import { changedKeys, PersistentMap } from '../net/persistent-map.ts';
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
  readonly nodes: PersistentMap<string, ClusterNode>;
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
 * As `computeCluster`, for one cluster as it changes: a change costs what has changed, and nodes that did not change are the same
 * objects as before. Only where somebody claims what is another's, another claim makes all of them be settled anew.
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
  /** How many nodes have each InternalIP. */
  readonly #holders = new Map<Address, number>();
  #nodes: ReadonlyMap<string, NodeRecord>;
  cluster: Cluster;

  constructor(nodes: ReadonlyMap<string, NodeRecord>) {
    for (const { internalIPs } of nodes.values()) this.#count(internalIPs, 1);
    const problems: Problem[] = [];
    const settled = [...nodes.values()]
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map((record) => [record.name, this.#settle(record, nodes, problems)] as const);
    this.#nodes = nodes;
    this.cluster = {
      nodes: new PersistentMap(settled),
      addresses: settled.flatMap(([, node]) => allAddresses(node)),
      problems,
    };
  }

  /** Takes over what has changed; false where that is not enough, because claims meet: then nothing here counts any more. */
  follow(nodes: ReadonlyMap<string, NodeRecord>): boolean {
    const claiming: string[] = [];
    let settled = this.cluster.nodes;
    for (const name of changedKeys(this.#nodes, nodes)) {
      const [node, record] = [settled.get(name), nodes.get(name)];
      if (node === undefined || record === undefined || !claimsSame(node.record, record)) claiming.push(name);
      else settled = settled.with(name, { ...node, record });
    }
    this.#nodes = nodes;
    this.cluster = { ...this.cluster, nodes: settled };
    return claiming.length === 0 || this.#followClaims(claiming);
  }

  /** The nodes of these names have come, gone or claim something else now. */
  #followClaims(names: readonly string[]): boolean {
    const { nodes: before, addresses, problems } = this.cluster;
    if (problems.length > 0) return false;
    for (const name of names) {
      const node = before.get(name);
      this.#release(node);
      const wasShared = this.#count(node?.record.internalIPs ?? [], -1);
      const isShared = this.#count(this.#nodes.get(name)?.internalIPs ?? [], 1);
      // Whether an address is shared decides the choice of others too.
      if (wasShared || isShared) return false;
    }
    let nodes = before;
    const met: Problem[] = [];
    for (const name of names) {
      const record = this.#nodes.get(name);
      nodes =
        record === undefined ? nodes.without(name) : nodes.with(name, this.#settle(record, this.#nodes, met));
    }
    const same = names.every((name) => equal(addressesIn(before, name), addressesIn(nodes, name)));
    this.cluster = {
      nodes,
      addresses: same ? addresses : [...nodes.values()].flatMap(allAddresses),
      problems: met,
    };
    return met.length === 0;
  }

  /** Counts a node in or out; tells whether any of its InternalIPs was or is another node's too. */
  #count(internalIPs: readonly Address[], by: 1 | -1): boolean {
    let shared = false;
    for (const address of new Set(internalIPs)) {
      const before = this.#holders.get(address) ?? 0;
      const after = before + by;
      if (after === 0) this.#holders.delete(address);
      else this.#holders.set(address, after);
      if (Math.max(before, after) > 1) shared = true;
    }
    return shared;
  }

  #settle(record: NodeRecord, nodes: ReadonlyMap<string, NodeRecord>, problems: Problem[]): ClusterNode {
    const podCIDRs = record.podCIDRs.filter((cidr) => {
      if (!this.#cidrs.overlaps(cidr)) return true;
      problems.push(overlapping(record.name, cidr, ...this.#ownerOf(cidr, nodes)));
      return false;
    });
    for (const cidr of podCIDRs) this.#cidrs.set(cidr, record.name);
    const claims = claimedAddresses(record, (address) => (this.#holders.get(address) ?? 0) > 1);
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

/** Whether two versions of a node claim the same of the cluster. */
const claimsSame = (a: NodeRecord, b: NodeRecord): boolean =>
  equal(a.podCIDRs, b.podCIDRs) &&
  equal(a.internalIPs, b.internalIPs) &&
  equal(a.annotatedAddresses, b.annotatedAddresses);

const allAddresses = ({ addresses, record }: ClusterNode): readonly Address[] => [
  ...addressList(addresses),
  ...record.internalIPs,
];

function addressesIn(nodes: ReadonlyMap<string, ClusterNode>, name: string): readonly Address[] {
  const node = nodes.get(name);
  return node === undefined ? [] : allAddresses(node);
}

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
