import { expect, test } from 'vitest';
import { address } from '../../../src/net/address.ts';
import { type Mac, parseMac } from '../../../src/net/mac.ts';
import { prefix } from '../../../src/net/prefix.ts';
import { MessageWriter } from '../../../src/netlink/wire/message-writer.ts';
import type { RouteRecord } from '../../../src/netlink/wire/records.ts';
import { encodeRequest } from '../../../src/netlink/wire/request-codec.ts';
import type { NetlinkRequest } from '../../../src/netlink/wire/requests.ts';

const V0 = 10;
const V2 = 3;
const mac = (text: string): Mac => parseMac(text)!;
const gateway = (text: string) => ({ gateway: address(text), link: V0 });

const route = (p: string, more: Partial<RouteRecord>): RouteRecord => ({
  prefix: prefix(p),
  kind: more.nextHops === undefined ? 'blackhole' : 'unicast',
  table: 254,
  protocol: 71,
  scope: 0,
  metric: 0,
  nextHops: [],
  ...more,
});

/** What iproute2 6.1 sent for the command (strace), with the sequence number cleared. */
const vectors: readonly [command: string, hex: string, request: NetlinkRequest][] = [
  [
    'ip route add 10.1.0.0/24 via 10.0.0.2 dev v0 proto 71',
    '3400000018000506000000000000000002180000fe47000100000000080001000a010000080005000a000002080004000a000000',
    { kind: 'route.create', route: route('10.1.0.0/24', { nextHops: [gateway('10.0.0.2')] }) },
  ],
  [
    'ip route replace 10.1.0.0/24 via 172.16.0.3 dev v0 proto 71 onlink',
    '3400000018000505000000000000000002180000fe47000104000000080001000a01000008000500ac100003080004000a000000',
    {
      kind: 'route.replace',
      route: route('10.1.0.0/24', { nextHops: [{ ...gateway('172.16.0.3'), onlink: true }] }),
    },
  ],
  [
    'ip route append blackhole 10.2.0.0/24 proto 71 metric 5',
    '2c0000001800050c000000000000000002180000fe47000600000000080001000a0200000800060005000000',
    { kind: 'route.append', route: route('10.2.0.0/24', { metric: 5 }) },
  ],
  [
    'ip route add 10.3.0.0/24 proto 71 nexthop via 10.0.0.2 dev v0 weight 1 nexthop via 10.0.0.3 dev v0 weight 4',
    '4800000018000506000000000000000002180000fe47000100000000080001000a03000024000900100000000a000000080005000a000002100000030a000000080005000a000003',
    {
      kind: 'route.create',
      route: route('10.3.0.0/24', { nextHops: [gateway('10.0.0.2'), { ...gateway('10.0.0.3'), weight: 3 }] }),
    },
  ],
  [
    'ip route add 10.4.0.0/24 proto 71 via inet6 fd00::2 dev v0',
    '4400000018000506000000000000000002180000fe47000100000000080001000a040000160012000a00fd0000000000000000000000000000020000080004000a000000',
    { kind: 'route.create', route: route('10.4.0.0/24', { nextHops: [gateway('fd00::2')] }) },
  ],
  [
    'ip route add 10.5.0.5/32 proto 71 dev v0 src 10.0.0.1 scope link',
    '3400000018000506000000000000000002200000fe47fd0100000000080001000a050005080007000a000001080004000a000000',
    {
      kind: 'route.create',
      route: route('10.5.0.5/32', { scope: 253, source: address('10.0.0.1'), nextHops: [{ link: V0 }] }),
    },
  ],
  [
    'ip route del 10.1.0.0/24 proto 71',
    '2400000019000500000000000000000002180000fe47ff0000000000080001000a010000',
    { kind: 'route.delete', route: route('10.1.0.0/24', { kind: 'other' }) },
  ],
  [
    'ip -6 route add blackhole fd02::/64 proto 71',
    '300000001800050600000000000000000a400000fe4700060000000014000100fd020000000000000000000000000000',
    { kind: 'route.create', route: route('fd02::/64', {}) },
  ],
  [
    'ip address replace 10.0.0.9/32 dev v0',
    '28000000140005050000000000000000022000000a000000080002000a000009080001000a000009',
    {
      kind: 'address.replace',
      address: { link: V0, address: address('10.0.0.9'), prefixLength: 32, scope: 0, flags: 0x80 },
    },
  ],
  [
    'ip -6 address replace fd00::9/128 dev v0 nodad',
    '400000001400050500000000000000000a8002000a00000014000200fd00000000000000000000000000000914000100fd000000000000000000000000000009',
    {
      kind: 'address.replace',
      address: { link: V0, address: address('fd00::9'), prefixLength: 128, scope: 0, flags: 0x02 },
    },
  ],
  [
    'ip -6 address del fd00::9/128 dev v0',
    '400000001500050000000000000000000a8000000a00000014000200fd00000000000000000000000000000914000100fd000000000000000000000000000009',
    {
      kind: 'address.delete',
      address: { link: V0, address: address('fd00::9'), prefixLength: 128, scope: 0, flags: 0x82 },
    },
  ],
  [
    'ip neigh replace 10.0.0.9 lladdr 02:00:00:00:00:99 nud permanent dev v0',
    '300000001c0005050000000000000000020000000a00000080000000080001000a0000090a0002000200000000990000',
    {
      kind: 'neighbour.replace',
      neighbour: {
        link: V0,
        address: address('10.0.0.9'),
        mac: mac('02:00:00:00:00:99'),
        state: 0x80,
        proxy: false,
      },
    },
  ],
  [
    'ip neigh del 10.0.0.9 dev v0',
    '240000001d0005000000000000000000020000000a00000080000000080001000a000009',
    {
      kind: 'neighbour.delete',
      neighbour: { link: V0, address: address('10.0.0.9'), state: 0x80, proxy: false },
    },
  ],
  [
    'ip link set v2 up',
    '2000000010000500000000000000000000000000030000000100000001000000',
    { kind: 'link.set', link: { index: V2 }, up: true },
  ],
  [
    'ip link set v2 alias gryphon/abc',
    '30000000100005000000000000000000000000000300000000000000000000000f00140067727970686f6e2f61626300',
    { kind: 'link.set', link: { index: V2 }, alias: 'gryphon/abc' },
  ],
  [
    'ip link set v2 group 42',
    '280000001000050000000000000000000000000003000000000000000000000008001b002a000000',
    { kind: 'link.set', link: { index: V2 }, group: 42 },
  ],
  [
    'ip link set v2 mtu 1300',
    '28000000100005000000000000000000000000000300000000000000000000000800040014050000',
    { kind: 'link.set', link: { index: V2 }, mtu: 1300 },
  ],
  [
    'ip link set v2 master br0',
    '280000001000050000000000000000000000000003000000000000000000000008000a0004000000',
    { kind: 'link.set', link: { index: V2 }, master: 4 },
  ],
  [
    'ip link del v2',
    '2000000011000500000000000000000000000000030000000000000000000000',
    { kind: 'link.delete', link: { index: V2 } },
  ],
  [
    'ip link del group 42',
    '280000001100050000000000000000000000000000000000000000000000000008001b002a000000',
    { kind: 'link.delete', link: { group: 42 } },
  ],
];

test.each(vectors)('%s', (_command, hex, request) => {
  const out = new MessageWriter();
  encodeRequest(out, request, 0, true);
  expect(Buffer.from(out.view()).toString('hex')).toBe(hex);
});
