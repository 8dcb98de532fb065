import { GryphonError } from '../ports/error.ts';
import {
  type Address,
  addressBits,
  addressFromBigInt,
  addressFromBytes,
  addressLength,
  addressToBigInt,
  compareBytes,
  type Family,
  parseAddressBytes,
} from './address.ts';

/** A network in canonical text form: `10.244.1.0/24`, `fd00:244::/64`; bits beyond the length are zero. */
export type Prefix = string & { readonly __prefix: unique symbol };

export class PrefixError extends GryphonError {}

/** 0.0.0.0/0 and ::/0. */
export const defaultPrefix = (family: Family): Prefix => (family === 4 ? '0.0.0.0/0' : '::/0') as Prefix;

/**
 * The canonical form, or undefined when `text` is no prefix. Bits set beyond the length make it invalid, unless `mask` is
 * given: then they are cleared.
 */
export function parsePrefix(text: string, options: { readonly mask?: boolean } = {}): Prefix | undefined {
  const slash = text.indexOf('/');
  if (slash < 0) return undefined;
  const bytes = parseAddressBytes(text.slice(0, slash));
  const digits = text.slice(slash + 1);
  if (bytes === undefined || !/^(0|[1-9]\d{0,2})$/.test(digits)) return undefined;
  const length = Number(digits);
  const family: Family = bytes.length === 4 ? 4 : 6;
  if (length > addressBits(family)) return undefined;
  if (clearHostBits(bytes, length) && options.mask !== true) return undefined;
  return prefixFromBytes(bytes, 0, length, family);
}

/** As `parsePrefix`, for texts that must be prefixes. @throws PrefixError `GRY_PREFIX_INVALID` */
export function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  if (parsed !== undefined) return parsed;
  const masked = parsePrefix(text, { mask: true });
  throw new PrefixError(
    'GRY_PREFIX_INVALID',
    masked === undefined
      ? `${JSON.stringify(text)} is no CIDR`
      : `${text} has bits set beyond its prefix length`,
    { remedy: masked === undefined ? 'write it like 10.244.1.0/24 or fd00:244::/64' : `write ${masked}` },
  );
}

/** Clears the bits beyond `length`; tells whether any was set. */
function clearHostBits(bytes: Uint8Array, length: number): boolean {
  let dirty = false;
  for (let i = length >> 3; i < bytes.length; i++) {
    const keep = i === length >> 3 ? (0xff00 >> (length & 7)) & 0xff : 0;
    const byte = bytes[i] ?? 0;
    if ((byte & ~keep & 0xff) !== 0) dirty = true;
    bytes[i] = byte & keep;
  }
  return dirty;
}

/** The prefix whose (clean) address stands at `offset`. */
export function prefixFromBytes(bytes: Uint8Array, offset: number, length: number, family: Family): Prefix {
  return `${addressFromBytes(bytes, offset, family)}/${length}` as Prefix;
}

export const prefixFamily = (p: Prefix): Family => (p.includes(':') ? 6 : 4);

/** The bits of its length. Read from the end: every route of a large table is asked several times. */
export function prefixLength(p: Prefix): number {
  let length = 0;
  for (let i = p.length - 1, unit = 1; i >= 0 && p.charCodeAt(i) !== SLASH; i--, unit *= 10)
    length += (p.charCodeAt(i) - ZERO) * unit;
  return length;
}

const SLASH = 47;
const ZERO = 48;

export const prefixAddress = (p: Prefix): Address => p.slice(0, p.indexOf('/')) as Address;

/** Network-order bytes of the network address, freshly made. */
export function prefixBytes(p: Prefix): Uint8Array {
  return parseAddressBytes(p.slice(0, p.indexOf('/'))) ?? new Uint8Array(addressLength(prefixFamily(p)));
}

/** /32 or /128 of one address. */
export const hostPrefix = (value: Address): Prefix => `${value}/${value.includes(':') ? 128 : 32}` as Prefix;

export const isHostPrefix = (p: Prefix): boolean => prefixLength(p) === addressBits(prefixFamily(p));

/** The network of the given length around an address: `networkOf(10.1.2.3, 24)` is `10.1.2.0/24`. */
export function networkOf(value: Address, length: number): Prefix {
  const bytes = parseAddressBytes(value) ?? new Uint8Array(4);
  clearHostBits(bytes, length);
  return prefixFromBytes(bytes, 0, length, bytes.length === 4 ? 4 : 6);
}

/** Whether every address of `inner` lies in `outer`. */
export function containsPrefix(outer: Prefix, inner: Prefix): boolean {
  const length = prefixLength(outer);
  if (prefixFamily(outer) !== prefixFamily(inner) || prefixLength(inner) < length) return false;
  return sameBits(prefixBytes(outer), prefixBytes(inner), length);
}

export function containsAddress(outer: Prefix, value: Address): boolean {
  return containsPrefix(outer, hostPrefix(value));
}

/** Whether two prefixes share an address. */
export const overlaps = (a: Prefix, b: Prefix): boolean => containsPrefix(a, b) || containsPrefix(b, a);

function sameBits(a: Uint8Array, b: Uint8Array, bits: number): boolean {
  const whole = bits >> 3;
  for (let i = 0; i < whole; i++) if (a[i] !== b[i]) return false;
  const rest = bits & 7;
  if (rest === 0) return true;
  return (((a[whole] ?? 0) ^ (b[whole] ?? 0)) & (0xff00 >> rest) & 0xff) === 0;
}

/** How many addresses, as 2 to the power of the host bits. */
export const prefixSize = (p: Prefix): bigint => 1n << BigInt(addressBits(prefixFamily(p)) - prefixLength(p));

/** The address `index` places after the network address. @throws PrefixError `GRY_PREFIX_INDEX` when it lies outside */
export function nthAddress(p: Prefix, index: bigint): Address {
  if (index < 0n || index >= prefixSize(p)) {
    throw new PrefixError('GRY_PREFIX_INDEX', `${p} has ${prefixSize(p)} addresses, no number ${index}`);
  }
  return addressFromBigInt(addressToBigInt(prefixAddress(p)) + index, prefixFamily(p));
}

/** The inverse of `nthAddress`: how far into `p` the address lies, or undefined when outside. */
export function indexInPrefix(p: Prefix, value: Address): bigint | undefined {
  return containsAddress(p, value) ? addressToBigInt(value) - addressToBigInt(prefixAddress(p)) : undefined;
}

/** IPv4 before IPv6, then by address, then shorter first. */
export function comparePrefixes(a: Prefix, b: Prefix): number {
  return compareBytes(prefixBytes(a), prefixBytes(b)) || prefixLength(a) - prefixLength(b);
}

/** Drops every prefix that another one contains: what an ipset of type hash:net needs. Sorted. */
export function aggregatePrefixes(prefixes: Iterable<Prefix>): readonly Prefix[] {
  const out: Prefix[] = [];
  for (const p of [...new Set(prefixes)].sort(comparePrefixes)) {
    const last = out.at(-1);
    if (last === undefined || !containsPrefix(last, p)) out.push(p);
  }
  return out;
}
