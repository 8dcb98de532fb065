import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addressFromBigInt, type Family } from '../../../src/net/address.ts';
import { networkOf } from '../../../src/net/prefix.ts';
import { prefixWords } from '../../../src/net/prefix-words.ts';
import { NetlinkRequestError } from '../../../src/netlink/wire/error.ts';
import { decodeLink } from '../../../src/netlink/wire/link.ts';
import { decodeLinkAddress } from '../../../src/netlink/wire/link-address.ts';
import { MessageReader } from '../../../src/netlink/wire/message-reader.ts';
import { MessageWriter } from '../../../src/netlink/wire/message-writer.ts';
import { decodeNeighbour } from '../../../src/netlink/wire/neighbour.ts';
import type {
  LinkAddressRecord,
  NeighbourRecord,
  NextHopRecord,
  RouteRecord,
} from '../../../src/netlink/wire/records.ts';
import { encodeRequest } from '../../../src/netlink/wire/request-codec.ts';
import type { NetlinkRequest } from '../../../src/netlink/wire/requests.ts';
import { decodeRoute } from '../../../src/netlink/wire/route.ts';

const address = (family: Family) =>
  fc
    .bigInt({ min: 1n, max: (1n << (family === 4 ? 32n : 128n)) - 1n })
    .map((value) => addressFromBigInt(value, family));
const index = fc.integer({ min: 1, max: 1_000_000 });
const family = fc.constantFrom<Family>(4, 6);

const hop = (family: Family): fc.Arbitrary<NextHopRecord> =>
  fc.record(
    {
      // An IPv4 route may go through an IPv6 gateway (RFC 8950).
      gateway: family === 4 ? fc.oneof(address(4), address(6)) : address(6),
      link: index,
      onlink: fc.constant(true as const),
    },
    { requiredKeys: ['gateway', 'link'] },
  );
const weighted = (family: Family): fc.Arbitrary<NextHopRecord> =>
  fc.record({ gateway: address(family), link: index, weight: fc.integer({ min: 1, max: 255 }) });

const route = family.chain(
  (f): fc.Arbitrary<RouteRecord> =>
    fc.record(
      {
        prefix: fc
          .tuple(address(f), fc.integer({ min: 0, max: f === 4 ? 32 : 128 }))
          .map(([a, n]) => networkOf(a, n)),
        kind: fc.constantFrom('unicast', 'local', 'multicast'),
        table: fc.integer({ min: 1, max: 0xffffffff }),
        protocol: fc.integer({ min: 0, max: 255 }),
        scope: fc.integer({ min: 0, max: 255 }),
        metric: fc.integer({ min: 0, max: 0xffffffff }),
        source: address(f),
        nextHops: fc.oneof(
          hop(f).map((one) => [one]),
          fc.array(fc.oneof(hop(f), weighted(f)), { minLength: 2, maxLength: 20 }),
          fc.constant([]),
        ),
      },
      { requiredKeys: ['prefix', 'kind', 'table', 'protocol', 'scope', 'metric', 'nextHops'] },
    ),
);

/** Encodes with a neighbour on either side, so that a wrong length shows; gives the reader at the middle message. */
function sent(request: NetlinkRequest): MessageReader {
  const filler: NetlinkRequest = { kind: 'link.delete', link: { name: 'filler' } };
  const out = new MessageWriter(0);
  for (const [sequence, each] of [filler, request, filler].entries())
    encodeRequest(out, each, sequence, sequence === 2);
  const sequences: [number, number][] = [];
  for (const all = new MessageReader(out.view()); all.next(); ) sequences.push([all.sequence, all.flags & 5]);
  expect(sequences).toEqual([
    [0, 1],
    [1, 1],
    [2, 5],
  ]);
  const reader = new MessageReader(out.view());
  reader.next();
  reader.next();
  return reader;
}

test('what is sent as a route reads back as the same route', () => {
  fc.assert(
    fc.property(route, (record) => {
      expect(decodeRoute(sent({ kind: 'route.create', route: record }))).toEqual(record);
      const numbers = { how: 'route.create', prefix: prefixWords(record.prefix), form: record } as const;
      expect(decodeRoute(sent({ kind: 'route.write', ...numbers }))).toEqual(record);
    }),
  );
});

test('addresses and neighbours too', () => {
  const addresses = family.chain(
    (f): fc.Arbitrary<LinkAddressRecord> =>
      fc.record({
        link: index,
        address: address(f),
        prefixLength: fc.integer({ min: 0, max: f === 4 ? 32 : 128 }),
        scope: fc.integer({ min: 0, max: 255 }),
        flags: fc.constantFrom(0, 0x02, 0x200, 0x202),
      }),
  );
  fc.assert(
    fc.property(addresses, (record) => {
      expect(decodeLinkAddress(sent({ kind: 'address.replace', address: record }))).toEqual(record);
    }),
  );
  const neighbours: fc.Arbitrary<NeighbourRecord> = fc.record({
    link: index,
    address: family.chain(address),
    state: fc.constantFrom(0, 0x80),
    proxy: fc.boolean(),
  });
  fc.assert(
    fc.property(neighbours, (record) => {
      expect(decodeNeighbour(sent({ kind: 'neighbour.replace', neighbour: record }))).toEqual(record);
    }),
  );
});

test('a veth pair carries both ends; a link reads back its own', () => {
  const request: NetlinkRequest = {
    kind: 'link.createVeth',
    end: { name: 'gryp0123456789a', mtu: 1450 },
    up: true,
    group: 7,
    peer: { name: 'eth0', mtu: 1450, netns: 12 },
  };
  expect(decodeLink(sent(request))).toMatchObject({
    name: 'gryp0123456789a',
    kind: 'veth',
    mtu: 1450,
    up: true,
  });
  const bridge: NetlinkRequest = { kind: 'link.create', name: 'br0', linkKind: 'bridge' };
  expect(decodeLink(sent(bridge))).toMatchObject({ name: 'br0', kind: 'bridge', up: false });
});

test('a rename needs the index, for a message has room for one name', () => {
  const rename: NetlinkRequest = { kind: 'link.set', link: { name: 'a' }, name: 'b' };
  expect(() => sent(rename)).toThrow(NetlinkRequestError);
  expect(decodeLink(sent({ ...rename, link: { index: 4 } }))).toMatchObject({ index: 4, name: 'b' });
});
