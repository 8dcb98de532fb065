import { expect, it } from 'vitest';
import { computeGateways, gatewayRoute } from '../../../src/calc/bgp/gateways.ts';
import { NextHopResolver } from '../../../src/calc/next-hops.ts';
import { address } from '../../../src/net/address.ts';
import { bgpPeer, byName, kernelRoute, node } from '../../support/records.ts';
import { selfOf } from '../../support/self.ts';

const self = selfOf('a', byName(node('a', [], ['192.0.2.1'], { labels: { rack: 'r1' } })));
const peers = byName(
  bgpPeer('b', '198.51.100.1', 1, { reachableBy: address('192.0.2.9') }),
  bgpPeer('a', '198.51.100.1', 1, { reachableBy: address('192.0.2.8') }),
  bgpPeer('rack', '2001:db8::1', 1, { reachableBy: address('2001:db8:1::1'), nodeSelector: 'r1' }),
  bgpPeer('elsewhere', '198.51.100.3', 1, { reachableBy: address('192.0.2.9'), node: 'b' }),
  bgpPeer('direct', '198.51.100.4', 1),
);

it('of the peers of this node, one each, the first by name', () => {
  const found = computeGateways(self, peers, (selector, labels) => labels['rack'] === selector);
  expect(found.map((g) => `${g.prefix} via ${g.gateway} # ${g.from}`)).toEqual([
    '198.51.100.1/32 via 192.0.2.8 # BGPPeer a',
    '2001:db8::1/128 via 2001:db8:1::1 # BGPPeer rack',
  ]);
});

it('next hops behind the gateway are resolved through it, and through nothing where it is not reached', () => {
  const [gateway] = computeGateways(self, peers, () => false);
  if (gateway === undefined) throw new Error('no gateway');
  const resolve = (...table: readonly string[]) =>
    new NextHopResolver(
      [gatewayRoute(gateway), ...table.map((to) => kernelRoute(to, { link: 2 }))],
      new Set(),
      new Set(),
    ).resolve(address('198.51.100.1'));
  expect(resolve('192.0.2.0/24')).toEqual({
    kind: 'resolved',
    direct: false,
    nextHops: [{ gateway: '192.0.2.8', link: 2 }],
  });
  expect(resolve()).toEqual({ kind: 'unresolved', reason: 'the kernel has no route to it' });
});
