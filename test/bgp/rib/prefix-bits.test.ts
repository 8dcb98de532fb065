import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { covers, prefixBits } from '../../../src/bgp/rib/prefix-bits.ts';
import { addressFromBytes } from '../../../src/net/address.ts';
import { containsPrefix, networkOf, type Prefix, prefix } from '../../../src/net/prefix.ts';

describe('a prefix as numbers', () => {
  test.each([
    ['0.0.0.0/0', { length: 0, words: [0] }],
    ['10.244.1.0/24', { length: 24, words: [0x0af40100] }],
    ['255.255.255.255/32', { length: 32, words: [0xffffffff] }],
    ['fd00:244:1::/64', { length: 64, words: [0xfd000244, 0x00010000, 0, 0] }],
  ])('%s', (text, bits) => {
    expect(prefixBits(prefix(text))).toEqual(bits);
  });
});

describe('covering', () => {
  /** Few different bits, so that prefixes often lie inside of one another. */
  const anyPrefix: fc.Arbitrary<Prefix> = fc
    .tuple(
      fc.constantFrom(4 as const, 6 as const),
      fc.array(fc.constantFrom(0, 0x80, 1, 0xff), { minLength: 16, maxLength: 16 }),
    )
    .chain(([family, bytes]) =>
      fc
        .integer({ min: 0, max: family === 4 ? 32 : 128 })
        .map((length) => networkOf(addressFromBytes(Uint8Array.from(bytes), 0, family), length)),
    );

  test('is what the texts say', () => {
    fc.assert(
      fc.property(anyPrefix, anyPrefix, (a, b) => {
        expect(covers(prefixBits(a), prefixBits(b))).toBe(containsPrefix(a, b));
      }),
    );
  });

  test('holds for every shorter network around an address', () => {
    fc.assert(
      fc.property(anyPrefix, fc.integer({ min: 0, max: 128 }), (inner, length) => {
        const [address = '', own = ''] = inner.split('/');
        fc.pre(length <= Number(own));
        const outer = networkOf(address as Parameters<typeof networkOf>[0], length);
        expect(covers(prefixBits(outer), prefixBits(inner))).toBe(true);
        expect(covers(prefixBits(inner), prefixBits(outer))).toBe(outer === inner);
      }),
    );
  });
});
