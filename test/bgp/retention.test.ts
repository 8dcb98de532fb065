import { describe, expect, test } from 'vitest';
import type { PeerConfig } from '../../src/bgp/config.ts';
import type { Capability } from '../../src/bgp/wire/capability.ts';
import type { Message, OpenMessage, UpdateMessage } from '../../src/bgp/wire/message.ts';
import { address } from '../../src/net/address.ts';
import { meshPeer, nodeAddress, podCIDR, SimCluster } from '../support/bgp-cluster.ts';
import { RawPeer } from '../support/raw-peer.ts';

const V4 = 'ipv4-unicast';

const open = (...extra: readonly Capability[]): OpenMessage => ({
  kind: 'open',
  as: 64512,
  holdTime: 90,
  routerID: nodeAddress(2),
  capabilities: [
    { kind: 'multiprotocol', family: V4 },
    { kind: 'four-octet-as', as: 64512 },
    { kind: 'route-refresh' },
    { kind: 'enhanced-route-refresh' },
    ...extra,
  ],
});

const restart = (restartTime: number) =>
  ({
    kind: 'graceful-restart',
    restarting: false,
    notification: true,
    restartTime,
    families: [{ family: V4, forwarding: true }],
  }) as const satisfies Capability;

const llgr: Capability = {
  kind: 'long-lived-graceful-restart',
  families: [{ family: V4, forwarding: true, staleTime: 600 }],
};

/** Node 1 with one peer that does what the test says, established. */
class World {
  readonly cluster = new SimCluster(1);
  readonly peer: RawPeer;

  constructor(message: OpenMessage, overrides: Partial<PeerConfig> = {}) {
    this.peer = new RawPeer(this.cluster.network.host(nodeAddress(2)), message);
    this.cluster.configure(1, (c) => ({
      ...c,
      peers: [meshPeer(1, 2, { families: [V4], import: { kind: 'all' }, ...overrides })],
    }));
    this.cluster.run(1);
    this.establish();
  }

  establish(): void {
    this.cluster.run(6);
    this.peer.establish();
    this.cluster.run(1);
  }

  announce(n: number, communities: readonly number[] = []): void {
    this.peer.announce({
      family: V4,
      prefixes: [podCIDR(n)],
      attributes: { origin: 'igp', asPath: [], localPref: 100, communities },
      nextHop: nodeAddress(2),
    });
    this.cluster.run(0.1);
  }

  send(...messages: readonly Exclude<Message, UpdateMessage>[]): void {
    this.peer.send(...messages);
    this.cluster.run(0.1);
  }

  /** Third numbers of the prefixes that node 1 has learned. */
  get routes(): readonly string[] {
    return this.cluster.routes(1).map((r) => r.split('.')[2] ?? '');
  }

  get counts(): unknown {
    const { received, stale } = this.cluster.peer(1, 2).prefixes[V4];
    return [received, stale];
  }
}

describe('enhanced route refresh (RFC 7313)', () => {
  const marker = (operation: 'begin' | 'end') => ({ kind: 'route-refresh', operation, family: V4 }) as const;

  test('drops between the markers what is not told again', () => {
    const world = new World(open());
    world.announce(2);
    world.announce(3);
    world.send(marker('begin'));
    expect([world.routes, world.counts]).toEqual([
      ['2', '3'],
      [2, 2],
    ]);
    world.announce(3);
    world.announce(4);
    expect(world.counts).toEqual([3, 1]);
    world.send(marker('end'));
    expect([world.routes, world.counts]).toEqual([
      ['3', '4'],
      [2, 0],
    ]);
  });

  test('takes no notice of an end without a beginning', () => {
    const world = new World(open());
    world.announce(2);
    world.send(marker('end'));
    expect(world.routes).toEqual(['2']);
  });

  test('takes no notice of a beginning before End-of-RIB of a peer with graceful restart (§4)', () => {
    const world = new World(open(restart(120)));
    world.announce(2);
    world.announce(3);
    world.send(marker('begin'));
    expect(world.counts).toEqual([2, 0]);
    world.announce(3);
    world.send(marker('end'));
    expect(world.routes).toEqual(['2', '3']);
    world.send({ kind: 'end-of-rib', family: V4 }, marker('begin'));
    expect(world.counts).toEqual([2, 2]);
    world.announce(3);
    world.send(marker('end'));
    expect(world.routes).toEqual(['3']);
  });
});

describe('a peer that is helped', () => {
  test.each([
    ['with RFC 8538 keeps all', true, ['2', '3']],
    ['by RFC 4724 alone keeps what it has told since', false, ['2']],
  ])('and goes again before End-of-RIB, %s', (_, notification, routes) => {
    const world = new World(open({ ...restart(120), notification }), { notificationRestart: true });
    world.announce(2);
    world.announce(3);
    world.peer.close();
    world.establish();
    world.announce(2);
    world.peer.close();
    world.cluster.run(0.1);
    expect(world.routes).toEqual(routes);
    world.establish();
    world.announce(3);
    world.send({ kind: 'end-of-rib', family: V4 });
    expect(world.routes).toEqual(['3']);
  });

  test('by another router under its address is told anew: nothing of the former one stays', () => {
    const world = new World(open(restart(120)));
    world.announce(2);
    world.peer.close();
    world.cluster.run(1);
    expect(world.routes).toEqual(['2']);
    Object.assign(world.peer, { open: { ...open(restart(120)), routerID: address('192.0.2.77') } });
    world.establish();
    expect([world.routes, world.counts]).toEqual([[], [0, 0]]);
  });

  test.each([
    ['away', false],
    ['back, before End-of-RIB', true],
  ])('and is removed while it is %s leaves nothing behind, no timer either', (_, back) => {
    const world = new World(open(restart(120), llgr), { longLivedStaleTime: 3600 });
    world.announce(2);
    world.peer.close();
    world.cluster.run(1);
    if (back) world.establish();
    expect(world.routes).toEqual(['2']);
    world.cluster.configure(1, (c) => ({ ...c, peers: [] }));
    world.cluster.run(5);
    expect([world.routes, world.cluster.clock.pending]).toEqual([[], 0]);
  });

  test.each([
    ['alone', {}],
    ['beside what the session must begin anew for', { holdTime: 60 }],
  ])('is judged by another policy at once: a change of it %s', (_, others) => {
    const world = new World(open(restart(120)));
    world.announce(2);
    world.announce(3);
    world.peer.close();
    world.cluster.run(1);
    const only: Partial<PeerConfig> = { import: { kind: 'exactly', prefixes: [podCIDR(3)] }, ...others };
    world.cluster.configure(1, (c) => ({ ...c, peers: c.peers.map((p) => ({ ...p, ...only })) }));
    world.cluster.run(1);
    expect([world.routes, world.counts]).toEqual([['3'], [2, 2]]);
  });

  test('is not beyond its limit by what another session brought', () => {
    const prefixLimit = { limit: 2, warnAt: 2, restartAfter: 60 };
    const world = new World(open(restart(120)), { prefixLimit });
    world.announce(2);
    world.announce(3);
    world.peer.close();
    world.establish();
    world.announce(4);
    world.announce(5);
    expect([world.routes, world.counts]).toEqual([
      ['2', '3', '4', '5'],
      [4, 2],
    ]);
    world.announce(6);
    expect(world.cluster.peer(1, 2).lastDown?.reason).toContain('3 prefixes are more than the limit of 2');
  });

  test('is beyond its limit when it comes again and again with other routes', () => {
    const prefixLimit = { limit: 2, warnAt: 2, restartAfter: 60 };
    const world = new World(open(restart(120)), { prefixLimit, notificationRestart: true });
    const sessions = [2, 4, 6].map((n) => {
      world.announce(n);
      world.announce(n + 1);
      const { state } = world.cluster.peer(1, 2);
      world.peer.close();
      world.establish();
      return [state, world.routes.length];
    });
    expect(sessions).toEqual([
      ['established', 2],
      ['established', 4],
      ['idle', 0],
    ]);
  });

  test('and is removed and comes again under its name is told anew', () => {
    const world = new World(open(restart(120)));
    world.announce(2);
    world.announce(3);
    world.peer.close();
    world.cluster.run(1);
    const { peers } = world.cluster.node(1).config;
    world.cluster.configure(1, (c) => ({ ...c, peers: [] }));
    world.cluster.configure(1, (c) => ({ ...c, peers }));
    world.establish();
    world.announce(3);
    expect([world.routes, world.counts]).toEqual([['3'], [1, 0]]);
  });

  test('by RFC 9494 keeps its routes for long, except those that do not want it', () => {
    const NO_LLGR = 0xffff0007;
    const world = new World(open(restart(10), llgr), { longLivedStaleTime: 3600 });
    world.announce(2);
    world.announce(3, [NO_LLGR]);
    world.peer.close();
    world.cluster.run(9);
    expect(world.routes).toEqual(['2', '3']);
    world.cluster.run(2);
    expect(world.routes).toEqual(['2']);
    const [entry] = [...world.cluster.node(1).speaker.rib()].filter((e) => e.prefix === podCIDR(2));
    expect(entry?.paths).toMatchObject([{ stale: true, communities: ['llgr-stale'] }]);
    const { staleUntil = 0, longLived } = world.cluster.peer(1, 2).gracefulRestart ?? {};
    expect([Math.round((staleUntil - world.cluster.clock.now()) / 1000), longLived]).toEqual([599, true]);
    world.cluster.run(598);
    expect(world.routes).toEqual(['2']);
    world.cluster.run(2);
    expect(world.routes).toEqual([]);
  });

  describe('by RFC 9494 only as far as we are told to', () => {
    const restartStatus = (world: World): unknown => world.cluster.peer(1, 2).gracefulRestart;
    const reconfigure = (world: World, longLivedStaleTime: number): void => {
      world.cluster.configure(1, (c) => ({
        ...c,
        peers: c.peers.map((p) => ({ ...p, longLivedStaleTime })),
      }));
      world.cluster.run(0.1);
    };

    test.each([
      ['absent', {}],
      ['0', { longLivedStaleTime: 0 }],
    ])('%s: not at all (§5)', (_, overrides) => {
      const world = new World(open(restart(10), llgr), overrides);
      expect(restartStatus(world)).not.toHaveProperty('longLivedTimes');
      world.announce(2);
      world.peer.close();
      world.cluster.run(9);
      expect(world.routes).toEqual(['2']);
      world.cluster.run(2);
      expect(world.routes).toEqual([]);
    });

    test.each([
      [300, 300],
      [900, 600],
    ])('%i s against the 600 s of the peer', (longLivedStaleTime, kept) => {
      const world = new World(open(restart(10), llgr), { longLivedStaleTime });
      expect(restartStatus(world)).toMatchObject({ longLivedTimes: { [V4]: kept } });
      world.announce(2);
      world.peer.close();
      world.cluster.run(10 + kept - 1);
      expect(world.routes).toEqual(['2']);
      world.cluster.run(2);
      expect(world.routes).toEqual([]);
    });

    test('also of another router under the same address', () => {
      const world = new World(open(restart(10), llgr), { longLivedStaleTime: 300 });
      world.announce(2);
      world.peer.close();
      world.cluster.run(1);
      const other = { ...open(restart(10), llgr), routerID: address('192.0.2.77') };
      Object.assign(world.peer, { open: other });
      world.establish();
      world.announce(3);
      world.peer.close();
      world.cluster.run(60);
      expect(world.routes).toEqual(['3']);
    });

    test('another time does not end the session, on and off do', () => {
      const world = new World(open(restart(10), llgr), { longLivedStaleTime: 300 });
      const { since } = world.cluster.peer(1, 2);
      reconfigure(world, 400);
      expect(world.cluster.peer(1, 2)).toMatchObject({ state: 'established', since });
      expect(restartStatus(world)).toMatchObject({ longLivedTimes: { [V4]: 400 } });
      reconfigure(world, 0);
      expect(world.cluster.peer(1, 2)).toMatchObject({
        flaps: 1,
        lastDown: { reason: 'configuration changed' },
      });
    });

    test.each([
      [100, ['2']],
      [20, []],
      [0, []],
    ])('while the peer is away, %i s count at once', (longLivedStaleTime, routes) => {
      const world = new World(open(restart(10), llgr), { longLivedStaleTime: 300 });
      world.announce(2);
      world.peer.close();
      world.cluster.run(60);
      expect(world.routes).toEqual(['2']);
      reconfigure(world, longLivedStaleTime);
      expect(world.routes).toEqual(routes);
    });
  });
});

test('a peer that keeps breaking its session with one route does not make it spin', () => {
  const world = new World(open(restart(120)));
  const opens = (): number => world.cluster.peer(1, 2).messages.sent.open;
  const before = opens();
  for (let i = 0; i < 6000; i++) {
    if (world.peer.connected && world.peer.received.at(-1) === 'open') {
      world.peer.establish();
      // An UPDATE whose attributes end before its length says.
      world.peer.sendBytes(Uint8Array.from([...Array(16).fill(255), 0, 23, 2, 0, 0, 255, 255]));
    }
    world.cluster.run(0.02);
  }
  // 120 s: one a second at first, one in five later.
  expect(opens() - before).toBeGreaterThan(15);
  expect(opens() - before).toBeLessThan(45);
});
