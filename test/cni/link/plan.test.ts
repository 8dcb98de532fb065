import { expect, test } from 'vitest';
import { createRequests, gatewayRequests, hostRoute, podRequests } from '../../../src/cni/link/plan.ts';
import { address } from '../../../src/net/address.ts';
import { parseMac } from '../../../src/net/mac.ts';

const v4 = address('10.244.1.2');
const v6 = address('fd00:244:1::2');

test('the pair is made with its peer in the pod; the alias, the settings and no automatic address follow before it comes up', () => {
  const plan = {
    hostLink: 'gryp0123456789a',
    ifname: 'eth0',
    alias: 'gryphon:n/c/eth0',
    mtu: 1450,
    netns: 17,
    mac: parseMac('02:00:00:00:00:01')!,
  };
  expect(createRequests({ ...plan, ipv6: true })).toEqual([
    {
      kind: 'link.createVeth',
      end: { name: 'gryp0123456789a', mac: 'ee:ee:ee:ee:ee:ee', mtu: 1450, queues: 1 },
      peer: { name: 'eth0', mac: '02:00:00:00:00:01', mtu: 1450, netns: 17, queues: 1 },
    },
    {
      kind: 'link.set',
      link: { name: 'gryp0123456789a' },
      alias: 'gryphon:n/c/eth0',
      ipv4: { forwarding: true, rpFilter: 1, arpIgnore: 0 },
      addressGeneration: 'none',
    },
    { kind: 'link.set', link: { name: 'gryp0123456789a' }, up: true },
  ]);
  expect(createRequests({ ...plan, ipv6: false })[1]).not.toHaveProperty('addressGeneration');
});

test('the host end has the gateways: 169.254.1.1 of scope host, the link-local one without DAD', () => {
  expect(gatewayRequests(7, [v4, v6], 'held')).toEqual([
    {
      kind: 'address.replace',
      address: { link: 7, address: '169.254.1.1', prefixLength: 32, scope: 254, flags: 0 },
    },
    {
      kind: 'address.replace',
      address: { link: 7, address: 'fe80::ecee:eeff:feee:eeee', prefixLength: 64, scope: 253, flags: 2 },
    },
  ]);
});

test('beside a router 169.254.1.1 the host end answers for it by proxy; the other gateway is the same', () => {
  expect(gatewayRequests(7, [v4, v6], 'proxied')[0]).toEqual({
    kind: 'neighbour.replace',
    neighbour: { link: 7, address: '169.254.1.1', state: 0, proxy: true },
  });
  expect(gatewayRequests(7, [v4, v6], 'proxied')[1]).toEqual(gatewayRequests(7, [v4, v6], 'held')[1]);
});

test('the pod: address, way to the gateway, default through it; each needs what stands before it', () => {
  const text = podRequests(3, [v4, v6]).map((request) => {
    if (request.kind === 'route.create')
      return `${request.kind} ${request.route.prefix} via ${request.route.nextHops[0]?.gateway}`;
    if (request.kind === 'address.replace')
      return `${request.kind} ${request.address.address}/${request.address.prefixLength} ${request.address.flags}`;
    return request.kind;
  });
  expect(text).toEqual([
    'link.set',
    'address.replace 10.244.1.2/32 0',
    'route.create 169.254.1.1/32 via undefined',
    'route.create 0.0.0.0/0 via 169.254.1.1',
    'address.replace fd00:244:1::2/128 2',
    'route.create ::/0 via fe80::ecee:eeff:feee:eeee',
    'neighbour.replace',
  ]);
});

test('the way to the pod carries our protocol', () => {
  const common = { kind: 'unicast', table: 254, protocol: 71, nextHops: [{ link: 7 }] };
  expect(hostRoute(7, v4, 71)).toEqual({ ...common, prefix: '10.244.1.2/32', scope: 253, metric: 0 });
  expect(hostRoute(7, v6, 71)).toEqual({ ...common, prefix: 'fd00:244:1::2/128', scope: 0, metric: 1024 });
});
