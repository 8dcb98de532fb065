import { describe, expect, test } from 'vitest';
import type { PeerConfig, SpeakerConfig } from '../../src/bgp/config.ts';
import { type Address, address } from '../../src/net/address.ts';
import { prefix } from '../../src/net/prefix.ts';
import { converged, meshPeer, nodeAddress, others, podCIDR, SimCluster } from '../support/bgp-cluster.ts';

const v6Address = (index: number): Address => address(`2001:db8::${index}`);
const v6CIDR = (index: number) => prefix(`fd00:244:${index}::/64`);

/** Node `index` of two, with addresses and podCIDRs of both families. */
function dualStack(index: number, peer: Partial<PeerConfig> = {}): Partial<SpeakerConfig> {
  const other = 3 - index;
  return {
    listen: [nodeAddress(index), v6Address(index)].map((a) => ({ address: a, port: 179 })),
    originated: [{ prefix: podCIDR(index) }, { prefix: v6CIDR(index) }],
    nextHops: { ipv4: nodeAddress(index), ipv6: v6Address(index) },
    peers: [
      meshPeer(index, other, {
        import: { kind: 'exactly', prefixes: [podCIDR(other), v6CIDR(other)] },
        ...peer,
      }),
    ],
  };
}

function pair(one: Partial<SpeakerConfig>, two: Partial<SpeakerConfig>): SimCluster {
  const cluster = new SimCluster(2);
  for (const [index, change] of [
    [1, one],
    [2, two],
  ] as const) {
    const node = cluster.node(index);
    node.config = { ...node.config, ...change };
  }
  cluster.start();
  cluster.run(15);
  return cluster;
}

const overV6 = (index: number) => ({ address: v6Address(3 - index), localAddress: v6Address(index) });
const V4 = '10.244.2.0/24 via 192.0.2.2';
const V6 = 'fd00:244:2::/64 via 2001:db8::2';

describe('node 1 learns from node 2', () => {
  test.each([
    ['both families over IPv4', dualStack(1), dualStack(2), [V4, V6]],
    ['both families over IPv6', dualStack(1, overV6(1)), dualStack(2, overV6(2)), [V4, V6]],
    [
      'nothing of a family in which node 2 has no address, rather than a next hop that is none',
      dualStack(1),
      { ...dualStack(2), nextHops: { ipv4: nodeAddress(2) } },
      [V4],
    ],
    [
      'IPv4 over IPv6 with a next hop of IPv6, where node 2 has no other (RFC 8950)',
      dualStack(1, overV6(1)),
      { ...dualStack(2, overV6(2)), nextHops: { ipv6: v6Address(2) } },
      ['10.244.2.0/24 via 2001:db8::2', V6],
    ],
    ['the one family that node 2 speaks', dualStack(1), dualStack(2, { families: ['ipv6-unicast'] }), [V6]],
  ])('%s', (_, one, two, routes) => {
    const cluster = pair(one, two);
    expect(cluster.routes(1)).toEqual(routes);
    expect(cluster.peer(1, 2)).toMatchObject({ state: 'established', endOfRib: true, flaps: 0 });
    expect(cluster.node(1).speaker.converged).toBe(true);
  });

  test('an address that node 2 gets later, and one that it loses, without a flap', () => {
    const cluster = pair(dualStack(1), { ...dualStack(2), nextHops: { ipv4: nodeAddress(2) } });
    cluster.configure(2, (c) => ({ ...c, nextHops: { ...c.nextHops, ipv6: v6Address(2) } }));
    cluster.run(1);
    expect(cluster.routes(1)).toEqual([V4, V6]);
    cluster.configure(2, (c) => ({ ...c, nextHops: { ipv6: v6Address(9) } }));
    cluster.run(1);
    expect(cluster.routes(1)).toEqual(['fd00:244:2::/64 via 2001:db8::9']);
    expect(cluster.peer(1, 2).flaps).toBe(0);
  });
});

test('a changed router ID restarts the sessions, which tell why and are back in seconds', () => {
  const cluster = converged(3);
  cluster.configure(1, (c) => ({ ...c, routerID: address('198.51.100.1') }));
  cluster.run(5);
  for (const index of [1, 2, 3]) expect(cluster.routes(index)).toEqual(others(3, index));
  expect(cluster.peer(2, 1)).toMatchObject({
    remoteRouterID: '198.51.100.1',
    flaps: 1,
    lastDown: { reason: 'peer sent Cease/Other Configuration Change' },
  });
  expect(cluster.peer(2, 3).flaps).toBe(0);
});

test('two nodes with one router ID refuse each other and say so; the third has both', () => {
  const cluster = new SimCluster(3);
  const node = cluster.node(2);
  node.config = { ...node.config, routerID: nodeAddress(1) };
  cluster.start();
  cluster.run(60);
  expect(cluster.routes(3)).toEqual(others(3, 3));
  expect(cluster.routes(1)).toEqual(['10.244.3.0/24 via 192.0.2.3']);
  const reasons = [cluster.peer(1, 2), cluster.peer(2, 1)].map((p) => p.lastError);
  for (const reason of reasons) {
    expect([
      'peer has our own router ID 192.0.2.1',
      'peer sent OPEN Message Error/Bad BGP Identifier',
    ]).toContain(reason);
  }
});
