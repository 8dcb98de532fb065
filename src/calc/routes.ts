import type { LearnedRoute } from '../bgp/status.ts';
import type { DesiredRoute } from '../dataplane/route-intent.ts';
import type { Attachment } from '../ipam/attachment.ts';
import { type Address, familyOf } from '../net/address.ts';
import { hostPrefix, isHostPrefix, type Prefix, prefixFamily } from '../net/prefix.ts';
import { PrefixTrie } from '../net/prefix-trie.ts';
import type { LinkRecord, NextHopRecord } from '../netlink/wire/records.ts';
import type { ClusterNode } from './cluster.ts';
import type { NextHopResolver } from './next-hops.ts';
import { addressOf, type Self } from './self.ts';

export interface RouteFacts {
  readonly self: Self;
  readonly nodes: ReadonlyMap<string, ClusterNode>;
  readonly attachments: Iterable<Attachment>;
  readonly links: ReadonlyMap<number, LinkRecord>;
  readonly resolver: NextHopResolver;
  /** With BGP the speaker's routes count and the Node objects do not; without it, the other way round. */
  readonly bgp: boolean;
  readonly learned: ReadonlyMap<Prefix, LearnedRoute>;
}

export interface RouteResult {
  readonly routes: ReadonlyMap<Prefix, DesiredRoute>;
  /** Routes of pods that are being attached, or whose link no fact speaks of yet: the CNI server writes them itself. */
  readonly hold: ReadonlySet<Prefix>;
  /** Who asked for each route: `podCIDR`, `pod default/web-0`, `bgp mesh/node-b`, `node node-b`. */
  readonly origins: ReadonlyMap<Prefix, string>;
  /** Routes that cannot be written now, with the reason. */
  readonly unresolved: ReadonlyMap<Prefix, string>;
}

/** The routes of the main table: our blocks as blackholes, each pod on its link, each remote block via whoever announced it. */
export function computeRoutes(facts: RouteFacts): RouteResult {
  const table = new RouteTable();
  for (const cidr of facts.self.podCIDRs) {
    // A block of one address is its pod's own route: a blackhole would stand in its way.
    if (!isHostPrefix(cidr)) table.want({ prefix: cidr, origin: 'block', nextHops: [] }, 'podCIDR');
  }
  addPods(table, facts);
  if (facts.bgp) addLearned(table, facts);
  else addNodes(table, facts);
  return table.result();
}

class RouteTable {
  readonly #routes = new Map<Prefix, DesiredRoute>();
  readonly #origins = new Map<Prefix, string>();
  readonly #unresolved = new Map<Prefix, string>();
  readonly #hold = new Set<Prefix>();

  want(route: DesiredRoute, origin: string): void {
    this.#routes.set(route.prefix, route);
    this.#origins.set(route.prefix, origin);
  }

  /** As `cannot`, and what stands there stays. */
  cannotYet(prefix: Prefix, origin: string, reason: string): void {
    this.cannot(prefix, origin, reason);
    this.#hold.add(prefix);
  }

  cannot(prefix: Prefix, origin: string, reason: string): void {
    this.#origins.set(prefix, origin);
    this.#unresolved.set(prefix, reason);
  }

  result(): RouteResult {
    return {
      routes: this.#routes,
      hold: this.#hold,
      origins: this.#origins,
      unresolved: this.#unresolved,
    };
  }
}

function addPods(table: RouteTable, facts: RouteFacts): void {
  const byName = new Map<string, number>();
  for (const link of facts.links.values()) byName.set(link.name, link.index);
  for (const attachment of facts.attachments) {
    const link = byName.get(attachment.hostLink);
    const origin =
      attachment.pod === undefined
        ? `container ${attachment.containerID}`
        : `pod ${attachment.pod.namespace}/${attachment.pod.name}`;
    for (const address of attachment.addresses) {
      const prefix = hostPrefix(address);
      if (attachment.state === 'reserved') table.cannotYet(prefix, origin, 'the pod is being attached');
      else if (link === undefined)
        table.cannotYet(prefix, origin, `its link ${attachment.hostLink} does not exist`);
      else table.want({ prefix, origin: 'pod', nextHops: [{ link }] }, origin);
    }
  }
}

function addLearned(table: RouteTable, facts: RouteFacts): void {
  const own = new PrefixTrie<true>();
  for (const cidr of facts.self.podCIDRs) own.set(cidr, true);
  const resolved = new Map<Address, readonly NextHopRecord[] | string>();
  for (const route of facts.learned.values()) {
    const origin = `bgp ${route.peers.join(', ')}`;
    // Import policy refuses these too; a podCIDR of ours that came later than the route is caught here.
    if (own.overlaps(route.prefix)) {
      table.cannot(route.prefix, origin, "it overlaps this node's podCIDR");
      continue;
    }
    const hops: NextHopRecord[] = [];
    let reason = '';
    for (const nextHop of route.nextHops) {
      if (familyOf(nextHop) !== prefixFamily(route.prefix)) {
        reason = `next hop ${nextHop} is of the other family`;
        continue;
      }
      const found = memo(resolved, nextHop, () => resolve(facts.resolver, nextHop));
      if (typeof found === 'string') reason = found;
      else hops.push(...found);
    }
    if (hops.length === 0) table.cannot(route.prefix, origin, reason);
    else table.want(remote(facts, route.prefix, hops), origin);
  }
}

/** Without BGP the Node objects say where each block is; only nodes on our own subnet can be reached so. */
function addNodes(table: RouteTable, facts: RouteFacts): void {
  for (const [name, node] of facts.nodes) {
    if (name === facts.self.name) continue;
    for (const prefix of node.podCIDRs) {
      const origin = `node ${name}`;
      const address = addressOf(node.addresses, prefixFamily(prefix));
      if (address === undefined) {
        table.cannot(prefix, origin, `Node ${name} has no IPv${prefixFamily(prefix)} address`);
        continue;
      }
      const found = facts.resolver.resolve(address);
      if (found.kind === 'unresolved') table.cannot(prefix, origin, `${address}: ${found.reason}`);
      else if (found.kind === 'local') table.cannot(prefix, origin, `${address} is an address of this node`);
      else if (!found.direct) {
        table.cannot(prefix, origin, `${address} is behind a router; that takes BGP or an overlay`);
      } else table.want(remote(facts, prefix, found.nextHops), origin);
    }
  }
}

/** Sorted and without duplicates, so that the same set of ways is the same route. */
function remote(facts: RouteFacts, prefix: Prefix, hops: readonly NextHopRecord[]): DesiredRoute {
  const key = (h: NextHopRecord): string => `${h.gateway ?? ''} ${h.link ?? 0}`;
  const nextHops =
    hops.length < 2
      ? hops
      : [...new Map(hops.map((h) => [key(h), h])).values()].sort((a, b) => (key(a) < key(b) ? -1 : 1));
  const source = addressOf(facts.self.addresses, prefixFamily(prefix));
  // The kernel refuses a source that no link of ours has.
  const usable = source !== undefined && facts.resolver.isLocal(source);
  return { prefix, origin: 'remote', nextHops, ...(usable ? { source } : {}) };
}

function resolve(resolver: NextHopResolver, nextHop: Address): readonly NextHopRecord[] | string {
  const found = resolver.resolve(nextHop);
  switch (found.kind) {
    case 'resolved':
      return found.nextHops;
    case 'local':
      return `next hop ${nextHop} is an address of this node`;
    case 'unresolved':
      return `next hop ${nextHop}: ${found.reason}`;
  }
}

function memo<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
