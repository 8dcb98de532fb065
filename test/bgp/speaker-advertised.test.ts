import { describe, expect, test } from 'vitest';
import type { PeerConfig } from '../../src/bgp/config.ts';
import { type Prefix, prefix } from '../../src/net/prefix.ts';
import { converged, meshPeer, podCIDR, SimCluster } from '../support/bgp-cluster.ts';

/** What node 1 has told a peer, sorted: `10.244.1.0/24 via 192.0.2.1 path 64512`. */
const told = (cluster: SimCluster, other: number): readonly string[] =>
  [...(cluster.node(1).speaker.advertised(`mesh/node-${other}`) ?? [])]
    .map((r) => `${r.prefix} via ${r.nextHop} path ${r.asPathText}`.trimEnd())
    .sort();

const advertisedTo = (cluster: SimCluster, wanted: Prefix): readonly string[] =>
  cluster.node(1).speaker.advertisedTo(wanted).toSorted();

describe('what a peer has been told', () => {
  test('are the prefixes of the Adj-RIB-Out with the attributes as sent', () => {
    const cluster = converged(3);
    expect([...(cluster.node(1).speaker.advertised('mesh/node-2') ?? [])]).toEqual([
      {
        prefix: '10.244.1.0/24',
        family: 'ipv4-unicast',
        nextHop: '192.0.2.1',
        asPath: [],
        asPathText: '',
        origin: 'igp',
        localPref: 100,
        communities: [],
      },
    ]);
    expect(advertisedTo(cluster, podCIDR(1))).toEqual(['mesh/node-2', 'mesh/node-3']);
  });

  test('has our AS in front where the peer is in another one, and no LOCAL_PREF', () => {
    const cluster = new SimCluster(2);
    for (const [index, other, localAS, remoteAS] of [
      [1, 2, 64512, 65001],
      [2, 1, 65001, 64512],
    ] as const) {
      const node = cluster.node(index);
      node.config = { ...node.config, localAS, peers: [meshPeer(index, other, { localAS, remoteAS })] };
    }
    cluster.start();
    cluster.run(15);
    const [route] = cluster.node(1).speaker.advertised('mesh/node-2') ?? [];
    expect(route).toMatchObject({ asPath: [64512], asPathText: '64512' });
    expect(route).not.toHaveProperty('localPref');
  });

  test('follows what is originated', () => {
    const cluster = converged(2);
    const other = prefix('10.9.0.0/24');
    cluster.configure(1, (c) => ({ ...c, originated: [{ prefix: other }] }));
    cluster.run(1);
    expect(told(cluster, 2)).toEqual(['10.9.0.0/24 via 192.0.2.1 path']);
    expect([advertisedTo(cluster, podCIDR(1)), advertisedTo(cluster, other)]).toEqual([[], ['mesh/node-2']]);
  });

  test('is nothing without a session, or of a prefix that nobody has; and no answer for a peer that does not exist', () => {
    const cluster = converged(2);
    cluster.network.cut(cluster.node(2).host);
    cluster.run(60);
    expect(cluster.peer(1, 2).state).not.toBe('established');
    expect(told(cluster, 2)).toEqual([]);
    expect(advertisedTo(cluster, podCIDR(1))).toEqual([]);
    expect(advertisedTo(cluster, prefix('192.168.0.0/16'))).toEqual([]);
    expect(cluster.node(1).speaker.advertised('mesh/node-9')).toBeUndefined();
  });

  test('ends where the session ends while it is being read', () => {
    const cluster = converged(2);
    const originated = Array.from({ length: 5 }, (_, i) => ({ prefix: prefix(`10.9.${i}.0/24`) }));
    cluster.configure(1, (c) => ({ ...c, originated }));
    cluster.run(1);
    const reading = cluster.node(1).speaker.advertised('mesh/node-2')?.[Symbol.iterator]();
    expect(reading?.next().done).toBe(false);
    cluster.network.cut(cluster.node(2).host);
    cluster.run(60);
    // The ids of these prefixes are used again by now.
    const others = originated.map((_, i) => ({ prefix: prefix(`10.8.${i}.0/24`) }));
    cluster.configure(1, (c) => ({ ...c, originated: others }));
    cluster.run(1);
    expect(reading?.next().done).toBe(true);
  });

  test('are all paths of a prefix where several are sent, each with its identifier', () => {
    const cluster = new SimCluster(3);
    // Node 1 reflects what 2 and 3 say to node 2, which takes several paths.
    const both: Partial<PeerConfig> = {
      export: { kind: 'all' },
      import: { kind: 'all' },
      reflectorClient: true,
    };
    const shared = { prefix: prefix('10.9.0.0/24') };
    for (const index of [2, 3]) {
      const node = cluster.node(index);
      const addPath: Partial<PeerConfig> = index === 2 ? { addPath: 'receive' } : {};
      node.config = { ...node.config, originated: [shared], peers: [meshPeer(index, 1, addPath)] };
    }
    const reflector = cluster.node(1);
    reflector.config = {
      ...reflector.config,
      peers: [meshPeer(1, 2, { ...both, addPath: 'send' }), meshPeer(1, 3, both)],
    };
    cluster.start();
    cluster.run(15);
    const routes = [...(reflector.speaker.advertised('mesh/node-2') ?? [])].filter(
      (r) => r.prefix === shared.prefix,
    );
    // Its own path does not go back to it.
    expect(routes).toMatchObject([{ nextHop: '192.0.2.3', pathId: expect.any(Number) }]);
    expect(advertisedTo(cluster, shared.prefix)).toEqual(['mesh/node-2', 'mesh/node-3']);
  });
});
