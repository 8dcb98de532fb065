import { describe, expect, test } from 'vitest';
import type { BgpFamily } from '../../../src/bgp/config.ts';
import { survivingDirection } from '../../../src/bgp/fsm/collision.ts';
import { peerState } from '../../../src/bgp/fsm/state.ts';
import type { OpenMessage } from '../../../src/bgp/wire/message.ts';
import { notification } from '../../../src/bgp/wire/notification.ts';
import { address } from '../../../src/net/address.ts';
import { peerOpen, Script } from './script.ts';

const low = address('9.255.255.255');
const high = address('10.0.0.1');

describe('the connection that survives', () => {
  test.each([
    ['our identifier is higher', { routerID: high, as: 1 }, { routerID: low, as: 2 }, 'outgoing'],
    ['their identifier is higher', { routerID: low, as: 2 }, { routerID: high, as: 1 }, 'incoming'],
    [
      'equal identifiers, our AS is higher',
      { routerID: low, as: 70_000 },
      { routerID: low, as: 9 },
      'outgoing',
    ],
    [
      'equal identifiers, their AS is higher',
      { routerID: low, as: 9 },
      { routerID: low, as: 70_000 },
      'incoming',
    ],
  ] as const)('%s', (_, local, remote, direction) => {
    expect(survivingDirection(local, remote)).toBe(direction);
  });

  test('is the same one seen from both ends', () => {
    const ends = [low, high].flatMap((routerID) => [1, 2].map((as) => ({ routerID, as })));
    for (const a of ends) {
      for (const b of ends) {
        if (a === b) continue;
        expect(survivingDirection(a, b)).not.toBe(survivingDirection(b, a));
      }
    }
  });
});

const CEASE = '6/7 Cease/Connection Collision Resolution';

/** Connections 1 (outgoing) and 2 (incoming), both in OpenSent. */
function both(overrides: Parameters<typeof Script.in>[1] = {}): Script {
  const script = Script.in('connect', overrides);
  script.connect(2, 'incoming');
  script.connect(1, 'outgoing');
  return script;
}

describe('two connections', () => {
  // The peer's identifier is 192.0.2.9; ours is above or below it.
  const winning = { routerID: address('192.0.2.10') };
  const losing = { routerID: address('192.0.2.5') };

  test('the first OPEN is answered at once on the one that would survive', () => {
    const script = both(winning);
    expect(script.message(1, peerOpen)).toEqual(['agreed 1', 'send 1 keepalive']);
    expect(script.state.connections.map((c) => c.phase)).toEqual(['opensent', 'openconfirm']);
  });

  test('the first OPEN is not answered yet on the one that would not: the peer cannot establish it', () => {
    const script = both(losing);
    expect(script.message(1, peerOpen)).toEqual(['agreed 1']);
    expect(script.message(1, { kind: 'keepalive' })).toEqual([]);
    expect(peerState(script.state)).toBe('opensent');
  });

  test('it is answered when the other is gone, and the KEEPALIVE that waited counts', () => {
    const script = both(losing);
    script.message(1, peerOpen);
    script.message(1, { kind: 'keepalive' });
    expect(script.input({ kind: 'closed', id: 2, reason: 'gone' })).toEqual([
      'attempt-failed: gone',
      'send 1 keepalive',
      'established 1',
    ]);
  });

  test('it is answered when nothing came on the other for a second', () => {
    const script = both(losing);
    script.message(1, peerOpen);
    expect(script.tick(0.9)).toEqual([]);
    expect(script.tick(0.1)).toEqual(['send 1 keepalive']);
    expect(script.message(1, { kind: 'keepalive' })).toEqual(['established 1']);
  });

  test('what waits for its answer may be told off but carries nothing', () => {
    const script = both(losing);
    script.message(1, peerOpen);
    expect(script.message(1, { kind: 'update', withdrawn: [], announced: [] })[0]).toMatch(/^send 1 5\/2 /);
    expect(script.state.connections.map((c) => c.id)).toEqual([2]);
  });

  test.each([
    ['ours wins, OPEN first on ours', winning, 1, 2, 1],
    ['ours wins, OPEN first on theirs', winning, 2, 1, 1],
    ['theirs wins, OPEN first on ours', losing, 1, 2, 2],
    ['theirs wins, OPEN first on theirs', losing, 2, 1, 2],
  ] as const)('%s', (_, config, first, second, winner) => {
    const script = both(config);
    const loser = 3 - winner;
    script.message(first, peerOpen);
    const close = [`send ${loser} ${CEASE}`, `close ${loser}`];
    expect(script.message(second, peerOpen)).toEqual(
      second === winner ? [...close, `agreed ${second}`, `send ${second} keepalive`] : close,
    );
    expect(script.message(winner, { kind: 'keepalive' })).toEqual([`established ${winner}`]);
    expect(script.state.connections).toHaveLength(1);
  });

  test.each([
    ['outgoing', 1, 2],
    ['incoming', 2, 1],
  ] as const)('an established %s one stays whatever the identifiers', (_, established, late) => {
    for (const config of [winning, losing]) {
      const script = both(config);
      script.message(established, peerOpen);
      script.message(established, { kind: 'keepalive' });
      script.tick(1);
      script.message(established, { kind: 'keepalive' });
      expect(script.message(late, peerOpen)).toEqual([`agreed ${late}`, `send ${established} keepalive`]);
      expect(script.tick(0.9)).toEqual([]);
      expect(script.tick(0.1)).toEqual([`send ${late} ${CEASE}`, `close ${late}`]);
      expect(peerState(script.state)).toBe('established');
    }
  });

  /** Connection 1 established, 2 with its OPEN and KEEPALIVE beside it. */
  function besideEstablished(): Script {
    const script = both(winning);
    script.message(1, peerOpen);
    script.message(1, { kind: 'keepalive' });
    script.message(2, peerOpen);
    script.message(2, { kind: 'keepalive' });
    return script;
  }

  test.each([
    ['is reset: the peer lost it and is back', { kind: 'closed', id: 1, reason: 'reset' }, ['down: reset']],
    [
      'is closed by the peer as the loser of the collision',
      { kind: 'message', id: 1, message: notification('connectionCollision'), at: 0 },
      ['close 1', 'down: peer sent Cease/Connection Collision Resolution'],
    ],
  ] as const)('the later one goes on at once when the established one %s', (_, input, outputs) => {
    const script = besideEstablished();
    expect(script.input(input)).toEqual([...outputs, 'send 2 keepalive', 'established 2']);
  });

  test('an incoming one beside an established incoming one waits for its OPEN and is then closed', () => {
    const script = Script.in('connect', losing);
    script.connect(2, 'incoming');
    expect(script.message(2, peerOpen)).toEqual(['agreed 2', 'send 2 keepalive', 'cancel-dial']);
    script.message(2, { kind: 'keepalive' });
    expect(script.connect(3, 'incoming')).toEqual(['send 3 open']);
    expect(script.connect(4, 'incoming')).toEqual([`send 3 ${CEASE}`, 'close 3', 'send 4 open']);
    expect(script.message(4, peerOpen)).toEqual(['agreed 4', 'send 2 keepalive']);
    expect(script.tick(1)).toEqual([`send 4 ${CEASE}`, 'close 4']);
  });

  test('the other goes on when one is lost', () => {
    const script = both();
    script.message(1, peerOpen);
    expect(script.input({ kind: 'closed', id: 1, reason: 'gone' })).toEqual(['attempt-failed: gone']);
    expect(script.state.phase).toBe('running');
    expect(script.message(2, peerOpen)).toEqual(['agreed 2', 'send 2 keepalive']);
  });

  test('a third is refused', () => {
    const script = Script.in('openconfirm');
    expect(script.connect(2, 'incoming')).toEqual(['send 2 open']);
    script.message(1, { kind: 'keepalive' });
    expect(script.connect(3, 'incoming')).toEqual([`send 2 ${CEASE}`, 'close 2', 'send 3 open']);
    expect(script.state.connections).toHaveLength(2);
  });

  test('a dead incoming one does not keep us from dialling', () => {
    const script = Script.in('active');
    script.connect(2, 'incoming');
    expect(script.tick(1)).toEqual(['dial']);
  });
});

describe('a peer with graceful restart that opens another connection (RFC 4724 §4.2)', () => {
  const open = (restarting: boolean, families: readonly BgpFamily[] = ['ipv4-unicast']): OpenMessage => ({
    ...peerOpen,
    capabilities: [
      ...peerOpen.capabilities,
      {
        kind: 'graceful-restart',
        restarting,
        notification: true,
        restartTime: 120,
        families: families.map((family) => ({ family, forwarding: true })),
      },
    ],
  });
  const REPLACED = [
    'close 1',
    'down: the peer has restarted: it opened a new connection',
    'agreed 2',
    'send 2 keepalive',
  ];
  const WAITS = ['agreed 2', 'send 1 keepalive'];

  /** Connection 1 is established with the first OPEN; connection 2 comes `seconds` later, with the second one. */
  function second(first: OpenMessage, seconds: number, next: OpenMessage): readonly string[] {
    const script = Script.in('opensent');
    script.message(1, first);
    script.message(1, { kind: 'keepalive' });
    script.now += seconds * 1000;
    script.connect(2, 'incoming');
    return script.message(2, next);
  }

  test.each([
    ['later', open(false), 5, open(true), REPLACED],
    ['later, although R is clear', open(false), 5, open(false), REPLACED],
    ['later, although it had restarted before', open(true), 5, open(true), REPLACED],
    ['at once, with R that is news', open(false), 0.1, open(true), REPLACED],
    // Both sides dialled at the same moment, and what the peer sent on two connections has overtaken.
    ['at once, with R as before: a collision', open(true), 0.1, open(true), WAITS],
    ['at once, without R: a collision', open(false), 0.1, open(false), WAITS],
    ['without having named a family', open(false, []), 5, open(true), WAITS],
    ['without graceful restart', peerOpen, 5, open(true), WAITS],
  ] as const)('%s', (_, first, seconds, next, outputs) => {
    expect(second(first, seconds, next)).toEqual(outputs);
  });

  test('and is not the one that is configured changes nothing', () => {
    expect(second(open(false), 5, { ...open(true), as: 1 })).toEqual([
      'send 2 2/2 OPEN Message Error/Bad Peer AS',
      'close 2',
      'attempt-failed: peer is AS 1, configured is AS 65002',
    ]);
  });
});
