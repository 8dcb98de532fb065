import { expect, test } from 'vitest';
import { parseMac } from '../../../src/net/mac.ts';
import { NLM_F, RTM } from '../../../src/netlink/wire/constants.ts';
import { decodeLink, writeLinkFilter, writeLinkLookup } from '../../../src/netlink/wire/link.ts';
import { writeLinkAddressFilter } from '../../../src/netlink/wire/link-address.ts';
import { MessageReader } from '../../../src/netlink/wire/message-reader.ts';
import { MessageWriter } from '../../../src/netlink/wire/message-writer.ts';
import { writeNeighbourFilter } from '../../../src/netlink/wire/neighbour.ts';
import { encodeRequest } from '../../../src/netlink/wire/request-codec.ts';
import type { NetlinkRequest } from '../../../src/netlink/wire/requests.ts';
import { writeRouteFilter } from '../../../src/netlink/wire/route.ts';

const hexOf = (write: (out: MessageWriter) => void): string => {
  const out = new MessageWriter();
  write(out);
  return Buffer.from(out.view()).toString('hex');
};

const dump = (type: number, filter: (out: MessageWriter) => void): string =>
  hexOf((out) => {
    out.begin(type, NLM_F.REQUEST | NLM_F.DUMP, 0);
    filter(out);
    out.end();
  });

// What iproute2 6.1 asked (strace), sequence number cleared; `skip stats` is our own.
test.each<[string, string, string]>([
  [
    'ip route show table 1000 proto 71',
    '240000001a000103000000000000000002000000004700000000000008000f00e8030000',
    dump(RTM.GETROUTE, (out) => writeRouteFilter(out, 4, { table: 1000, protocol: 71 })),
  ],
  [
    'ip -6 route show table main proto 71',
    '240000001a00010300000000000000000a000000004700000000000008000f00fe000000',
    dump(RTM.GETROUTE, (out) => writeRouteFilter(out, 6, { table: 254, protocol: 71 })),
  ],
  [
    'ip -4 address show',
    '180000001600010300000000000000000200000000000000',
    dump(RTM.GETADDR, (out) => writeLinkAddressFilter(out, 4)),
  ],
  [
    'every address',
    '180000001600010300000000000000000000000000000000',
    dump(RTM.GETADDR, (out) => writeLinkAddressFilter(out, undefined)),
  ],
  [
    'ip neigh show proxy',
    '1c0000001e0001030000000000000000000000000000000000000800',
    dump(RTM.GETNEIGH, (out) => writeNeighbourFilter(out, undefined, true)),
  ],
  [
    'ip -6 neigh show',
    '1c0000001e00010300000000000000000a0000000000000000000000',
    dump(RTM.GETNEIGH, (out) => writeNeighbourFilter(out, 6, false)),
  ],
  [
    'every link, skip stats',
    '280000001200010300000000000000000000000000000000000000000000000008001d0008000000',
    dump(RTM.GETLINK, writeLinkFilter),
  ],
  [
    'one link by name, skip stats',
    '00000000000000000000000000000000070003007630000008001d0008000000',
    hexOf((out) => writeLinkLookup(out, { name: 'v0' })),
  ],
])('%s', (_what, expected, written) => {
  expect(written).toBe(expected);
});

test('a MAC, a master, a namespace and an address generation mode, ours byte by byte', () => {
  const mac = parseMac('02:00:00:00:00:01')!;
  const request: NetlinkRequest = {
    kind: 'link.set',
    link: { index: 3 },
    mac,
    master: 4,
    netns: 5,
    addressGeneration: 'none',
  };
  const out = new MessageWriter();
  encodeRequest(out, request, 0, true);
  expect(Buffer.from(out.view()).toString('hex')).toBe(
    '4c000000100005000000000000000000' +
      '00000000030000000000000000000000' +
      '0a0001000200000000010000' +
      '08000a0004000000' +
      '08001c0005000000' +
      '10001a80' +
      '0c000a80' +
      '0500080001000000',
  );
  const reader = new MessageReader(out.view());
  reader.next();
  expect(decodeLink(reader)).toMatchObject({ index: 3, mac, master: 4 });
});

test('IPv4 settings stand before the address generation mode, each under its number in the kernel', () => {
  const out = new MessageWriter();
  encodeRequest(
    out,
    {
      kind: 'link.set',
      link: { index: 3 },
      ipv4: { forwarding: true, rpFilter: 1, arpIgnore: 0 },
      addressGeneration: 'none',
    },
    0,
    true,
  );
  expect(Buffer.from(out.view()).toString('hex')).toBe(
    '50000000100005000000000000000000' +
      '00000000030000000000000000000000' +
      '30001a80' +
      '20000280' +
      '1c000180' +
      '0800010001000000' +
      '0800080001000000' +
      '0800130000000000' +
      '0c000a80' +
      '0500080001000000',
  );
});

test('a link whose address is no MAC has none', () => {
  const reader = new MessageReader(
    Uint8Array.from(
      Buffer.from('280000001000000000000000000000000000030307000000000000000000000008000100c0000201', 'hex'),
    ),
  );
  reader.next();
  expect(decodeLink(reader)).not.toHaveProperty('mac');
});
