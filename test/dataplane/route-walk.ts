import { type DesiredRoute, keepNothing, type RouteIntent } from '../../src/dataplane/route-intent.ts';
import { toForm } from '../../src/dataplane/route-record.ts';
import { address } from '../../src/net/address.ts';
import { type Prefix, prefix, prefixFamily } from '../../src/net/prefix.ts';
import { describeRoute, type LinkNames } from '../../src/netlink/wire/describe.ts';
import type { NextHopRecord } from '../../src/netlink/wire/records.ts';

/** Index of the uplink, which has 192.0.2.1/24 and 2001:db8::1/64, and of a pod's link. */
export interface WalkLinks {
  readonly uplink: number;
  readonly pod: number;
}

const v4 = ['10.244.0.0/24', '10.244.0.5/32', '10.244.1.0/24', '10.244.2.0/25', '203.0.113.0/24'].map(prefix);
const v6 = ['fd00:1::/64', 'fd00:1::5/128', 'fd00:2::/64', 'fd00:3::/96', '2001:db8:f::/48'].map(prefix);
export const walkPrefixes: readonly Prefix[] = [...v4, ...v6];

/** Every shape a route of ours may have, in both families. */
function shapes(p: Prefix, { uplink, pod }: WalkLinks): readonly Omit<DesiredRoute, 'prefix'>[] {
  const gateway = (n: number): NextHopRecord['gateway'] & string =>
    address(prefixFamily(p) === 4 ? `192.0.2.${n}` : `2001:db8::${n}`);
  const far = address(prefixFamily(p) === 4 ? '198.51.100.9' : '2001:db8:9::9');
  const source = address(prefixFamily(p) === 4 ? '192.0.2.1' : '2001:db8::1');
  return [
    { origin: 'block', nextHops: [] },
    { origin: 'pod', nextHops: [{ link: pod }] },
    { origin: 'remote', nextHops: [{ gateway: gateway(7), link: uplink }] },
    { origin: 'remote', nextHops: [{ gateway: gateway(8), link: uplink }], source },
    { origin: 'remote', nextHops: [{ gateway: far, link: uplink, onlink: true }] },
    {
      origin: 'remote',
      nextHops: [
        { gateway: gateway(7), link: uplink },
        { gateway: gateway(8), link: uplink },
      ],
    },
    {
      origin: 'remote',
      nextHops: [
        { gateway: gateway(8), link: uplink, weight: 2 },
        { gateway: gateway(9), link: uplink },
        { gateway: gateway(7), link: uplink },
      ],
    },
  ];
}

/** A random desired state: each prefix absent or in one of its shapes. `random` gives [0, 1). */
export function randomIntent(random: () => number, links: WalkLinks): RouteIntent {
  const routes = new Map<Prefix, DesiredRoute>();
  for (const p of walkPrefixes) {
    const choices = shapes(p, links);
    const shape = choices[Math.floor(random() * (choices.length + 2))];
    if (shape !== undefined) routes.set(p, { prefix: p, ...shape });
  }
  return { routes, hold: new Set(), keep: keepNothing };
}

/** The routes of an intent as `ip -o route` prints them, sorted; the order of the ways means nothing. */
export function intentText(intent: RouteIntent, names: LinkNames): string {
  return [...intent.routes.values()]
    .map((route) =>
      sortWays(
        describeRoute({ prefix: route.prefix, ...toForm(route, prefixFamily(route.prefix), 71) }, names),
      ),
    )
    .sort()
    .join('\n');
}

/** `… nexthop b nexthop a` with the ways in order. */
export function sortWays(line: string): string {
  const [head = '', ...ways] = line.split(' nexthop ');
  return [head, ...ways.sort()].join(' nexthop ');
}
