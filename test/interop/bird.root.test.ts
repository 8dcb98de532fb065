import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { address } from '../../src/net/address.ts';
import { connect, createNetns, type TestNetns } from '../support/netns.ts';
import { Bird, type BirdPeering, birdConfig, birdIsInstalled } from './bird.ts';
import { eventually } from './eventually.ts';
import { RemoteSpeaker } from './remote-speaker.ts';
import { established, OURS, peer, speakerConfig, THEIRS } from './speaker-config.ts';

const V4 = { bird: '192.0.2.2', ours: '192.0.2.1' };

/** What the matrix does not try, because it is not the same with every daemon. */
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

  const ibgp: BirdPeering = { birdAS: 64512, ourAS: 64512, ...V4 };

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
});
