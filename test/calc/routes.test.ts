import { expect, it } from 'vitest';
import type { LearnedRoute } from '../../src/bgp/status.ts';
import { computeCluster } from '../../src/calc/cluster.ts';
import { LearnedRoutes } from '../../src/calc/learned-routes.ts';
import { NextHopResolver } from '../../src/calc/next-hops.ts';
import { nodeRoutesOf, withNodeRoutes } from '../../src/calc/node-routes.ts';
import { RemoteRoutes } from '../../src/calc/remote-routes.ts';
import { computeRoutes, type RouteFacts, type RouteResult } from '../../src/calc/routes.ts';
import type { Self } from '../../src/calc/self.ts';
import { address } from '../../src/net/address.ts';
import { takenRoutes } from '../support/changes.ts';
import {
  attachment,
  byName,
  feed,
  kernelRoute,
  learned,
  link,
  linkMap,
  node,
  via,
} from '../support/records.ts';
import { selfOf } from '../support/self.ts';

const nodes = byName(
  node('node-a', ['10.233.90.0/24', 'fd00:90::/64'], ['192.168.34.10', 'fd00:34::10']),
  node('node-b', ['10.233.96.0/24', 'fd00:96::/64'], ['192.168.34.11', 'fd00:34::11']),
  node('node-c', ['10.233.102.0/24'], ['192.168.35.12']),
);
const localAddresses = new Set([address('192.168.34.10'), address('fd00:34::10')]);
const links = linkMap(link(1, 'lo'), link(2, 'eth0'), link(7, 'gryp0123456789a'));
const table = [
  kernelRoute('192.168.34.0/24', { link: 2 }),
  kernelRoute('fd00:34::/64', { link: 2 }),
  kernelRoute('0.0.0.0/0', via('192.168.34.1', 2)),
];

const remoteOf = (self: Self): RemoteRoutes =>
  new RemoteRoutes(self, new NextHopResolver(table, new Set(), localAddresses));

/** With BGP what was learned by it, or (undefined) without BGP what is behind the other nodes. */
function compute(
  {
    self = selfOf('node-a', nodes, localAddresses),
    others = nodes,
    ...more
  }: Partial<RouteFacts> & { readonly others?: typeof nodes },
  told: readonly LearnedRoute[] | undefined,
): RouteResult {
  const remote = remoteOf(self);
  const own = computeRoutes({ self, attachments: [], links, gateways: [], remote, ...more });
  if (told === undefined) {
    const all = withNodeRoutes(own, nodeRoutesOf('node-a')(computeCluster(others).nodes, remote));
    return { ...all, routes: new Map([...own.routes, ...all.routes]) };
  }
  const learnedRoutes = new LearnedRoutes(feed(...told));
  learnedRoutes.set(remote, own.routes);
  const changes = [...takenRoutes(learnedRoutes)].flatMap(({ prefix: p, route }) =>
    route === undefined ? [] : [[p, route] as const],
  );
  return {
    ...own,
    routes: new Map([...own.routes, ...changes]),
    unresolved: [...own.unresolved, ...learnedRoutes.unresolved],
  };
}

/** As `ip route` would print what we want, then what we cannot have. */
function golden(result: RouteResult): string {
  const lines = [...result.routes.values()].map((r) => {
    const ways = r.nextHops.map(
      (h) => `${h.gateway === undefined ? '' : ` via ${h.gateway}`} dev ${links.get(h.link ?? 0)?.name}`,
    );
    const source = r.source === undefined ? '' : ` src ${r.source}`;
    return `${r.nextHops.length === 0 ? 'blackhole ' : ''}${r.prefix}${ways.join(' +')}${source}  # ${r.origin}, ${r.from}`;
  });
  const missing = result.unresolved.map((u) => `! ${u.prefix}: ${u.reason}  # ${u.from}`);
  return [...lines, ...missing].join('\n');
}

it('blocks are blackholes, pods stand on their links, learned blocks go via whoever announced them', () => {
  const result = compute(
    {
      attachments: [
        attachment('c1', 'gryp0123456789a', ['10.233.90.7', 'fd00:90::7'], {
          pod: { namespace: 'default', name: 'web-0' },
        }),
        attachment('c2', 'gryp00000000000', ['10.233.90.8']),
        attachment('c3', 'gryp0123456789a', ['10.233.90.9'], { state: 'reserved' }),
        attachment('c4', 'gryp0123456789a', ['10.233.90.10'], { state: 'detaching' }),
      ],
    },
    [
      learned('10.233.96.0/24', ['192.168.34.11'], 'mesh/node-b'),
      learned('fd00:96::/64', ['fd00:34::11'], 'mesh/node-b'),
      learned('10.233.102.0/24', ['192.168.35.12'], 'mesh/node-c'),
      learned('10.50.0.0/16', ['192.168.34.1', '192.168.34.2'], 'peer/tor-a', 'peer/tor-b'),
      learned('fd00:102::/64', ['fd00:35::12'], 'mesh/node-c'),
      learned('10.60.0.0/16', ['192.168.34.10'], 'peer/tor-a'),
      learned('10.70.0.0/16', ['fd00:34::11'], 'peer/tor-a'),
      learned('10.233.90.128/25', ['192.168.34.11'], 'mesh/node-b'),
      learned('10.233.90.0/24', ['192.168.34.11'], 'mesh/node-b'),
      learned('0.0.0.0/0', ['192.168.34.1'], 'peer/tor-a'),
      learned('fd00::/16', ['fd00:34::11'], 'peer/tor-a'),
    ],
  );
  expect(golden(result)).toBe(
    `
blackhole 10.233.90.0/24  # block, podCIDR
blackhole fd00:90::/64  # block, podCIDR
10.233.90.7/32 dev gryp0123456789a  # pod, pod default/web-0
fd00:90::7/128 dev gryp0123456789a  # pod, pod default/web-0
10.233.96.0/24 via 192.168.34.11 dev eth0 src 192.168.34.10  # remote, bgp mesh/node-b
fd00:96::/64 via fd00:34::11 dev eth0 src fd00:34::10  # remote, bgp mesh/node-b
10.233.102.0/24 via 192.168.34.1 dev eth0 src 192.168.34.10  # remote, bgp mesh/node-c
10.50.0.0/16 via 192.168.34.1 dev eth0 + via 192.168.34.2 dev eth0 src 192.168.34.10  # remote, bgp peer/tor-a, peer/tor-b
0.0.0.0/0 via 192.168.34.1 dev eth0 src 192.168.34.10  # remote, bgp peer/tor-a
fd00::/16 via fd00:34::11 dev eth0 src fd00:34::10  # remote, bgp peer/tor-a
! 10.233.90.8/32: its link gryp00000000000 does not exist  # container c2
! 10.233.90.9/32: the pod is being attached  # container c3
! 10.233.90.10/32: the pod is being detached  # container c4
! fd00:102::/64: next hop fd00:35::12: the kernel has no route to it  # bgp mesh/node-c
! 10.60.0.0/16: next hop 192.168.34.10 is an address of this node  # bgp peer/tor-a
! 10.70.0.0/16: next hop fd00:34::11 is of the other family  # bgp peer/tor-a
! 10.233.90.128/25: it lies inside a podCIDR of this node  # bgp mesh/node-b
! 10.233.90.0/24: it is the route of podCIDR  # bgp mesh/node-b`.trim(),
  );
  expect([...result.hold]).toEqual(['10.233.90.8/32', '10.233.90.9/32', '10.233.90.10/32']);
});

it('without BGP the Node objects of the same subnet give the routes', () => {
  expect(golden(compute({}, undefined))).toBe(
    `
blackhole 10.233.90.0/24  # block, podCIDR
blackhole fd00:90::/64  # block, podCIDR
10.233.96.0/24 via 192.168.34.11 dev eth0 src 192.168.34.10  # remote, node node-b
fd00:96::/64 via fd00:34::11 dev eth0 src fd00:34::10  # remote, node node-b
! 10.233.102.0/24: 192.168.35.12 is behind a router; that takes BGP or an overlay  # node node-c`.trim(),
  );
});

it('says which Node address is missing, unreachable or ours', () => {
  const odd = byName(
    node('node-a', [], ['192.168.34.10']),
    node('node-b', ['fd00:96::/64'], ['192.168.34.11']),
    node('node-c', ['10.233.102.0/24'], ['fd00:34::12']),
    node('node-d', ['fd00:d::/64'], ['fd00:99::1']),
    node('node-e', ['10.233.1.0/24'], ['192.168.34.10']),
  );
  const result = compute(
    {
      self: selfOf('node-a', odd, localAddresses),
      others: byName(...[...odd.values()].filter((n) => n.name !== 'node-a')),
    },
    undefined,
  );
  expect(golden(result)).toBe(
    `
! fd00:96::/64: Node node-b has no IPv6 address  # node node-b
! 10.233.102.0/24: Node node-c has no IPv4 address  # node node-c
! fd00:d::/64: fd00:99::1: the kernel has no route to it  # node node-d
! 10.233.1.0/24: 192.168.34.10 is an address of this node  # node node-e`.trim(),
  );
});

it('a block of one address has no blackhole, and ways that meet are one', () => {
  const single = byName(node('node-a', ['10.0.0.1/32'], ['10.9.9.9']));
  const result = compute({ self: selfOf('node-a', single, localAddresses) }, [
    learned('10.5.0.0/24', ['192.168.35.1', '192.168.35.2'], 'peer/x', 'peer/y'),
  ]);
  // 10.9.9.9 is on no link here: no source then, the kernel would refuse it.
  expect(golden(result)).toBe('10.5.0.0/24 via 192.168.34.1 dev eth0  # remote, bgp peer/x, peer/y');
});
