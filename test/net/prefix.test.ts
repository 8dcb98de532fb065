import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { describe, expect, it } from 'vitest';
import { address } from '../../src/net/address.ts';
import {
  aggregatePrefixes,
  comparePrefixes,
  containsAddress,
  containsPrefix,
  defaultPrefix,
  hostPrefix,
  indexInPrefix,
  isHostPrefix,
  nthAddress,
  overlaps,
  parsePrefix,
  prefix,
  prefixAddress,
  prefixFamily,
  prefixLength,
  prefixSize,
} from '../../src/net/prefix.ts';
import { anyAddress, anyPrefix } from '../support/arbitraries.ts';

describe('parsePrefix', () => {
  it.each([
    '10.0.0.0',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/+8',
    '10.0.0.0/08',
    '10.0.0.1/24',
    '::/129',
    'fd00::1/64',
    'x/8',
    '/8',
  ])('refuses %s', (text) => {
    expect(parsePrefix(text)).toBeUndefined();
  });

  it.each([
    ['10.0.0.1/24', '10.0.0.0/24'],
    ['10.255.255.255/9', '10.128.0.0/9'],
    ['fd00:1:2:3:4::/62', 'fd00:1:2::/62'],
    ['1.2.3.4/0', '0.0.0.0/0'],
  ])('clears the host bits of %s when asked to', (text, masked) => {
    expect(parsePrefix(text, { mask: true })).toBe(masked);
    expect(() => prefix(text)).toThrow(expect.objectContaining({ remedy: `write ${masked}` }));
  });

  it('tells what a CIDR looks like', () => {
    expect(() => prefix('10.0.0.0')).toThrow(
      expect.objectContaining({
        code: 'GRY_PREFIX_INVALID',
        remedy: expect.stringContaining('10.244.1.0/24'),
      }),
    );
  });

  it('accepts what it prints', () => {
    fc.assert(fc.property(anyPrefix, (p) => prefix(p) === p));
  });
});

it('containment agrees with ipaddr.js', () => {
  fc.assert(
    fc.property(anyPrefix, anyAddress, fc.boolean(), (p, random, inside) => {
      const a = inside ? nthAddress(p, BigInt(random.length) % prefixSize(p)) : random;
      const oracle =
        ipaddr.parse(a).kind() === ipaddr.parse(prefixAddress(p)).kind() &&
        ipaddr.parse(a).match(ipaddr.parseCIDR(p));
      expect(containsAddress(p, a)).toBe(oracle);
    }),
  );
});

it('two prefixes overlap exactly when one contains the other', () => {
  fc.assert(
    fc.property(anyPrefix, anyPrefix, (a, b) => {
      expect(overlaps(a, b)).toBe(containsPrefix(a, b) || containsPrefix(b, a));
      expect(overlaps(a, a)).toBe(true);
    }),
  );
});

it('counts and numbers addresses', () => {
  const p = prefix('10.0.0.0/30');
  expect(prefixSize(p)).toBe(4n);
  expect(nthAddress(p, 3n)).toBe('10.0.0.3');
  expect(indexInPrefix(p, address('10.0.0.2'))).toBe(2n);
  expect(indexInPrefix(p, address('10.0.0.4'))).toBeUndefined();
  expect(() => nthAddress(p, 4n)).toThrow(/4 addresses, no number 4/);
  expect(nthAddress(prefix('fd00::/64'), 2n ** 64n - 1n)).toBe('fd00::ffff:ffff:ffff:ffff');
});

it('takes prefixes apart', () => {
  const p = prefix('fd00:244::/56');
  expect([prefixFamily(p), prefixLength(p), prefixAddress(p)]).toEqual([6, 56, 'fd00:244::']);
  expect([defaultPrefix(4), defaultPrefix(6)]).toEqual(['0.0.0.0/0', '::/0']);
  expect(isHostPrefix(hostPrefix(address('10.0.0.7')))).toBe(true);
  expect(isHostPrefix(hostPrefix(address('fd00::7')))).toBe(true);
  expect(isHostPrefix(p)).toBe(false);
});

it('sorts and aggregates', () => {
  const all = [
    'fd00::/8',
    '10.1.0.0/16',
    '10.0.0.0/8',
    '10.0.0.0/16',
    '192.0.2.0/24',
    'fd00::/64',
    '10.0.0.0/8',
  ].map(prefix);
  expect([...all].sort(comparePrefixes)).toEqual(
    ['10.0.0.0/8', '10.0.0.0/8', '10.0.0.0/16', '10.1.0.0/16', '192.0.2.0/24', 'fd00::/8', 'fd00::/64'].map(
      prefix,
    ),
  );
  expect(aggregatePrefixes(all)).toEqual(['10.0.0.0/8', '192.0.2.0/24', 'fd00::/8']);
});
