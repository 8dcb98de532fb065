import { expect } from 'vitest';
import { EXTERNAL, INTERNAL, OURS, type Scene, THEIRS, via } from '../scene.ts';
import { type Feature, ourNextHop, receives } from './feature.ts';

/** Both families both ways: announced, changed, withdrawn; the session stays. */
async function exchangesRoutes(scene: Scene): Promise<void> {
  const { ourAS, theirAS } = scene.peering;
  const internal = ourAS === theirAS;
  const daemon = await scene.daemon();
  const speaker = scene.speaker();
  await speaker.routes(via(THEIRS, 'them'));
  expect(await speaker.established()).toMatchObject({
    remoteRouterID: '192.0.2.2',
    holdTime: 9,
    keepaliveTime: 3,
    capabilities: expect.arrayContaining(['ipv4-unicast', 'ipv6-unicast', 'four-octet-as', 'route-refresh']),
    prefixes: {
      'ipv4-unicast': { accepted: 2, advertised: 1 },
      'ipv6-unicast': { accepted: 1, advertised: 1 },
    },
  });
  for (const route of await receives(scene, daemon, OURS)) {
    expect(route).toMatchObject({
      nextHop: ourNextHop(route.prefix),
      asPath: internal ? '' : String(ourAS),
      ...(internal && { localPref: 100 }),
    });
  }

  const [kept, changed] = [{ prefix: '10.50.0.0/24' }, { prefix: '10.52.0.0/24' }];
  await daemon.announce([kept, changed]);
  await speaker.routes(via([kept, changed], 'them'));
  const others = [{ prefix: '10.244.9.0/24' }];
  speaker.set(scene.config({ originated: others }));
  await receives(scene, daemon, others);
  const after = await speaker.established();
  expect([after.flaps, after.lastDown]).toEqual([0, undefined]);
  expect((await speaker.until('no exceptions', () => true)).exceptions).toBe(0);
}

/** What is attached to a route arrives as it was sent. */
async function carriesAttributes(scene: Scene): Promise<void> {
  const theirs = {
    prefix: '10.50.0.0/24',
    med: 77,
    communities: ['65002:1', '65002:2'],
    largeCommunities: ['4200000002:3:4'],
  };
  const ours = {
    prefix: '10.244.1.0/24',
    communities: ['65001:7', '65001:8'],
    largeCommunities: ['4200000001:5:6'],
  };
  const daemon = await scene.daemon({ routes: [theirs] });
  const speaker = scene.speaker({ originated: [ours] });
  await speaker.routes(via([theirs], 'them'));
  const { rib } = await speaker.until('told', (p) => p.routes.length === 1);
  expect(rib.find(({ prefix }) => prefix === theirs.prefix)?.paths).toMatchObject([
    {
      asPath: [65002],
      origin: 'igp',
      med: 77,
      communities: ['65002:1', '65002:2', '4200000002:3:4'],
    },
  ]);
  const [route] = await receives(scene, daemon, [ours]);
  expect(route?.communities).toEqual(['4200000001:5:6', '65001:7', '65001:8']);
}

/** Routes in both families, and what they carry. */
export const ROUTES: readonly Feature[] = [
  {
    name: 'IPv4 and IPv6 routes, internal over IPv4',
    peering: INTERNAL,
    cell: exchangesRoutes,
  },
  {
    name: 'IPv4 and IPv6 routes, internal over IPv6',
    peering: { ...INTERNAL, over: 'ipv6' },
    cell: exchangesRoutes,
  },
  {
    name: 'IPv4 and IPv6 routes, external over IPv4',
    peering: EXTERNAL,
    cell: exchangesRoutes,
  },
  {
    name: 'IPv4 and IPv6 routes, external over IPv6, AS numbers of four octets',
    peering: { ourAS: 4_200_000_001, theirAS: 4_200_000_002, over: 'ipv6' },
    cell: exchangesRoutes,
  },
  {
    name: 'communities, large communities, MED',
    peering: EXTERNAL,
    cell: carriesAttributes,
  },
];
