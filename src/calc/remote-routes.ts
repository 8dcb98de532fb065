import type { LearnedRoute } from '../bgp/status.ts';
import type { DesiredRoute } from '../dataplane/route-intent.ts';
import { type Address, familyOf } from '../net/address.ts';
import { type Prefix, prefixFamily } from '../net/prefix.ts';
import { PrefixTrie } from '../net/prefix-trie.ts';
import type { NextHopRecord } from '../netlink/wire/records.ts';
import type { NextHopResolver } from './next-hops.ts';
import { addressOf } from './node-addresses.ts';
import type { Unresolved } from './routes.ts';
import { type Self } from './self.ts';

/**
 * Routes to what is behind other nodes and routers, as seen from one node with one picture of its links and foreign routes. What
 * was computed for a record is remembered with it: of a hundred thousand learned routes only those that changed cost anything.
 */
export class RemoteRoutes {
  readonly #self: Self;
  readonly #resolver: NextHopResolver;
  readonly #own = new PrefixTrie<true>();
  readonly #ways = new Map<Address, readonly NextHopRecord[] | string>();
  readonly #known = new WeakMap<LearnedRoute, DesiredRoute | Unresolved>();

  constructor(self: Self, resolver: NextHopResolver) {
    this.#self = self;
    this.#resolver = resolver;
    for (const cidr of self.podCIDRs) this.#own.set(cidr, true);
  }

  /** What the speaker learned: all its next hops that can be reached make one route. */
  learned(route: LearnedRoute): DesiredRoute | Unresolved {
    let known = this.#known.get(route);
    if (known === undefined) {
      known = this.#fromLearned(route);
      this.#known.set(route, known);
    }
    return known;
  }

  /** A block behind an address that must be on one of our own subnets. */
  direct(prefix: Prefix, address: Address, from: string): DesiredRoute | Unresolved {
    const found = this.#resolver.resolve(address);
    switch (found.kind) {
      case 'unresolved':
        return { prefix, from, reason: `${address}: ${found.reason}` };
      case 'local':
        return { prefix, from, reason: `${address} is an address of this node` };
      case 'resolved':
        return found.direct
          ? this.#route(prefix, found.nextHops, from)
          : { prefix, from, reason: `${address} is behind a router; that takes BGP or an overlay` };
    }
  }

  #fromLearned({ prefix, nextHops, peers }: LearnedRoute): DesiredRoute | Unresolved {
    const from = `bgp ${peers.join(', ')}`;
    // Import policy refuses these too; a podCIDR of ours that came later than the route is caught here.
    if (this.#own.overlaps(prefix)) return { prefix, from, reason: "it overlaps this node's podCIDR" };
    const hops: NextHopRecord[] = [];
    let reason = '';
    for (const nextHop of nextHops) {
      const found = this.#wayTo(nextHop, prefix);
      if (typeof found === 'string') reason = found;
      else hops.push(...found);
    }
    return hops.length === 0 ? { prefix, from, reason } : this.#route(prefix, hops, from);
  }

  /** The ways to a next hop, or why there is none. */
  #wayTo(nextHop: Address, prefix: Prefix): readonly NextHopRecord[] | string {
    if (familyOf(nextHop) !== prefixFamily(prefix)) return `next hop ${nextHop} is of the other family`;
    let way = this.#ways.get(nextHop);
    if (way === undefined) {
      way = resolve(this.#resolver, nextHop);
      this.#ways.set(nextHop, way);
    }
    return way;
  }

  /** Ways sorted and without duplicates, so that the same set of ways is the same route. */
  #route(prefix: Prefix, hops: readonly NextHopRecord[], from: string): DesiredRoute {
    const source = addressOf(this.#self.addresses, prefixFamily(prefix));
    // The kernel refuses a source that no link of ours has.
    const usable = source !== undefined && this.#resolver.isLocal(source);
    return { prefix, origin: 'remote', nextHops: distinct(hops), ...(usable ? { source } : {}), from };
  }
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

function distinct(hops: readonly NextHopRecord[]): readonly NextHopRecord[] {
  if (hops.length < 2) return hops;
  const byKey = new Map(hops.map((hop) => [`${hop.gateway ?? ''} ${hop.link ?? 0}`, hop]));
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, hop]) => hop);
}
