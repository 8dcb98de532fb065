import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { address } from '../../src/net/address.ts';
import { connect, createNetns, type TestNetns } from '../support/netns.ts';
import { Bird, type BirdPeering, birdConfig, birdIsInstalled } from './bird.ts';
import { eventually } from './eventually.ts';
import { RemoteSpeaker } from './remote-speaker.ts';
import { established, OURS, peer, speakerConfig, THEIRS } from './speaker-config.ts';

const V4 = { bird: '192.0.2.2', ours: '192.0.2.1' };
const V6 = { bird: '2001:db8::2', ours: '2001:db8::1' };
describe.skipIf(!birdIsInstalled)('BIRD 2', () => {
  let us: TestNetns;
  let tor: TestNetns;

  beforeAll(async () => {
    us = await createNetns();
    tor = await createNetns();
    await connect(
      { netns: us, name: 'eth0', addresses: ['192.0.2.1/24', '2001:db8::1/64'] },
      { netns: tor, name: 'eth0', addresses: ['192.0.2.2/24', '2001:db8::2/64'] },
    );
  });
  afterAll(() => {
    us?.remove();
    tor?.remove();
  });

  const matrix: readonly (readonly [string, BirdPeering, string, string | undefined])[] = [
    ['internal over IPv4', { birdAS: 64512, ourAS: 64512, ...V4 }, '', '100'],
    ['internal over IPv6', { birdAS: 64512, ourAS: 64512, ...V6 }, '', '100'],
    ['external over IPv4', { birdAS: 65002, ourAS: 65001, ...V4 }, '65001', undefined],
    [
      'external over IPv6, AS numbers of four octets',
      { birdAS: 4_200_000_002, ourAS: 4_200_000_001, ...V6 },
      '4200000001',
      undefined,
    ],
  ];
  test.each(matrix)(
    '%s: both families both ways, announced, changed, withdrawn',
    async (_, peering, asPath, localPref) => {
      using bird = new Bird(tor, birdConfig(peering));
      using speaker = new RemoteSpeaker(us);
      speaker.set(speakerConfig(peering));
      await speaker.routes(THEIRS);
      const picture = await speaker.until('converged', (p) => p.converged && peer(p).endOfRib);
      expect(peer(picture)).toMatchObject({
        remoteRouterID: '192.0.2.2',
        holdTime: 9,
        keepaliveTime: 3,
        capabilities: expect.arrayContaining([
          'ipv4-unicast',
          'ipv6-unicast',
          'four-octet-as',
          'route-refresh',
        ]),
        prefixes: {
          'ipv4-unicast': { received: 2, accepted: 2, advertised: 1 },
          'ipv6-unicast': { received: 1, accepted: 1, advertised: 1 },
        },
      });

      await eventually('BIRD has our routes', async () => expect(await bird.prefixes()).toEqual(OURS));
      for (const [cidr, nextHop] of [
        [OURS[0], '192.0.2.1'],
        [OURS[1], '2001:db8::1'],
      ] as const) {
        const route = await bird.route(cidr ?? '');
        expect([route['BGP.origin'], route['BGP.as_path'], route['BGP.local_pref']]).toEqual([
          'IGP',
          asPath,
          localPref ?? '100',
        ]);
        // BIRD shows the link-local next hop beside a global one.
        expect(route['BGP.next_hop']?.split(' ')[0]).toBe(nextHop);
      }

      await bird.configure(birdConfig(peering, ['10.50.0.0/24', '10.52.0.0/24'], []));
      await speaker.routes(['10.50.0.0/24 via 192.0.2.2', '10.52.0.0/24 via 192.0.2.2']);
      speaker.set(speakerConfig(peering, {}, ['10.244.9.0/24']));
      await eventually('BIRD has our new route only', async () =>
        expect(await bird.prefixes()).toEqual(['10.244.9.0/24']),
      );
      const after = await speaker.until('still established', established);
      expect([peer(after).flaps, peer(after).lastDown, after.exceptions]).toEqual([0, undefined, 0]);
    },
  );

  const ibgp: BirdPeering = { birdAS: 64512, ourAS: 64512, ...V4 };

  test.each([
    ['only BIRD dials', { passive: true }, ''],
    ['only we dial', {}, 'passive on;'],
  ] as const)('%s', async (_, overrides, options) => {
    using bird = new Bird(tor, birdConfig({ ...ibgp, options }));
    using speaker = new RemoteSpeaker(us);
    speaker.set(speakerConfig(ibgp, overrides));
    await speaker.routes(THEIRS);
    await eventually('BIRD has our routes', async () => expect(await bird.prefixes()).toEqual(OURS));
  });

  test.each([
    ['ours survives', '192.0.2.3'],
    ['its own survives', '192.0.2.1'],
  ])('dials while our connection waits for it: %s, and nothing flaps', async (_, routerID) => {
    using bird = new Bird(tor, birdConfig(ibgp));
    await eventually('BIRD is up', () => bird.ask('show status'));
    bird.pause();
    using speaker = new RemoteSpeaker(us);
    speaker.set({ ...speakerConfig(ibgp), routerID: address(routerID) });
    await speaker.until('our OPEN waits', (p) => p.peers[0]?.state === 'opensent');
    // BIRD's connect timer runs out in its sleep: it dials and finds our connection in the same turn.
    await new Promise((resolve) => {
      setTimeout(resolve, 1200);
    });
    bird.resume();
    await speaker.routes(THEIRS);
    await eventually('BIRD has our routes', async () => expect(await bird.prefixes()).toEqual(OURS));
    const { flaps, lastDown, messages } = peer(await speaker.until('established', established));
    expect([flaps, lastDown, messages.sent.open]).toEqual([0, undefined, 2]);
  });

  test('stopped by its operator: its reason is told and its routes go; it comes back', async () => {
    using bird = new Bird(tor, birdConfig(ibgp));
    using speaker = new RemoteSpeaker(us);
    speaker.set(speakerConfig(ibgp));
    await speaker.routes(THEIRS);
    await bird.ask('disable gryphon');
    await speaker.routes([]);
    const { lastDown } = peer(await speaker.until('down', (p) => !established(p)));
    expect(lastDown).toMatchObject({
      reason: 'peer sent Cease/Administrative Shutdown',
      notification: { direction: 'received', code: 6, subcode: 2 },
    });
    await bird.ask('enable gryphon');
    await speaker.routes(THEIRS);
  });

  test('killed: its routes go at once', async () => {
    using bird = new Bird(tor, birdConfig(ibgp));
    using speaker = new RemoteSpeaker(us);
    speaker.set(speakerConfig(ibgp));
    await speaker.routes(THEIRS);
    bird.kill();
    await speaker.routes([]);
    const refused = await speaker.until('refused', (p) => peer(p).lastError === 'connection refused');
    expect(peer(refused).lastDown?.reason).toMatch(/^connection (closed|reset) by the peer$/);
  });

  test('behind a link that drops everything: the hold timer runs out; the link back, so are the routes', async () => {
    using _bird = new Bird(tor, birdConfig(ibgp));
    using speaker = new RemoteSpeaker(us);
    speaker.set(speakerConfig(ibgp, { holdTime: 3, keepaliveTime: 1 }));
    await speaker.routes(THEIRS);
    await tor.ip('link set eth0 down');
    try {
      await speaker.routes([]);
      const { lastDown } = peer(await speaker.until('down', (p) => !established(p)));
      expect(lastDown).toMatchObject({
        reason: 'hold timer expired: nothing heard for 3 s',
        notification: { direction: 'sent', code: 4, subcode: 0 },
      });
    } finally {
      await tor.ip('link set eth0 up');
      await tor.ip('address replace 2001:db8::2/64 dev eth0 nodad');
    }
    await speaker.routes(THEIRS);
  });

  test('sees our stop as a shutdown only when it is told', async () => {
    using bird = new Bird(tor, birdConfig(ibgp));
    using loud = new RemoteSpeaker(us);
    loud.set(speakerConfig(ibgp));
    await loud.routes(THEIRS);
    loud.stop({ mode: 'shutdown' });
    await eventually('BIRD was notified', async () =>
      expect(await bird.ask('show protocols all gryphon')).toMatch(/Received: Administrative shutdown/),
    );
    using silent = new RemoteSpeaker(us);
    silent.set(speakerConfig(ibgp));
    await silent.routes(THEIRS);
    silent.stop({ mode: 'restart' });
    await eventually('BIRD saw the connection end', async () =>
      expect(await bird.ask('show protocols all gryphon')).toMatch(/Socket: Connection closed/),
    );
  });

  test('of another AS than configured is refused with Bad Peer AS', async () => {
    using bird = new Bird(tor, birdConfig({ ...ibgp, birdAS: 65009 }));
    using speaker = new RemoteSpeaker(us);
    speaker.set(speakerConfig(ibgp));
    const picture = await speaker.until('refused', (p) => p.peers[0]?.lastDown !== undefined);
    expect(peer(picture).lastDown?.notification).toMatchObject({ code: 2, subcode: 2 });
    expect(picture.routes).toEqual([]);
    expect(await bird.prefixes()).toEqual([]);
  });

  test('comes up although we may not listen, and the problem says what is missing', async () => {
    using _bird = new Bird(tor, birdConfig(ibgp));
    using speaker = new RemoteSpeaker(us, {
      as: ['setpriv', '--bounding-set=-net_bind_service', '--inh-caps=-net_bind_service'],
    });
    speaker.set(speakerConfig(ibgp));
    await speaker.routes(THEIRS);
    const { problems } = await speaker.until('told', (p) => p.problems.length > 0);
    expect(problems).toMatchObject([
      {
        code: 'GRY_BGP_LISTEN',
        subject: 'BGP listener 192.0.2.1:179',
        message: expect.stringContaining('not permitted'),
        remedy: expect.stringContaining('NET_BIND_SERVICE'),
      },
    ]);
  });

  test('may ask for our routes again', async () => {
    using bird = new Bird(tor, birdConfig(ibgp));
    using speaker = new RemoteSpeaker(us);
    speaker.set(speakerConfig(ibgp));
    await speaker.routes(THEIRS);
    await eventually('BIRD has our routes', async () => expect(await bird.prefixes()).toEqual(OURS));
    await bird.ask('reload in gryphon');
    await eventually('BIRD took our routes again', async () => {
      const text = await bird.ask('show protocols all gryphon');
      const updates = [...text.matchAll(/Import updates:\s+(\d+)/g)].map(([, n]) => Number(n));
      expect(updates).toEqual([2, 2]);
    });
    expect(await bird.prefixes()).toEqual(OURS);
  });
});
