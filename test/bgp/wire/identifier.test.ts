import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { identifierAt, identifierNumber } from '../../../src/bgp/wire/identifier.ts';
import { address, addressBytes, addressToBigInt } from '../../../src/net/address.ts';

describe('a BGP Identifier as a number', () => {
  test.each([
    ['0.0.0.0', 0],
    ['0.0.0.1', 1],
    ['10.0.0.1', 0x0a000001],
    ['255.255.255.255', 0xffffffff],
  ])('%s', (text, number) => {
    expect(identifierNumber(address(text))).toBe(number);
  });

  test('is the value of the address', () => {
    fc.assert(
      fc.property(fc.ipV4(), (text) => {
        expect(identifierNumber(address(text))).toBe(Number(addressToBigInt(address(text))));
        expect(identifierAt(addressBytes(address(text)), 0)).toBe(text);
      }),
    );
  });
});

test('what was asked for last does not come back for another', () => {
  const octets = Uint8Array.of(10, 0, 0, 1, 0, 0, 0, 0);
  expect([0, 4, 0, 1].map((at) => identifierAt(octets, at))).toEqual([
    '10.0.0.1',
    '0.0.0.0',
    '10.0.0.1',
    '0.0.1.0',
  ]);
  expect(['10.0.0.1', '0.0.0.0', '10.0.0.1'].map((text) => identifierNumber(address(text)))).toEqual([
    0x0a000001, 0, 0x0a000001,
  ]);
});
