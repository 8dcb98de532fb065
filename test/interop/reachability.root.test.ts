import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { address } from '../../src/net/address.ts';
import { connect, createNetns, type TestNetns } from '../support/netns.ts';
import { Bird, type BirdPeering, birdConfig, birdIsInstalled } from './bird.ts';
import { RemoteSpeaker } from './remote-speaker.ts';
import { established, peer, speakerConfig, THEIRS } from './speaker-config.ts';

const ibgp: BirdPeering = { birdAS: 64512, ourAS: 64512, bird: '192.0.2.2', ours: '192.0.2.1' };
const HOLD = { holdTime: 3, keepaliveTime: 1 };

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

describe('a peer that cannot be reached says why', () => {
  test.each([
    ['192.0.2.2', 'connection refused'],
    ['192.0.2.9', 'no route to host'],
    ['198.51.100.9', 'network is unreachable'],
    ['203.0.113.9', 'no answer within 5 s'],
  ])('%s: %s', async (target, reason) => {
    // A neighbour that is on the wire for ARP only: what is sent there is lost without a word.
    await us.ip('neighbour replace 192.0.2.200 lladdr 02:00:00:00:02:00 dev eth0');
    await us.ip('route replace 203.0.113.0/24 via 192.0.2.200');
    using speaker = new RemoteSpeaker(us);
    speaker.set(speakerConfig(ibgp, { address: address(target) }));
    await speaker.until(reason, (p) => p.peers[0]?.lastError === reason);
  });
});

describe.skipIf(!birdIsInstalled)('our own address', () => {
  test('removed and back: the session ends by its hold timer, the reason is told, and it returns', async () => {
    using _bird = new Bird(tor, birdConfig(ibgp));
    using speaker = new RemoteSpeaker(us);
    speaker.set(speakerConfig(ibgp, HOLD));
    await speaker.routes(THEIRS);
    await us.ip('address del 192.0.2.1/24 dev eth0');
    try {
      await speaker.routes([]);
      const gone = 'the local address is not on this node';
      const picture = await speaker.until('told', (p) => p.peers[0]?.lastError === gone);
      expect(peer(picture).lastDown?.reason).toBe('hold timer expired: nothing heard for 3 s');
    } finally {
      await us.ip('address add 192.0.2.1/24 dev eth0');
    }
    await speaker.routes(THEIRS);
  });

  test('not there yet when we start: a problem with a remedy, until it is there and the peer can dial', async () => {
    await us.ip('address del 192.0.2.1/24 dev eth0');
    using _bird = new Bird(tor, birdConfig(ibgp));
    using speaker = new RemoteSpeaker(us);
    try {
      speaker.set(speakerConfig(ibgp, { passive: true }));
      const { problems } = await speaker.until('told', (p) => p.problems.length > 0);
      expect(problems).toMatchObject([
        { code: 'GRY_BGP_LISTEN', remedy: expect.stringContaining('add 192.0.2.1 to an interface') },
      ]);
    } finally {
      await us.ip('address add 192.0.2.1/24 dev eth0');
    }
    await speaker.routes(THEIRS);
    await speaker.until('no problem is left', (p) => established(p) && p.problems.length === 0);
  });
});
