import { prefixLength } from '../net/prefix.ts';
import type { LinkAddressRecord, LinkRecord, RouteRecord } from '../netlink/wire/records.ts';
import { addressList } from './node-addresses.ts';
import { type Self } from './self.ts';

/**
 * Names of the links by which this node reaches the world, sorted: those that hold its own addresses and those of default routes. Not
 * the bridges and cables of other container networks: whoever is on those has no say in how the node routes.
 */
export function computeUplinks(
  self: Self,
  links: ReadonlyMap<number, LinkRecord>,
  addresses: Iterable<LinkAddressRecord>,
  foreignRoutes: Iterable<RouteRecord>,
): readonly string[] {
  const own = new Set(addressList(self.addresses));
  const found = new Set<number>();
  for (const { address, link } of addresses) if (own.has(address)) found.add(link);
  for (const { prefix, nextHops } of foreignRoutes) {
    if (prefixLength(prefix) > 0) continue;
    for (const { link } of nextHops) if (link !== undefined) found.add(link);
  }
  const names = [...found].flatMap((index) => {
    const link = links.get(index);
    return link === undefined || link.loopback ? [] : [link.name];
  });
  return names.sort();
}

/** Links that are set down, as one text: equal texts, equal links. Pods' links do not count, no next hop is reached over them. */
export function downLinks(
  links: ReadonlyMap<number, LinkRecord>,
  isPodLink: (name: string) => boolean,
): string {
  const down = [...links.values()].filter((link) => !link.up && !isPodLink(link.name));
  return down
    .map((link) => link.index)
    .sort((a, b) => a - b)
    .join(' ');
}
