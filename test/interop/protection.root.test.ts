import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PeerConfig, SpeakerConfig } from '../../src/bgp/config.ts';
import { address } from '../../src/net/address.ts';
import { prefix } from '../../src/net/prefix.ts';
import { connect, createNetns, type TestNetns } from '../support/netns.ts';
import { Bird, type BirdPeering, birdConfig, birdIsInstalled } from './bird.ts';
import { eventually } from './eventually.ts';
import { RemoteSpeaker } from './remote-speaker.ts';
import { established, OURS, peer, speakerConfig, THEIRS } from './speaker-config.ts';

const V4: BirdPeering = { birdAS: 64512, ourAS: 64512, bird: '192.0.2.2', ours: '192.0.2.1' };
const V6: BirdPeering = { ...V4, bird: '2001:db8::2', ours: '2001:db8::1' };
const SILENT = 'no answer within 5 s; a wrong or missing password looks the same';

/** Ours and a neighbour's; behind the neighbour, across a router, one more. */
let us: TestNetns;
let tor: TestNetns;
let far: TestNetns;

beforeAll(async () => {
  [us, tor, far] = await Promise.all([createNetns(), createNetns(), createNetns()]);
  await connect(
    { netns: us, name: 'eth0', addresses: ['192.0.2.1/24', '2001:db8::1/64'] },
    { netns: tor, name: 'eth0', addresses: ['192.0.2.2/24', '2001:db8::2/64'] },
  );
  await connect(
    { netns: tor, name: 'eth1', addresses: ['198.51.100.2/24', '2001:db8:2::2/64'] },
    { netns: far, name: 'eth0', addresses: ['198.51.100.3/24', '2001:db8:2::3/64'] },
  );
  await tor.exec('sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1');
  for (const line of ['198.51.100.0/24 via 192.0.2.2', '2001:db8:2::/64 via 2001:db8::2'])
    await us.ip(`route add ${line}`);
  for (const line of ['192.0.2.0/24 via 198.51.100.2', '2001:db8::/64 via 2001:db8:2::2'])
    await far.ip(`route add ${line}`);
});
afterAll(() => {
  for (const netns of [us, tor, far]) netns?.remove();
});

const lastError =
  (reason: string) =>
  ({ peers }: { readonly peers: readonly { readonly lastError?: string }[] }): boolean =>
    peers[0]?.lastError === reason;

/** How many segments the kernel has dropped for a reason. */
const drops = (netns: TestNetns, name: string): number => {
  const lines = netns.run(() => readFileSync('/proc/thread-self/net/netstat', 'utf8')).split('\n');
  const [names = [], values = []] = lines.filter((l) => l.startsWith('TcpExt:')).map((l) => l.split(' '));
  return Number(values[names.indexOf(name)]);
};

describe.skipIf(!birdIsInstalled)('BIRD 2 with a password', () => {
  const bird = (peering: BirdPeering, ...options: readonly string[]): string =>
    birdConfig({ ...peering, options: options.join(' ') });
  const PASSWORD = 'password "secret";';

  test.each([
    ['over IPv4, whoever dials', V4, '', {}],
    ['over IPv6, whoever dials', V6, '', {}],
    ['over IPv4, BIRD dials', V4, '', { passive: true }],
    ['over IPv6, BIRD dials', V6, '', { passive: true }],
    ['over IPv4, we dial', V4, 'passive on;', {}],
    ['over IPv6, we dial', V6, 'passive on;', {}],
  ] as const)('the same: %s', async (_, peering, options, overrides) => {
    using router = new Bird(tor, bird(peering, PASSWORD, options));
    using speaker = new RemoteSpeaker(us);
    speaker.set(speakerConfig(peering, { ...overrides, password: 'secret' }));
    await speaker.routes(THEIRS);
    await eventually('BIRD has our routes', async () => expect(await router.prefixes()).toEqual(OURS));
  });

  test.each([
    ['another', V4, 'password "geheim";', 'secret', 'TCPMD5Failure', SILENT],
    ['none', V6, '', 'secret', 'TCPMD5Unexpected', SILENT],
    ['one that we lack', V4, PASSWORD, undefined, 'TCPMD5NotFound', 'no answer within 5 s'],
  ] as const)(
    '%s: no session, the reason as far as we can know, and one as soon as ours is right',
    async (_, peering, options, ours, counter, reason) => {
      using router = new Bird(tor, bird(peering, options, 'passive on;'));
      using speaker = new RemoteSpeaker(us);
      const before = drops(tor, counter);
      speaker.set(speakerConfig(peering, ours === undefined ? {} : { password: ours }));
      await speaker.until('told', lastError(reason));
      expect(drops(tor, counter)).toBeGreaterThan(before);
      const right = { 'password "geheim";': 'geheim', '': undefined, [PASSWORD]: 'secret' }[options];
      speaker.set(speakerConfig(peering, right === undefined ? {} : { password: right }));
      await speaker.routes(THEIRS);
      const { flaps, messages } = peer(await speaker.until('up', established));
      expect([flaps, messages.sent.notification]).toEqual([0, 0]);
      await eventually('BIRD has our routes', async () => expect(await router.prefixes()).toEqual(OURS));
    },
  );

  test('changed by both, BIRD first, which ends its session for that: it returns with the new one', async () => {
    using router = new Bird(tor, bird(V4, PASSWORD));
    using speaker = new RemoteSpeaker(us);
    speaker.set(speakerConfig(V4, { password: 'secret' }));
    await speaker.routes(THEIRS);
    await router.configure(bird(V4, 'password "geheim";'));
    await speaker.routes([]);
    speaker.set(speakerConfig(V4, { password: 'geheim' }));
    await speaker.routes(THEIRS);
    expect(peer(await speaker.until('up', established)).flaps).toBe(1);
  });

  test('changed by both, ours first: the session is the new one within the hold time', async () => {
    using router = new Bird(tor, bird(V4, PASSWORD));
    using speaker = new RemoteSpeaker(us);
    speaker.set(speakerConfig(V4, { password: 'secret' }));
    await speaker.routes(THEIRS);
    speaker.set(speakerConfig(V4, { password: 'geheim' }));
    await router.configure(birdConfig({ ...V4, options: 'password "geheim";' }, ['10.52.0.0/24'], []));
    await speaker.routes(['10.52.0.0/24 via 192.0.2.2']);
    await speaker.until('up', established);
  });
});

describe.skipIf(!birdIsInstalled)('BIRD 2 with TTL security', () => {
  const across: BirdPeering = { birdAS: 65002, ourAS: 65001, bird: '198.51.100.3', ours: '192.0.2.1' };

  test.each([
    ['IPv4', V4],
    ['IPv6', V6],
  ])('on both sides, as neighbours over %s', async (_, peering) => {
    using _bird = new Bird(tor, birdConfig({ ...peering, options: 'direct; ttl security on;' }));
    using speaker = new RemoteSpeaker(us);
    speaker.set(speakerConfig(peering, { ttlSecurity: 1 }));
    await speaker.routes(THEIRS);
  });

  test('of BIRD alone is satisfied too', async () => {
    using _bird = new Bird(tor, birdConfig({ ...V4, options: 'direct; ttl security on;' }));
    using speaker = new RemoteSpeaker(us);
    speaker.set(speakerConfig(V4));
    await speaker.routes(THEIRS);
  });

  test.each([
    ['IPv4', across],
    ['IPv6', { ...across, bird: '2001:db8:2::3', ours: '2001:db8::1' }],
  ])('across a router over %s: of 1 hop there is no session, of 2 hops there is', async (_, peering) => {
    using router = new Bird(far, birdConfig({ ...peering, options: 'multihop 2; ttl security on;' }));
    using speaker = new RemoteSpeaker(us);
    speaker.set(speakerConfig(peering, { ttlSecurity: 1 }));
    const before = drops(us, 'TCPMinTTLDrop');
    const refusal =
      "the peer's connection came with TTL 254, TTL security asks for at least 255; let the peer send with TTL 255, or allow as many hops as there are";
    await speaker.until('BIRD’s dial is refused', lastError(refusal));
    await router.configure(birdConfig({ ...peering, options: 'multihop 2; ttl security on; passive on;' }));
    await speaker.until(
      'ours is not answered',
      lastError('no answer within 5 s; a peer that is more than 1 hop away looks the same'),
    );
    expect(drops(us, 'TCPMinTTLDrop')).toBeGreaterThan(before);
    speaker.set(speakerConfig(peering, { ttlSecurity: 2 }));
    await speaker.until('up', established);
  });
});

describe('two of ours', () => {
  const side = (
    here: string,
    there: string,
    overrides: Partial<PeerConfig>,
    own: readonly string[],
  ): SpeakerConfig => {
    const config = speakerConfig({ birdAS: 64512, ourAS: 64512, bird: there, ours: here }, overrides, own);
    const routerID = here.endsWith('1') ? '192.0.2.1' : '192.0.2.2';
    return { ...config, routerID: address(routerID), nextHops: { ipv4: address(routerID) } };
  };
  const one = (p: BirdPeering, overrides: Partial<PeerConfig>): SpeakerConfig =>
    side(p.ours, p.bird, overrides, ['10.244.1.0/24']);
  const two = (p: BirdPeering, overrides: Partial<PeerConfig>, own = ['10.50.0.0/24']): SpeakerConfig =>
    side(
      p.bird,
      p.ours,
      { ...overrides, import: { kind: 'exactly', prefixes: [prefix('10.244.1.0/24')] } },
      own,
    );

  test.each([
    ['over IPv4', V4, {}, {}],
    ['over IPv6', V6, {}, {}],
    ['when one waits', V4, { passive: true }, {}],
    ['when the other waits', V6, {}, { passive: true }],
  ])('change their password within the hold time, and nothing flaps: %s', async (_, peering, mine, yours) => {
    using here = new RemoteSpeaker(us);
    using there = new RemoteSpeaker(tor);
    here.set(one(peering, { ...mine, password: 'secret' }));
    there.set(two(peering, { ...yours, password: 'secret' }));
    await here.routes(['10.50.0.0/24 via 192.0.2.2']);
    await there.routes(['10.244.1.0/24 via 192.0.2.1']);
    // Both have dialled, so a collision may have ended with a NOTIFICATION.
    const up = await Promise.all([here, there].map((speaker) => speaker.until('up', established)));
    const establishedAt = up.map((picture) => peer(picture).establishedAt);
    const before = drops(us, 'TCPMD5Failure');
    there.set(two(peering, { ...yours, password: 'geheim' }, ['10.51.0.0/24']));
    await eventually('its segments are dropped', () =>
      expect(drops(us, 'TCPMD5Failure')).toBeGreaterThan(before),
    );
    here.set(one(peering, { ...mine, password: 'geheim' }));
    await here.routes(['10.51.0.0/24 via 192.0.2.2']);
    for (const [i, speaker] of [here, there].entries()) {
      const picture = await speaker.until('up', established);
      expect(peer(picture)).toMatchObject({ flaps: 0, establishedAt: establishedAt[i] });
      expect(JSON.stringify(picture)).not.toMatch(/secret|geheim/);
      expect(picture.exceptions).toBe(0);
    }
  });

  test('ask for a password from one moment on: the session goes on, a new one must have it', async () => {
    using here = new RemoteSpeaker(us);
    using there = new RemoteSpeaker(tor);
    here.set(one(V4, {}));
    there.set(two(V4, {}));
    await here.routes(['10.50.0.0/24 via 192.0.2.2']);
    for (const [speaker, config] of [
      [here, one],
      [there, two],
    ] as const)
      speaker.set(config(V4, { password: 'secret' }));
    there.set(two(V4, { password: 'secret' }, ['10.51.0.0/24']));
    await here.routes(['10.51.0.0/24 via 192.0.2.2']);
    expect(peer(await here.until('up', established)).flaps).toBe(0);
    there.kill();
    const before = drops(us, 'TCPMD5NotFound');
    using stranger = new RemoteSpeaker(tor);
    stranger.set(two(V4, {}));
    await stranger.until('told', lastError('no answer within 5 s'));
    expect(drops(us, 'TCPMD5NotFound')).toBeGreaterThan(before);
  });
});
