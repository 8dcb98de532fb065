import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeAcknowledgement, decodeDone } from '../../../src/netlink/wire/acknowledgement.ts';
import { describeRoute } from '../../../src/netlink/wire/describe.ts';
import { NetlinkFormatError } from '../../../src/netlink/wire/error.ts';
import { decodeEvent } from '../../../src/netlink/wire/event.ts';
import { MessageReader } from '../../../src/netlink/wire/message-reader.ts';
import { decodeNeighbour } from '../../../src/netlink/wire/neighbour.ts';
import { bytes, kernelAnswers, kernelVectors } from './kernel-vectors.ts';

function message(hex: string): MessageReader {
  const reader = new MessageReader(bytes(hex));
  expect(reader.next()).toBe(true);
  return reader;
}
const event = (key: keyof typeof kernelVectors) => decodeEvent(message(kernelVectors[key]));

describe('what the kernel told', () => {
  test('a link', () => {
    expect(event('link set v0 mtu 1399')).toEqual({
      kind: 'link.changed',
      link: {
        index: 10,
        name: 'v0',
        kind: 'veth',
        mac: '02:00:00:00:00:10',
        mtu: 1399,
        up: true,
        carrier: true,
        loopback: false,
        alias: 'gryphon/abc',
        parent: 11,
      },
    });
  });

  test('addresses: the local one, with all flags', () => {
    expect([event('address add 10.0.0.7/32 dev v0'), event('address add fd00::7/128 dev v0 nodad')]).toEqual([
      {
        kind: 'address.changed',
        address: { link: 10, address: '10.0.0.7', prefixLength: 32, scope: 0, flags: 0x80 },
      },
      {
        kind: 'address.changed',
        address: { link: 10, address: 'fd00::7', prefixLength: 128, scope: 0, flags: 0x82 },
      },
    ]);
  });

  test.each<[keyof typeof kernelVectors, string, string]>([
    [
      'route add 10.1.0.0/24 via 10.0.0.2 dev v0 proto 71',
      'route.changed',
      '10.1.0.0/24 via 10.0.0.2 dev if10 proto 71',
    ],
    [
      'route replace 10.1.0.0/24 proto 71 nexthop via 10.0.0.2 dev v0 weight 1 nexthop via 10.0.0.3 dev v0 weight 4',
      'route.changed replaced',
      '10.1.0.0/24 proto 71 nexthop via 10.0.0.2 dev if10 weight 1 nexthop via 10.0.0.3 dev if10 weight 4',
    ],
    [
      'route add 10.4.0.0/24 proto 71 via inet6 fd00::2 dev v0',
      'route.changed',
      '10.4.0.0/24 via inet6 fd00::2 dev if10 proto 71',
    ],
    [
      'route add 10.6.0.0/24 via 172.16.0.1 dev v0 onlink src 10.0.0.1 table 1000',
      'route.changed',
      '10.6.0.0/24 via 172.16.0.1 dev if10 table 1000 proto boot src 10.0.0.1 onlink',
    ],
    ['route add blackhole fd02::/64 proto 71', 'route.changed', 'blackhole fd02::/64 proto 71 metric 1024'],
    [
      'route add fd01::/64 proto 71 nexthop via fd00::2 nexthop via fd00::3',
      'route.changed',
      'fd01::/64 proto 71 metric 1024 nexthop via fd00::2 dev if10 weight 1 nexthop via fd00::3 dev if10 weight 1',
    ],
    [
      'route del fd01::/64 proto 71 via fd00::2',
      'route.gone',
      'fd01::/64 via fd00::2 dev if10 proto 71 metric 1024',
    ],
  ])('%s', (command, kind, text) => {
    const told = event(command);
    if (told?.kind !== 'route.changed' && told?.kind !== 'route.gone') throw new Error('no route');
    const replaced = told.kind === 'route.changed' && told.replaced;
    expect([replaced ? `${told.kind} replaced` : told.kind, describeRoute(told.route)]).toEqual([kind, text]);
  });

  test('a neighbour', () => {
    const hex = kernelVectors['neigh replace 10.0.0.9 lladdr 02:00:00:00:00:99 nud permanent dev v0'];
    expect(decodeNeighbour(message(hex))).toEqual({
      link: 10,
      address: '10.0.0.9',
      mac: '02:00:00:00:00:99',
      state: 0x80,
      proxy: false,
    });
    expect(decodeEvent(message(hex))).toBeUndefined();
  });

  test.each([
    ['a gateway that is not reachable', { errno: 101, text: 'Nexthop has invalid gateway' }],
    ['a prefix length of 77', { errno: 22, text: 'ipv4: Invalid prefix length' }],
    ['success', { errno: 0 }],
  ] as const)('the answer to %s', (what, answer) => {
    expect(decodeAcknowledgement(message(kernelAnswers[what]))).toEqual(answer);
  });

  test('an answer that repeats the request, with offset and cookie', () => {
    // Not capped: the header says 20 bytes, so four bytes of payload precede the attributes.
    const hex =
      '3c000000020000020700000000000000eaffffff14000000180005060700000000000000deadbeef08000200180000000c0003000102030405060708';
    expect(decodeAcknowledgement(message(hex))).toEqual({
      errno: 22,
      offset: 24,
      cookie: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
    });
  });

  test('the end of a dump, plain and with an error', () => {
    expect(decodeDone(message('1400000003000200000000000000000000000000'))).toEqual({ errno: 0 });
    expect(decodeDone(message('20000000030002020000000000000000eaffffff090001006e6f706500000000'))).toEqual({
      errno: 22,
      text: 'nope',
    });
  });
});

describe('what is not for us', () => {
  const patched = (hex: string, offset: number, value: number): MessageReader => {
    const copy = bytes(hex);
    copy[offset] = value;
    const reader = new MessageReader(copy);
    reader.next();
    return reader;
  };
  const routeHex = kernelVectors['route add 10.1.0.0/24 via 10.0.0.2 dev v0 proto 71'];

  test.each([
    ['a bridge port (AF_BRIDGE)', patched(kernelVectors['link set v0 mtu 1399'], 16, 7)],
    ['an MPLS route', patched(routeHex, 16, 28)],
    ['a cached route', patched(routeHex, 25, 2)],
    ['an address of another family', patched(kernelVectors['address add 10.0.0.7/32 dev v0'], 16, 12)],
    ['a message of another type', patched(routeHex, 4, 32)],
  ])('%s is undefined', (_what, reader) => {
    expect(decodeEvent(reader)).toBeUndefined();
  });

  test.each([
    ['bits beyond the prefix length', patched(routeHex, 17, 8)],
    ['a prefix length of 33', patched(routeHex, 17, 33)],
    ['no destination', patched(routeHex, 38, 99)],
    ['an address with prefix length 33', patched(kernelVectors['address add 10.0.0.7/32 dev v0'], 17, 33)],
  ])('%s is a NetlinkFormatError', (_what, reader) => {
    expect(() => decodeEvent(reader)).toThrow(NetlinkFormatError);
  });
});

describe('bytes that lie', () => {
  const all = [...Object.values(kernelVectors), ...Object.values(kernelAnswers)];

  /** Decodes whatever is there in every way; gives the number of messages. */
  function readAll(data: Uint8Array): number {
    const reader = new MessageReader(data);
    let messages = 0;
    while (reader.next()) {
      messages++;
      for (const decode of [decodeEvent, decodeNeighbour, decodeAcknowledgement, decodeDone]) {
        try {
          decode(reader);
        } catch (error) {
          if (!(error instanceof NetlinkFormatError)) throw error;
        }
      }
    }
    return messages;
  }

  test.each([
    ['a header cut short', '10000000'],
    ['a length below the header', '0f000000000000000000000000000000'],
    ['a length beyond the end', '11000000000000000000000000000000'],
  ])('%s', (_what, hex) => {
    expect(() => readAll(bytes(hex))).toThrow(NetlinkFormatError);
  });

  test('every truncation is refused or read, never read beyond', () => {
    for (const hex of all) {
      const whole = bytes(hex);
      for (let length = 1; length < whole.length; length++)
        expect(() => readAll(whole.subarray(0, length))).toThrow(NetlinkFormatError);
    }
  });

  test('any mutation throws nothing but NetlinkFormatError and comes to an end', () => {
    const mutation = fc.record({
      hex: fc.constantFrom(...all),
      changes: fc.array(fc.tuple(fc.nat(200), fc.integer({ min: 0, max: 255 })), {
        minLength: 1,
        maxLength: 8,
      }),
      cut: fc.nat(20),
    });
    fc.assert(
      fc.property(mutation, ({ hex, changes, cut }) => {
        const data = bytes(hex);
        for (const [at, value] of changes) data[at % data.length] = value;
        const part = data.subarray(0, Math.max(1, data.length - cut));
        try {
          expect(readAll(part)).toBeLessThanOrEqual(part.length / 16);
        } catch (error) {
          expect(error).toBeInstanceOf(NetlinkFormatError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
