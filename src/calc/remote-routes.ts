import type { Ways } from '../bgp/status.ts';
import type { DesiredForm, DesiredRoute } from '../dataplane/route-intent.ts';
import { type Address, type Family, familyOf } from '../net/address.ts';
import { equal } from '../net/equal.ts';
import { type Prefix, prefixFamily } from '../net/prefix.ts';
import { PrefixBlocks } from '../net/prefix-blocks.ts';
import type { PrefixWords } from '../net/prefix-words.ts';
import type { NextHopRecord } from '../netlink/wire/records.ts';
import type { ClusterNode } from './cluster.ts';
import type { NextHopResolver } from './next-hops.ts';
import { addressOf } from './node-addresses.ts';
import type { Unresolved } from './routes.ts';
import { type Self } from './self.ts';

/** Next hops that are remembered: a router names few, and nobody may fill the memory with them. */
const MOST_WAYS = 4096;

/**
 * Routes to what is behind other nodes and routers, as seen from one node with one picture of its links and foreign routes. Of the
 * routes it gives it remembers none but the nodes'; learned ones that lead the same way share all but their prefix.
 */
export class RemoteRoutes {
  readonly #self: Self;
  readonly #resolver: NextHopResolver;
  readonly #own: PrefixBlocks;
  readonly #sources: Readonly<Record<Family, Address | undefined>>;
  readonly #ways = new Map<Address, readonly NextHopRecord[] | string>();
  /** What was made of the ways that were learned, or why nothing. */
  readonly #forms: Readonly<Record<Family, WeakMap<Ways, DesiredForm | string>>> = {
    4: new WeakMap(),
    6: new WeakMap(),
  };
  /** More next hops were asked for than are remembered. */
  #forgetful = false;

  constructor(self: Self, resolver: NextHopResolver) {
    this.#self = self;
    this.#resolver = resolver;
    this.#sources = { 4: this.#source(4), 6: this.#source(6) };
    this.#own = new PrefixBlocks(self.podCIDRs);
  }

  /**
   * Whether all that `before` has given until now is right here too: links and foreign routes change often, the ways to our next
   * hops seldom.
   */
  continues(before: RemoteRoutes): boolean {
    if (before.#forgetful || !equal(before.#sources, this.#sources)) return false;
    if (!equal(before.#self.podCIDRs, this.#self.podCIDRs)) return false;
    for (const [nextHop, way] of before.#ways) {
      if (!equal(way, resolve(this.#resolver, nextHop))) return false;
    }
    for (const [nextHop, way] of before.#ways) this.#ways.set(nextHop, way);
    return true;
  }

  /**
   * What the speaker learned: all its next hops that can be reached make one route, without them it is the reason why there is none.
   * The same object for all prefixes of a family with the same ways.
   */
  learned(prefix: PrefixWords, ways: Ways): DesiredForm | string {
    // Import policy refuses these too; a podCIDR of ours that came later than the route is caught here.
    // A wider one, such as a default route, does no harm: the block is more specific.
    if (this.#own.contain(prefix)) return 'it lies inside a podCIDR of this node';
    const known = this.#forms[prefix.family];
    let form = known.get(ways);
    if (form === undefined) {
      form = this.#formOf(ways, prefix.family);
      known.set(ways, form);
    }
    return form;
  }

  #formOf({ nextHops, peers }: Ways, family: Family): DesiredForm | string {
    const from = bgpLabel(peers);
    const [first] = nextHops;
    // Nearly every route of a large table has one next hop: its ways are shared, not copied.
    if (nextHops.length === 1 && first !== undefined) {
      const way = this.#wayTo(first, family);
      return typeof way === 'string' ? way : this.#form(family, way, from);
    }
    const hops: NextHopRecord[] = [];
    let reason = '';
    for (const nextHop of nextHops) {
      const found = this.#wayTo(nextHop, family);
      if (typeof found === 'string') reason = found;
      else hops.push(...found);
    }
    return hops.length === 0 ? reason : this.#form(family, distinct(hops), from);
  }

  /** The routes to the blocks of another node, which must be on one of our own subnets. */
  behind(name: string, node: ClusterNode): readonly (DesiredRoute | Unresolved)[] {
    const from = `node ${name}`;
    return node.podCIDRs.map((prefix) => {
      const family = prefixFamily(prefix);
      const address = addressOf(node.addresses, family);
      if (address !== undefined) return this.direct(prefix, address, from);
      return { prefix, from, reason: `Node ${name} has no IPv${family} address` };
    });
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
          ? { prefix, ...this.#form(prefixFamily(prefix), distinct(found.nextHops), from) }
          : { prefix, from, reason: `${address} is behind a router; that takes BGP or an overlay` };
    }
  }

  /** The ways to a next hop, sorted and without duplicates; or why there is none. */
  #wayTo(nextHop: Address, family: Family): readonly NextHopRecord[] | string {
    if (familyOf(nextHop) !== family) return `next hop ${nextHop} is of the other family`;
    let way = this.#ways.get(nextHop);
    if (way === undefined) {
      way = resolve(this.#resolver, nextHop);
      if (this.#ways.size < MOST_WAYS) this.#ways.set(nextHop, way);
      else this.#forgetful = true;
    }
    return way;
  }

  #form(family: Family, nextHops: readonly NextHopRecord[], from: string): DesiredForm {
    const source = this.#sources[family];
    return source === undefined
      ? { origin: 'remote', nextHops, from }
      : { origin: 'remote', nextHops, from, source };
  }

  /** The kernel refuses a source that no link of ours has. */
  #source(family: Family): Address | undefined {
    const source = addressOf(this.#self.addresses, family);
    return source !== undefined && this.#resolver.isLocal(source) ? source : undefined;
  }
}

/** Who asked for a learned route, as `DesiredRoute.from`. */
export const bgpLabel = (peers: readonly string[]): string => `bgp ${peers.join(', ')}`;

function resolve(resolver: NextHopResolver, nextHop: Address): readonly NextHopRecord[] | string {
  const found = resolver.resolve(nextHop);
  switch (found.kind) {
    case 'resolved':
      return distinct(found.nextHops);
    case 'local':
      return `next hop ${nextHop} is an address of this node`;
    case 'unresolved':
      return `next hop ${nextHop}: ${found.reason}`;
  }
}

/** Ways sorted and without duplicates, so that the same set of ways is the same route. */
function distinct(hops: readonly NextHopRecord[]): readonly NextHopRecord[] {
  if (hops.length < 2) return hops;
  const byKey = new Map(hops.map((hop) => [`${hop.gateway ?? ''} ${hop.link ?? 0}`, hop]));
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, hop]) => hop);
}
