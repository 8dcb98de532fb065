import { expect, test } from 'vitest';
import { address } from '../../../src/net/address.ts';
import { type Mac, parseMac } from '../../../src/net/mac.ts';
import { prefix } from '../../../src/net/prefix.ts';
import { describeRequest } from '../../../src/netlink/wire/describe.ts';
import type { LinkAddressRecord, NeighbourRecord, RouteRecord } from '../../../src/netlink/wire/records.ts';
import type { NetlinkRequest } from '../../../src/netlink/wire/requests.ts';

const mac = parseMac('ee:ee:ee:ee:ee:ee') as Mac;
const names = (index: number): string | undefined => ({ 2: 'eth0', 3: 'br0' })[index];
const route: RouteRecord = {
  prefix: prefix('0.0.0.0/0'),
  kind: 'unicast',
  table: 1000,
  protocol: 186,
  scope: 0,
  metric: 20,
  nextHops: [{ gateway: address('192.0.2.1'), link: 2, dead: true }],
};
const host: LinkAddressRecord = {
  link: 9,
  address: address('fd00::9'),
  prefixLength: 128,
  scope: 254,
  flags: 0x202,
};
const neighbour: NeighbourRecord = { link: 2, address: address('10.0.0.9'), mac, state: 0x80, proxy: false };

test.each<[string, NetlinkRequest]>([
  [
    'route add default via 192.0.2.1 dev eth0 table 1000 proto bgp metric 20 dead',
    { kind: 'route.create', route },
  ],
  [
    'route append unreachable 10.0.0.0/8 proto 99 scope 7',
    {
      kind: 'route.append',
      route: {
        ...route,
        prefix: prefix('10.0.0.0/8'),
        kind: 'unreachable',
        table: 254,
        protocol: 99,
        scope: 7,
        metric: 0,
        nextHops: [],
      },
    },
  ],
  [
    'route replace default via inet 192.0.2.1 table 1000 proto bgp src fd00::1 metric 20 onlink',
    {
      kind: 'route.replace',
      route: {
        ...route,
        prefix: prefix('::/0'),
        source: address('fd00::1'),
        nextHops: [{ gateway: address('192.0.2.1'), onlink: true }],
      },
    },
  ],
  [
    'route del 10.0.0.1 dev if7 table 1000 proto bgp metric 20',
    { kind: 'route.delete', route: { ...route, prefix: prefix('10.0.0.1/32'), nextHops: [{ link: 7 }] } },
  ],
  [
    'link add name v0 address ee:ee:ee:ee:ee:ee mtu 1450 up group 7 type veth peer name eth0 netns fd 5',
    {
      kind: 'link.createVeth',
      end: { name: 'v0', mac, mtu: 1450 },
      up: true,
      group: 7,
      peer: { name: 'eth0', netns: 5 },
    },
  ],
  ['link add br0 up type bridge', { kind: 'link.create', name: 'br0', linkKind: 'bridge', up: true }],
  [
    'link set dev eth0 name eth1 address ee:ee:ee:ee:ee:ee mtu 9000 alias "a b" group 3 master br0 netns fd 5 addrgenmode none forwarding=1 rp_filter=1 arp_ignore=0 up',
    {
      kind: 'link.set',
      link: { index: 2 },
      name: 'eth1',
      mac,
      mtu: 9000,
      alias: 'a b',
      group: 3,
      master: 3,
      netns: 5,
      addressGeneration: 'none',
      ipv4: { forwarding: true, rpFilter: 1, arpIgnore: 0 },
      up: true,
    },
  ],
  ['link set dev v0 nomaster down', { kind: 'link.set', link: { name: 'v0' }, master: 0, up: false }],
  ['link del group 7', { kind: 'link.delete', link: { group: 7 } }],
  ['link del dev v0', { kind: 'link.delete', link: { name: 'v0' } }],
  [
    'address replace fd00::9/128 dev if9 scope host nodad noprefixroute',
    { kind: 'address.replace', address: host },
  ],
  [
    'address del fd00::9/128 dev if9 scope 9',
    { kind: 'address.delete', address: { ...host, scope: 9, flags: 0 } },
  ],
  [
    'neigh replace 10.0.0.9 lladdr ee:ee:ee:ee:ee:ee dev eth0 nud permanent',
    { kind: 'neighbour.replace', neighbour },
  ],
  [
    'neigh del proxy 10.0.0.9 dev eth0',
    { kind: 'neighbour.delete', neighbour: { link: 2, address: address('10.0.0.9'), state: 0, proxy: true } },
  ],
])('%s', (text, request) => {
  expect(describeRequest(request, names)).toBe(text);
});
