import { describe, expect, test } from 'vitest';
import type { PeerConfig } from '../../src/bgp/config.ts';
import { TransportError } from '../../src/bgp/transport.ts';
import { prefix } from '../../src/net/prefix.ts';
import type { Log, LogFields } from '../../src/ports/log.ts';
import { meshPeer, nodeAddress, others, SimCluster } from '../support/bgp-cluster.ts';

/** Two nodes, what each says of the other, and every line of their logs. */
class Pair extends SimCluster {
  readonly lines: string[];

  constructor(...overrides: readonly Partial<PeerConfig>[]) {
    const lines: string[] = [];
    super(2, { log: recording(lines) });
    this.lines = lines;
    for (const [i, override] of overrides.entries()) {
      const node = this.node(i + 1);
      node.config = { ...node.config, peers: [meshPeer(i + 1, 2 - i, override)] };
    }
  }

  /** Changes what a node asks of the other. */
  protect(index: number, protection: Partial<PeerConfig>): void {
    this.configure(index, (config) => ({ ...config, peers: [meshPeer(index, 3 - index, protection)] }));
  }

  /** Everything that people and programs can get to see. */
  shown(): string {
    const of = ({ speaker }: { speaker: SimCluster['nodes'][number]['speaker'] }): unknown => [
      speaker.peers(),
      speaker.problems(),
      [...speaker.rib()],
    ];
    return JSON.stringify([this.lines, this.nodes.map(of)]);
  }
}

function recording(lines: string[]): Log {
  const write = (msg: string, fields?: LogFields): void => void lines.push(JSON.stringify([msg, fields]));
  const log: Log = { debug: write, info: write, warn: write, error: write, component: () => log };
  return log;
}

const UP = { state: 'established', flaps: 0 };
const SILENT = 'no answer within 5 s; a wrong or missing password looks the same';

describe('a session with passwords', () => {
  test.each([
    ['on both sides', 'secret', 'secret'],
    ['on neither', undefined, undefined],
  ])('%s is established', (_, one, two) => {
    const pair = new Pair(password(one), password(two));
    pair.start();
    pair.run(15);
    for (const index of [1, 2]) {
      expect(pair.peer(index, 3 - index)).toMatchObject(UP);
      expect(pair.routes(index)).toEqual(others(2, index));
    }
  });

  test.each([
    ['that differ', 'secret', 'geheim', SILENT, SILENT],
    ['here only', 'secret', undefined, SILENT, 'no answer within 5 s'],
    ['there only', undefined, 'secret', 'no answer within 5 s', SILENT],
  ])('%s is not, says why as far as it can know, and comes when they agree', (_, one, two, here, there) => {
    const pair = new Pair(password(one), password(two));
    pair.start();
    pair.run(60);
    expect(pair.peer(1, 2)).toMatchObject({ flaps: 0, lastError: here });
    expect(pair.peer(2, 1)).toMatchObject({ flaps: 0, lastError: there });
    pair.protect(1, { password: 'secret' });
    pair.protect(2, { password: 'secret' });
    pair.run(1);
    expect([pair.peer(1, 2).state, pair.peer(2, 1).state]).toEqual(['established', 'established']);
  });

  test('is established by whichever side dials', () => {
    for (const passive of [1, 2]) {
      const pair = new Pair(
        { password: 'secret', passive: passive === 1 },
        { password: 'secret', passive: passive === 2 },
      );
      pair.start();
      pair.run(15);
      expect([pair.peer(1, 2), pair.peer(2, 1)]).toMatchObject([UP, UP]);
    }
  });

  test.each([
    ['to others', 'secret', 'geheim'],
    ['from none', undefined, 'geheim'],
    ['to none', 'secret', undefined],
  ])('lives on when they change %s on both sides within the hold time', (_, before, after) => {
    const pair = new Pair(password(before), password(before));
    pair.start();
    pair.run(15);
    pair.protect(1, password(after));
    pair.run(20);
    pair.protect(2, password(after));
    pair.configure(2, (config) => ({ ...config, originated: [{ prefix: prefix('10.244.2.0/24') }] }));
    pair.run(120);
    expect([pair.peer(1, 2), pair.peer(2, 1)]).toMatchObject([UP, UP]);
    expect(pair.routes(1)).toEqual(others(2, 1));
    void pair.node(2).speaker.stop();
    pair.run(1);
    pair.restart(2);
    pair.run(15);
    expect(pair.peer(2, 1).state).toBe('established');
  });

  test('ends by the hold timer when one side alone changes, and returns when the other follows', () => {
    const pair = new Pair({ password: 'secret' }, { password: 'secret' });
    pair.start();
    pair.run(15);
    pair.protect(1, { password: 'geheim' });
    pair.run(60);
    const { flaps, lastDown, lastError } = pair.peer(1, 2);
    expect([flaps, lastDown?.reason, lastError]).toEqual([
      1,
      'hold timer expired: nothing heard for 30 s',
      SILENT,
    ]);
    pair.protect(2, { password: 'geheim' });
    pair.run(10);
    expect(pair.peer(1, 2)).toMatchObject({ state: 'established', flaps: 1 });
  });

  test('that our listener cannot take: a problem, and the session comes by our own dial', () => {
    const pair = new Pair({ password: 'secret' }, { password: 'secret', passive: true });
    const { host, speaker } = pair.node(2);
    host.failPasswords.set(
      nodeAddress(1),
      new TransportError('GRY_TCP_MD5_MEMORY', 'no room', { remedy: 'make room' }),
    );
    pair.start();
    pair.run(20);
    expect(pair.peer(2, 1).state).toBe('active');
    expect(speaker.problems()).toMatchObject([
      {
        code: 'GRY_BGP_PASSWORD',
        message: 'Cannot ask 192.0.2.1 for its password: no room; it cannot connect to us.',
        remedy: 'make room',
      },
    ]);
    pair.protect(2, { password: 'secret' });
    pair.run(10);
    expect(pair.peer(2, 1).state).toBe('established');
  });

  test('shows them nowhere', () => {
    const pair = new Pair({ password: 'hunter2' }, { password: 'hunter3', passive: true });
    pair.node(2).host.failPasswords.set(nodeAddress(1), new TransportError('GRY_TCP_FAILED', 'no'));
    pair.start();
    pair.run(60);
    pair.protect(2, { password: 'hunter2' });
    pair.run(60);
    pair.protect(2, { password: 'x'.repeat(81) });
    pair.run(60);
    expect(pair.lines.length).toBeGreaterThan(3);
    expect(pair.shown()).not.toMatch(/hunter|xxx/);
  });
});

describe('a session with TTL security', () => {
  const asks = (one?: number, two?: number) => [hops(one), hops(two)] as const;

  test.each([
    ['neighbours, 1 hop on both sides', 1, asks(1, 1), [UP, UP]],
    ['a router in between, 2 hops on both sides', 2, asks(2, 2), [UP, UP]],
    ['a router in between, 1 hop on one side', 2, asks(1, undefined), [{ flaps: 0 }, { flaps: 0 }]],
  ])('%s', (_, distance, [one, two], expected) => {
    const pair = new Pair(one, two);
    pair.network.separate(pair.node(1).host, pair.node(2).host, distance);
    pair.start();
    pair.run(20);
    expect([pair.peer(1, 2), pair.peer(2, 1)]).toMatchObject(expected);
    expect(pair.peer(1, 2).state === 'established').toBe(expected[0] === UP);
  });

  test('says that the peer may be too far away when it dials, and that it is when it was dialled', () => {
    const pair = new Pair({ ttlSecurity: 1 }, { passive: true });
    pair.network.separate(pair.node(1).host, pair.node(2).host, 2);
    pair.start();
    pair.run(8);
    expect(pair.peer(1, 2).lastError).toBe(
      'no answer within 5 s; a peer that is more than 1 hop away looks the same',
    );
    pair.protect(1, { ttlSecurity: 1, passive: true });
    pair.protect(2, {});
    pair.run(8);
    expect(pair.peer(1, 2)).toMatchObject({ state: 'active', lastError: 'the peer is too far away' });
    expect(pair.node(1).speaker.refused).toBeGreaterThan(0);
  });

  test('begins anew when it changes, because the peer may be gone by it', () => {
    const pair = new Pair({}, {});
    pair.start();
    pair.run(15);
    pair.protect(1, { ttlSecurity: 1 });
    pair.run(15);
    expect(pair.peer(1, 2)).toMatchObject({
      state: 'established',
      flaps: 1,
      lastDown: { reason: 'configuration changed' },
    });
  });
});

function password(value: string | undefined): Partial<PeerConfig> {
  return value === undefined ? {} : { password: value };
}

function hops(value: number | undefined): Partial<PeerConfig> {
  return value === undefined ? {} : { ttlSecurity: value };
}
