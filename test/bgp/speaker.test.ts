import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { address } from '../../src/net/address.ts';
import { type Prefix, prefix } from '../../src/net/prefix.ts';
import { type LogFields, silentLog } from '../../src/ports/log.ts';
import { converged, meshPeer, nodeAddress, others, podCIDR, SimCluster } from '../support/bgp-cluster.ts';

describe('a full mesh', () => {
  test.each([[2], [3], [20]])('of %i nodes converges although all dial at once', (size) => {
    const cluster = converged(size);
    for (const { index, speaker } of cluster.nodes) {
      expect(cluster.routes(index)).toEqual(others(size, index));
      expect(speaker.converged).toBe(true);
      expect(speaker.peers().map((p) => p.state)).toEqual(Array(size - 1).fill('established'));
      expect(speaker.exceptions).toBe(0);
    }
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'keeps exactly one connection per pair, whatever the chance (seed %i)',
    (seed) => {
      const cluster = converged(5, seed);
      cluster.run(300);
      for (const { index, host, speaker } of cluster.nodes) {
        expect(cluster.routes(index)).toEqual(others(5, index));
        expect(host.ends.size).toBe(4);
        expect(speaker.peers().map((p) => p.flaps)).toEqual([0, 0, 0, 0]);
      }
    },
  );

  test('converges whatever the moments at which its nodes start', () => {
    const starts = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(starts, fc.integer({ min: 0, max: 5 }), fc.nat(1000), (moments, spread, seed) => {
        const downs: unknown[] = [];
        const info = (message: string, fields?: LogFields): void => {
          if (message === 'session down') downs.push(fields);
        };
        const cluster = new SimCluster(3, { seed, log: { ...silentLog, info } });
        cluster.network.spread = spread;
        for (const [i, node] of cluster.nodes.entries()) {
          cluster.clock.setTimer(moments[i] ?? 0, () => node.speaker.set(node.config));
        }
        cluster.run(20);
        for (const { index, host, speaker } of cluster.nodes) {
          expect(cluster.routes(index)).toEqual(others(3, index));
          expect(host.ends.size).toBe(2);
          for (const { flaps, lastDown } of speaker.peers())
            expect([flaps, lastDown]).toEqual([0, undefined]);
        }
        expect(downs).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  test('tells each route once', () => {
    const cluster = converged(3);
    const told = cluster
      .node(1)
      .batches.flat()
      .map((c) => c.prefix);
    expect(told.toSorted()).toEqual([podCIDR(2), podCIDR(3)]);
  });

  test('describes its peers', () => {
    const offers = [
      'ipv4-unicast',
      'ipv6-unicast',
      'four-octet-as 64512',
      'route-refresh',
      'enhanced-route-refresh',
      'extended-message',
      'graceful-restart 120 s ipv4-unicast ipv6-unicast',
    ];
    const cluster = converged(2);
    cluster.run(60);
    const { messages, since, establishedAt, lastError, ...status } = cluster.peer(1, 2);
    expect(status).toEqual({
      name: 'mesh/node-2',
      address: '192.0.2.2',
      port: 179,
      localAddress: '192.0.2.1',
      localAS: 64512,
      remoteAS: 64512,
      state: 'established',
      remoteRouterID: '192.0.2.2',
      holdTime: 30,
      keepaliveTime: 10,
      capabilities: [
        'ipv4-unicast',
        'ipv6-unicast',
        'four-octet-as',
        'route-refresh',
        'enhanced-route-refresh',
        'extended-message',
        'graceful-restart 120 s',
      ],
      gracefulRestart: {
        localTime: 120,
        remoteTime: 120,
        families: ['ipv4-unicast', 'ipv6-unicast'],
        notification: false,
      },
      offered: { local: offers, remote: offers },
      flaps: 0,
      malformed: { reset: 0, withdraw: 0, discard: 0, ignore: 0 },
      notifications: [],
      prefixes: {
        'ipv4-unicast': { received: 1, accepted: 1, advertised: 1, stale: 0 },
        'ipv6-unicast': { received: 0, accepted: 0, advertised: 0, stale: 0 },
      },
      endOfRib: true,
      problems: [],
    });
    expect(establishedAt).toBe(since);
    expect(messages.received.update).toBe(3);
    expect(messages.sent.keepalive).toBeGreaterThanOrEqual(6);
    expect(lastError).toBeUndefined();
  });

  test('describes its routes with the reason why a path is not used', () => {
    const cluster = converged(2);
    cluster.configure(1, (c) => ({ ...c, originated: [...c.originated, { prefix: prefix('10.9.0.0/16') }] }));
    cluster.run(1);
    const entries = [...cluster.node(2).speaker.rib()].toSorted((a, b) => (a.prefix < b.prefix ? -1 : 1));
    expect(
      entries.map((e) => [e.prefix, e.paths.map((p) => `${p.peer} ${p.best} ${p.reason ?? ''}`)]),
    ).toEqual([
      ['10.244.1.0/24', ['mesh/node-1 true ']],
      ['10.244.2.0/24', ['local true ']],
      ['10.9.0.0/16', ['mesh/node-1 false filtered by import policy']],
    ]);
  });
});

test('a large table comes, is filtered and goes in pieces', () => {
  const cluster = new SimCluster(2);
  const many = Array.from({ length: 12_000 }, (_, i) => prefix(`10.${i >> 8}.${i & 255}.0/24`));
  const accept = (prefixes: readonly Prefix[]): void =>
    cluster.configure(1, (c) => ({
      ...c,
      peers: [meshPeer(1, 2, { import: { kind: 'exactly', prefixes } })],
    }));
  accept(many);
  cluster.configure(2, (c) => ({ ...c, originated: many.map((p) => ({ prefix: p })) }));
  const { batches } = cluster.node(1);
  const told = (): number => {
    const lengths = batches.splice(0).map((changes) => changes.length);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(1000);
    return lengths.reduce((a, b) => a + b);
  };
  cluster.run(15);
  expect(told()).toBe(12_000);
  accept([]);
  cluster.run(1);
  expect(told()).toBe(12_000);
  accept(many);
  cluster.run(1);
  expect(told()).toBe(12_000);
  cluster.configure(2, (c) => ({ ...c, peers: [] }));
  cluster.run(1);
  expect(told()).toBe(12_000);
  expect(cluster.routes(1)).toEqual([]);
});

describe('a changed configuration', () => {
  test('that is the same changes nothing', () => {
    const cluster = converged(3);
    const before = cluster.peer(1, 2);
    const batches = cluster.node(1).batches.length;
    cluster.configure(1, (c) => structuredClone(c));
    cluster.run(5);
    expect(cluster.node(1).batches).toHaveLength(batches);
    expect(cluster.peer(1, 2).messages.sent.update).toBe(before.messages.sent.update);
    expect(cluster.peer(1, 2).since).toBe(before.since);
  });

  test('without a peer ends that session with Cease, Peer De-configured, and no other', () => {
    const cluster = converged(3);
    cluster.configure(1, (c) => ({ ...c, peers: c.peers.filter((p) => p.name !== 'mesh/node-2') }));
    cluster.run(1);
    expect(cluster.routes(1)).toEqual(['10.244.3.0/24 via 192.0.2.3']);
    expect(cluster.peer(2, 1).lastDown?.reason).toBe('peer sent Cease/Peer De-configured');
    expect(cluster.peer(3, 1).flaps).toBe(0);
    cluster.run(10);
    expect(cluster.node(1).speaker.refused).toBeGreaterThan(0);
  });

  test('with another hold time restarts that session alone', () => {
    const cluster = converged(3);
    cluster.configure(1, (c) => ({
      ...c,
      peers: c.peers.map((p) => (p.name === 'mesh/node-2' ? { ...p, holdTime: 9 } : p)),
    }));
    cluster.run(10);
    expect(cluster.peer(1, 2)).toMatchObject({
      state: 'established',
      holdTime: 9,
      keepaliveTime: 3,
      flaps: 1,
    });
    expect(cluster.peer(2, 1).lastDown?.reason).toBe('connection closed by the peer');
    expect(cluster.peer(1, 3).flaps).toBe(0);
  });

  test('with another import policy is applied from what was received, without a message', () => {
    const cluster = converged(2);
    const before = cluster.peer(1, 2);
    const allow = (prefixes: readonly string[]): void =>
      cluster.configure(1, (c) => ({
        ...c,
        peers: [meshPeer(1, 2, { import: { kind: 'exactly', prefixes: prefixes.map(prefix) } })],
      }));
    allow([]);
    cluster.run(1);
    expect(cluster.routes(1)).toEqual([]);
    expect(cluster.peer(1, 2).prefixes['ipv4-unicast']).toEqual({
      received: 1,
      accepted: 0,
      advertised: 1,
      stale: 0,
    });
    allow(['10.244.2.0/24']);
    cluster.run(1);
    expect(cluster.routes(1)).toEqual(others(2, 1));
    const after = cluster.peer(1, 2);
    expect(after.since).toBe(before.since);
    expect(after.messages.sent.update).toBe(before.messages.sent.update);
    expect(after.messages.received.update).toBe(before.messages.received.update);
  });

  test('with other originations sends the difference only', () => {
    const cluster = converged(2);
    const before = cluster.peer(2, 1).messages.received.update;
    cluster.configure(1, (c) => ({ ...c, originated: [...c.originated, { prefix: prefix('10.9.0.0/16') }] }));
    cluster.run(1);
    expect(cluster.peer(2, 1).messages.received.update).toBe(before + 1);
    expect(cluster.peer(2, 1).prefixes['ipv4-unicast'].received).toBe(2);
    cluster.configure(1, (c) => ({ ...c, originated: [{ prefix: prefix('10.9.0.0/16') }] }));
    cluster.run(1);
    expect(cluster.peer(2, 1).messages.received.update).toBe(before + 2);
    expect(cluster.routes(2)).toEqual([]);
  });

  test('that disables a peer shuts the session and keeps the peer in sight', () => {
    const cluster = converged(2);
    cluster.configure(1, (c) => ({ ...c, peers: c.peers.map((p) => ({ ...p, enabled: false })) }));
    cluster.run(1);
    expect(cluster.peer(1, 2)).toMatchObject({
      state: 'disabled',
      lastDown: { reason: 'disabled by configuration' },
    });
    expect(cluster.peer(2, 1).lastDown?.reason).toBe('peer sent Cease/Administrative Shutdown');
    cluster.run(30);
    expect(cluster.peer(1, 2).state).toBe('disabled');
    cluster.configure(1, (c) => ({ ...c, peers: c.peers.map((p) => ({ ...p, enabled: true })) }));
    cluster.run(15);
    expect(cluster.routes(1)).toEqual(others(2, 1));
  });
});

describe('convergence', () => {
  test('without peers comes at once', () => {
    const cluster = new SimCluster(1);
    expect(cluster.node(1).speaker.converged).toBe(false);
    cluster.start();
    cluster.run(0.1);
    expect(cluster.node(1).speaker.converged).toBe(true);
  });

  test('waits for a peer that is down until the deferral time, no longer', () => {
    const cluster = new SimCluster(3);
    cluster.network.cut(cluster.node(3).host);
    cluster.start();
    cluster.run(119);
    expect(cluster.routes(1)).toEqual(['10.244.2.0/24 via 192.0.2.2']);
    expect(cluster.node(1).speaker.converged).toBe(false);
    cluster.run(2);
    expect(cluster.node(1).speaker.converged).toBe(true);
  });

  test('does not wait for a disabled peer', () => {
    const cluster = new SimCluster(2);
    cluster.node(1).config = { ...cluster.node(1).config, peers: [meshPeer(1, 2, { enabled: false })] };
    cluster.start();
    cluster.run(1);
    expect(cluster.node(1).speaker.converged).toBe(true);
  });
});

test('a stopped cluster leaves no timer behind', async () => {
  const cluster = converged(4);
  const stops = cluster.nodes.map(({ speaker }) => speaker.stop());
  cluster.run(1);
  await Promise.all(stops);
  expect(cluster.clock.pending).toBe(0);
});

test('a connection is given to the peer that is configured for our address, where several share theirs', () => {
  const cluster = new SimCluster(2);
  const other = address('198.51.100.1');
  // Node 1 knows node 2 twice, once for each of its own addresses; node 2 dials the second one.
  cluster.node(1).config = {
    ...cluster.node(1).config,
    listen: [nodeAddress(1), other].map((a) => ({ address: a, port: 179 })),
    peers: [
      meshPeer(1, 2, { name: 'first', passive: true }),
      meshPeer(1, 2, { name: 'second', passive: true, localAddress: other }),
    ],
  };
  cluster.node(2).config = { ...cluster.node(2).config, peers: [meshPeer(2, 1, { address: other })] };
  cluster.start();
  cluster.run(5);
  const states = cluster
    .node(1)
    .speaker.peers()
    .map((p) => [p.name, p.state]);
  expect(states).toEqual([
    ['first', 'active'],
    ['second', 'established'],
  ]);
});

test('what a listener of the speaker throws does not end its work', () => {
  const cluster = new SimCluster(2);
  cluster.node(1).batches.push = () => {
    throw new Error('the agent has a bug');
  };
  cluster.start();
  cluster.run(40);
  expect(cluster.routes(1)).toEqual(others(2, 1));
  expect(cluster.peer(1, 2)).toMatchObject({ state: 'established', flaps: 0 });
});

test('whatever happened to cables and machines, the mesh is whole a while after it ended', () => {
  const event = fc.record({
    kind: fc.constantFrom('cut', 'restore', 'crash', 'restart', 'stop', 'disable', 'enable'),
    node: fc.integer({ min: 1, max: 3 }),
    pause: fc.integer({ min: 0, max: 40_000 }),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 12 }), fc.nat(1000), (events, seed) => {
      const cluster = new SimCluster(3, { seed });
      const enable = (index: number, enabled: boolean): void =>
        cluster.configure(index, (c) => ({ ...c, peers: c.peers.map((p) => ({ ...p, enabled })) }));
      const down = new Set<number>();
      cluster.start();
      for (const { kind, node: index, pause } of events) {
        const { host, speaker } = cluster.node(index);
        if (kind === 'cut') cluster.network.cut(host);
        if (kind === 'restore') cluster.network.restore(host);
        if (kind === 'stop' || kind === 'crash') {
          down.add(index);
          void speaker.stop();
          if (kind === 'crash') host.crash();
        }
        if (kind === 'restart' && down.delete(index)) cluster.restart(index, { forwarding: pause % 2 === 0 });
        if (kind === 'disable' || kind === 'enable') enable(index, kind === 'enable');
        cluster.clock.advance(pause);
      }
      for (const { index, host } of cluster.nodes) {
        cluster.network.restore(host);
        if (down.delete(index)) cluster.restart(index);
        enable(index, true);
      }
      cluster.run(60);
      for (const { index, speaker } of cluster.nodes) {
        expect(cluster.routes(index)).toEqual(others(3, index));
        expect(speaker.exceptions).toBe(0);
      }
    }),
    { numRuns: 150 },
  );
});
