import { expect } from 'vitest';
import { eventually } from '../eventually.ts';
import { EXTERNAL, OURS, type Scene, THEIRS, via } from '../scene.ts';
import { capabilityKinds, type Feature, receives } from './feature.ts';

/** The daemon asks for our routes and gets them all again; nothing else happens. */
async function theyRefresh(scene: Scene): Promise<void> {
  const daemon = await scene.daemon();
  const speaker = scene.speaker();
  await speaker.routes(via(THEIRS, 'them'));
  await receives(scene, daemon, OURS);
  const before = await daemon.updates(scene.address('us'));
  await daemon.refresh(scene.address('us'));
  await eventually('our routes came again', async () =>
    expect(await daemon.updates(scene.address('us'))).toBeGreaterThanOrEqual(before + 2),
  );
  const { flaps } = await speaker.peer('asked', (p) => p.messages.received.routeRefresh >= 2);
  expect(flaps).toBe(0);
  await receives(scene, daemon, OURS);
}

/** Two thousand prefixes in a message that only RFC 8654 allows. */
async function extendedMessages(scene: Scene): Promise<void> {
  const many = Array.from({ length: 2000 }, (_, i) => ({
    prefix: `10.${100 + Math.floor(i / 256)}.${i % 256}.0/24`,
  }));
  const daemon = await scene.daemon();
  const speaker = scene.speaker({ originated: many });
  const { capabilities } = await speaker.established();
  expect(capabilities).toContain('extended-message');
  await eventually('all of them', async () =>
    expect((await daemon.received(scene.address('us'))).length).toBe(many.length),
  );
  // At 4,096 octets it would be three of them, and an End-of-RIB for each family.
  const { flaps, messages } = await speaker.peer('told', (p) => p.messages.sent.update >= 3);
  expect(flaps).toBe(0);
  expect(messages.sent.update).toBeLessThan(5);
}

/** An OLD speaker between two ASes of four octets: AS_TRANS on the wire, AS4_PATH beside it. RFC 6793 §4.2.3. */
async function twoOctetPeer(scene: Scene): Promise<void> {
  const theirs = THEIRS.slice(0, 1);
  const behind = [{ prefix: '10.60.0.0/24' }];
  const daemon = await scene.daemon({ to: ['us', 'third'], routes: theirs });
  scene.speaker({ at: 'third', originated: behind });
  const ours = OURS.slice(0, 1);
  const speaker = scene.speaker({ originated: ours });
  const { forwards } = scene.kind;
  const { rib } = await speaker.until('their routes', (p) => p.routes.length === (forwards ? 2 : 1));
  const pathTo = (prefix: string): readonly number[] | undefined =>
    rib.find((entry) => entry.prefix === prefix)?.paths[0]?.asPath;
  expect(pathTo('10.50.0.0/24')).toEqual([65002]);
  if (forwards) expect(pathTo('10.60.0.0/24')).toEqual([65002, 4_200_000_003]);
  expect((await speaker.established()).capabilities).not.toContain('four-octet-as');
  const [route] = await receives(scene, daemon, ours);
  expect(['23456', '4200000001']).toContain(route?.asPath);
}

/** IPv4 routes both ways with next hops of IPv6. */
async function extendedNextHop(scene: Scene): Promise<void> {
  const ours = OURS.slice(0, 1);
  const { ipv6 } = scene.config().nextHops;
  const daemon = await scene.daemon({
    routes: THEIRS.slice(0, 1),
    nextHops: { ipv4: '2001:db8::2', ipv6: '2001:db8::2' },
  });
  const speaker = scene.speaker({
    originated: ours,
    config: { nextHops: { ...(ipv6 !== undefined && { ipv6 }) } },
  });
  await speaker.routes(['10.50.0.0/24 via 2001:db8::2']);
  expect(capabilityKinds(await speaker.established())).toContain('extended-next-hop');
  const [route] = await receives(scene, daemon, ours);
  expect(route?.nextHop).toBe('2001:db8::1');
}

/** RFC 9234: customer of the daemon; then wrongly its provider. */
async function roles(scene: Scene): Promise<void> {
  await scene.daemon();
  const speaker = scene.speaker();
  await speaker.routes(via(THEIRS, 'them'));
  expect(capabilityKinds(await speaker.established())).toContain('role');
  speaker.set(scene.config({ peer: { role: 'provider' } }));
  const { lastDown } = await speaker.peer('refused', (p) => p.lastDown?.notification?.code === 2);
  expect(lastDown?.notification).toMatchObject({
    code: 2,
    subcode: 11,
    name: expect.stringMatching(/role/i),
  });
  await speaker.routes([]);
}

/** What is agreed on when a session begins, and works. */
export const CAPABILITIES: readonly Feature[] = [
  {
    name: 'route refresh: the daemon asks',
    cell: theyRefresh,
    cannot: { GoBGP: 'never sends one: `softresetin` goes through its own Adj-RIB-In' },
  },
  {
    name: 'enhanced route refresh: the daemon asks',
    options: { neighbor: { enhancedRefresh: true } },
    capability: 'enhanced-route-refresh',
    cell: theyRefresh,
    cannot: { GoBGP: 'does not announce the capability' },
  },
  {
    name: 'extended messages',
    options: { neighbor: { extendedMessages: true } },
    capability: 'extended-message',
    cell: extendedMessages,
    cannot: {
      GoBGP: 'does not announce the capability',
      OpenBGPD: 'does not announce the capability',
    },
  },
  {
    name: 'two-octet peer between ASes above 65535',
    peering: { ourAS: 4_200_000_001, theirAS: 65002, over: 'ipv4' },
    options: { neighbor: { twoOctetAS: true } },
    cell: twoOctetPeer,
    cannot: {
      FRR: 'without capabilities (`dont-capability-negotiate`) does not look at AS4_PATH: AS_TRANS stays in its paths',
      GoBGP: 'announces four-octet AS numbers always',
    },
  },
  {
    name: 'IPv4 routes with IPv6 next hops',
    peering: { ...EXTERNAL, over: 'ipv6' },
    options: { neighbor: { extendedNextHop: true } },
    capability: 'extended-next-hop',
    cell: extendedNextHop,
    cannot: { OpenBGPD: 'does not announce the capability' },
  },
  {
    name: 'roles: customer and provider; two providers are refused',
    peering: EXTERNAL,
    options: { neighbor: { role: 'provider' }, peer: { role: 'customer' } },
    capability: 'role',
    cell: roles,
    cannot: {
      GoBGP: 'does not announce the capability',
      ExaBGP: 'does not announce the capability',
    },
  },
];
