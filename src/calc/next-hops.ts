import type { Address } from '../net/address.ts';
import { PrefixTrie } from '../net/prefix-trie.ts';
import type { NextHopRecord, RouteRecord } from '../netlink/wire/records.ts';

/** Where packets for an address leave this node. */
export type Resolution =
  | {
      readonly kind: 'resolved';
      readonly nextHops: readonly NextHopRecord[] /** No router in between. */;
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
  readonly #routes = new PrefixTrie<RouteRecord>();
  readonly #local: ReadonlySet<Address>;
  readonly #down: ReadonlySet<number>;

  constructor(
    foreignRoutes: Iterable<RouteRecord>,
    downLinks: ReadonlySet<number>,
    localAddresses: ReadonlySet<Address>,
  ) {
    this.#local = localAddresses;
    this.#down = downLinks;
    for (const route of foreignRoutes) {
      const known = this.#routes.get(route.prefix);
      // Of several routes to one prefix the kernel uses the lowest metric whose way is alive.
      if (known === undefined || this.#better(route, known)) this.#routes.set(route.prefix, route);
    }
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

  /** The ways to an address, each with gateway and link; or the reason why there is none. */
  #follow(address: Address, depth: number): readonly NextHopRecord[] | string {
    if (depth > MAX_DEPTH) return `more than ${MAX_DEPTH} routes lead from one to the next`;
    const match = this.#routes.match(address);
    if (match === undefined) return 'the kernel has no route to it';
    const { prefix, value: route } = match;
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
