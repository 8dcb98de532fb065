import { type Address, type Family, familyOf } from '../net/address.ts';
import { networkOf, type Prefix, prefixFamily, prefixLength } from '../net/prefix.ts';
import type { NextHopRecord, RouteRecord } from '../netlink/wire/records.ts';

/** Where packets for an address leave this node. */
export type Resolution =
  | {
      readonly kind: 'resolved';
      readonly nextHops: readonly NextHopRecord[];
      /** No router in between. */
      readonly direct: boolean;
    }
  | { readonly kind: 'local' }
  | { readonly kind: 'unresolved'; readonly reason: string };

/** How many routes may be followed for one address before it counts as a loop. */
const MAX_DEPTH = 8;

/**
 * Resolves BGP next hops through the kernel's own table, never through routes of ours (RFC 4271 §5.1.3: the next hop is looked
 * up recursively). Built anew whenever links or foreign routes change.
 */
export class NextHopResolver {
  /**
   * Longest match by probing the lengths that occur, longest first: a table of a hundred thousand routes is made in a tenth of
   * the time that a trie takes, and of next hops there are few.
   */
  readonly #routes = new Map<Prefix, RouteRecord>();
  readonly #lengths: Readonly<Record<Family, readonly number[]>>;
  readonly #local: ReadonlySet<Address>;
  readonly #down: ReadonlySet<number>;

  constructor(
    foreignRoutes: Iterable<RouteRecord>,
    downLinks: ReadonlySet<number>,
    localAddresses: ReadonlySet<Address>,
  ) {
    this.#local = localAddresses;
    this.#down = downLinks;
    const lengths: Record<Family, Set<number>> = { 4: new Set(), 6: new Set() };
    for (const route of foreignRoutes) {
      lengths[prefixFamily(route.prefix)].add(prefixLength(route.prefix));
      const known = this.#routes.get(route.prefix);
      // Of several routes to one prefix the kernel uses the lowest metric whose way is alive.
      if (known === undefined || this.#better(route, known)) this.#routes.set(route.prefix, route);
    }
    const longestFirst = (of: ReadonlySet<number>): readonly number[] => [...of].sort((a, b) => b - a);
    this.#lengths = { 4: longestFirst(lengths[4]), 6: longestFirst(lengths[6]) };
  }

  isLocal(address: Address): boolean {
    return this.#local.has(address);
  }

  resolve(address: Address): Resolution {
    if (this.isLocal(address)) return { kind: 'local' };
    const found = this.#follow(address, 0);
    if (typeof found === 'string') return { kind: 'unresolved', reason: found };
    return { kind: 'resolved', nextHops: found, direct: found.every((hop) => hop.gateway === address) };
  }

  #better(a: RouteRecord, b: RouteRecord): boolean {
    const alive = (r: RouteRecord): boolean => r.nextHops.length === 0 || this.#alive(r).length > 0;
    return alive(a) === alive(b) ? a.metric < b.metric : alive(a);
  }

  #alive(route: RouteRecord): readonly NextHopRecord[] {
    return route.nextHops.filter(
      (hop) => hop.dead !== true && (hop.link === undefined || !this.#down.has(hop.link)),
    );
  }

  #match(address: Address): RouteRecord | undefined {
    for (const length of this.#lengths[familyOf(address)]) {
      const route = this.#routes.get(networkOf(address, length));
      if (route !== undefined) return route;
    }
    return undefined;
  }

  /** The ways to an address, each with gateway and link; or the reason why there is none. */
  #follow(address: Address, depth: number): readonly NextHopRecord[] | string {
    if (depth > MAX_DEPTH) return `more than ${MAX_DEPTH} routes lead from one to the next`;
    const route = this.#match(address);
    if (route === undefined) return 'the kernel has no route to it';
    const { prefix } = route;
    if (route.kind !== 'unicast') return `the kernel's route ${prefix} is ${route.kind}`;
    const hops = this.#alive(route);
    // No second-best: the kernel keeps using the route of a link without carrier, and so would the packets.
    return hops.length > 0
      ? this.#expand(address, hops, depth)
      : `the link of the kernel's route ${prefix} is down`;
  }

  #expand(
    address: Address,
    hops: readonly NextHopRecord[],
    depth: number,
  ): readonly NextHopRecord[] | string {
    const out: NextHopRecord[] = [];
    let reason = '';
    for (const hop of hops) {
      if (hop.gateway === undefined && hop.link !== undefined) {
        out.push({ gateway: address, link: hop.link, ...weightOf(hop) });
      } else if (hop.gateway !== undefined && hop.link !== undefined) {
        out.push({
          gateway: hop.gateway,
          link: hop.link,
          ...(hop.onlink === true ? { onlink: true } : {}),
          ...weightOf(hop),
        });
      } else if (hop.gateway !== undefined) {
        const further = this.#follow(hop.gateway, depth + 1);
        if (typeof further === 'string') reason = further;
        else out.push(...further);
      }
    }
    return out.length > 0 ? out : reason || 'the kernel names no link for it';
  }
}

/** Where the kernel divides traffic unevenly over its own ways, ours follow. */
const weightOf = ({ weight }: NextHopRecord): Pick<NextHopRecord, 'weight'> =>
  weight === undefined || weight === 0 ? {} : { weight };
