import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { describe, expect, it } from 'vitest';
import {
  address,
  addressBytes,
  addressFromBigInt,
  addressFromBytes,
  addressToBigInt,
  compareAddresses,
  familyOf,
  isLinkLocal,
  isLoopback,
  isMulticast,
  isUnspecified,
  parseAddress,
} from '../../src/net/address.ts';

describe('parseAddress', () => {
  it.each([
    ['', 'empty'],
    ['1.2.3', 'three octets'],
    ['1.2.3.4.5', 'five octets'],
    ['1.2.3.256', 'octet above 255'],
    ['1.2.3.04', 'leading zero: octal to some'],
    ['1.2..4', 'empty octet'],
    ['1.2.3.4 ', 'trailing space'],
    ['0x1.2.3.4', 'hexadecimal'],
    [':', 'one colon'],
    [':::', 'three colons'],
    ['1::2::3', 'two gaps'],
    ['1:2:3:4:5:6:7', 'seven groups'],
    ['1:2:3:4:5:6:7:8:9', 'nine groups'],
    ['1:2:3:4:5:6:7::8', 'a gap of nothing'],
    ['12345::', 'five digits'],
    ['g::', 'no hexadecimal digit'],
    ['fe80::1%eth0', 'a zone'],
    ['::1.2.3', 'short dotted tail'],
    ['1.2.3.4::', 'dotted head'],
  ])('refuses %j: %s', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  it.each([
    ['0.0.0.0', '0.0.0.0'],
    ['255.255.255.255', '255.255.255.255'],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['0:0:0:0:0:ffff:192.0.2.1', '::ffff:192.0.2.1'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
  ])('writes %s as %s (RFC 5952)', (text, canonical) => {
    expect(parseAddress(text)).toBe(canonical);
  });

  it('agrees with ipaddr.js on every 16 bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.array(fc.nat(15)), (random, zeroed) => {
        const bytes = Uint8Array.from(random, (b, i) => (zeroed.includes(i) ? 0 : b));
        const ours = addressFromBytes(bytes, 0, 6);
        expect([...addressBytes(ours)]).toEqual([...bytes]);
        expect(ipaddr.parse(ours).toByteArray()).toEqual([...bytes]);
        expect(parseAddress(ours)).toBe(ours);
        const long = ipaddr.fromByteArray([...bytes]).toNormalizedString();
        expect(parseAddress(long)).toBe(ours);
      }),
    );
  });

  it('round-trips every 4 bytes and every integer', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 4 }), (bytes) => {
        const ours = addressFromBytes(bytes, 0, 4);
        expect(addressBytes(ours)).toEqual(bytes);
        expect(addressFromBigInt(addressToBigInt(ours), 4)).toBe(ours);
      }),
    );
  });
});

it('address() names the text it refuses and how to write it', () => {
  expect(() => address('node-1')).toThrow(
    expect.objectContaining({ code: 'GRY_ADDRESS_INVALID', message: expect.stringContaining('"node-1"') }),
  );
  expect(() => addressBytes('x' as never)).toThrow(/no address/);
});

it('sorts by number, IPv4 first', () => {
  const sorted = ['2.0.0.0', '10.0.0.0', '10.0.0.1', '::1', 'fd00::', 'fd00::a'].map(address);
  expect([...sorted].reverse().sort(compareAddresses)).toEqual(sorted);
  expect(compareAddresses(address('::1'), address('::1'))).toBe(0);
});

it.each([
  ['169.254.1.1', { linkLocal: true, loopback: false, multicast: false, unspecified: false }],
  ['fe80::1', { linkLocal: true, loopback: false, multicast: false, unspecified: false }],
  ['febf::1', { linkLocal: true, loopback: false, multicast: false, unspecified: false }],
  ['fec0::1', { linkLocal: false, loopback: false, multicast: false, unspecified: false }],
  ['127.8.0.1', { linkLocal: false, loopback: true, multicast: false, unspecified: false }],
  ['::1', { linkLocal: false, loopback: true, multicast: false, unspecified: false }],
  ['239.1.1.1', { linkLocal: false, loopback: false, multicast: true, unspecified: false }],
  ['240.0.0.1', { linkLocal: false, loopback: false, multicast: false, unspecified: false }],
  ['ff02::1', { linkLocal: false, loopback: false, multicast: true, unspecified: false }],
  ['0.0.0.0', { linkLocal: false, loopback: false, multicast: false, unspecified: true }],
  ['::', { linkLocal: false, loopback: false, multicast: false, unspecified: true }],
])('classifies %s', (text, expected) => {
  const a = address(text);
  expect({
    linkLocal: isLinkLocal(a),
    loopback: isLoopback(a),
    multicast: isMulticast(a),
    unspecified: isUnspecified(a),
  }).toEqual(expected);
  expect(familyOf(a)).toBe(text.includes(':') ? 6 : 4);
});
