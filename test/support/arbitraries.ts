import fc from 'fast-check';
import { type Address, addressBits, addressFromBytes } from '../../src/net/address.ts';
import { networkOf, type Prefix } from '../../src/net/prefix.ts';

/** Any address of either family. */
export const anyAddress: fc.Arbitrary<Address> = fc.oneof(
  fc.uint8Array({ minLength: 4, maxLength: 4 }).map((b) => addressFromBytes(b, 0, 4)),
  fc.uint8Array({ minLength: 16, maxLength: 16 }).map((b) => addressFromBytes(b, 0, 6)),
);
/** Any prefix of either family. */
export const anyPrefix: fc.Arbitrary<Prefix> = fc
  .tuple(anyAddress, fc.nat(128))
  .map(([a, n]) => networkOf(a, n % (addressBits(a.includes(':') ? 6 : 4) + 1)));
