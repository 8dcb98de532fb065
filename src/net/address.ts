import { GryphonError } from '../ports/error.ts';

/** An IPv4 or IPv6 address in canonical text form (RFC 5952 for IPv6), without zone. */
export type Address = string & { readonly __address: unique symbol };
export type Family = 4 | 6;

/** Bytes of an address of the family. */
export const addressLength = (family: Family): 4 | 16 => (family === 4 ? 4 : 16);
/** Bits of an address of the family. */
export const addressBits = (family: Family): 32 | 128 => (family === 4 ? 32 : 128);

export const familyOf = (address: Address): Family => (address.includes(':') ? 6 : 4);

export class AddressError extends GryphonError {}

/** The canonical form of `text`, or undefined when it is no address. No zones, no leading zeros in IPv4. */
export function parseAddress(text: string): Address | undefined {
  const bytes = parseAddressBytes(text);
  return bytes === undefined ? undefined : addressFromBytes(bytes, 0, bytes.length === 4 ? 4 : 6);
}

/** As `parseAddress`, for texts that must be addresses. @throws AddressError `GRY_ADDRESS_INVALID` */
export function address(text: string): Address {
  const parsed = parseAddress(text);
  if (parsed === undefined) {
    throw new AddressError('GRY_ADDRESS_INVALID', `${JSON.stringify(text)} is no IPv4 or IPv6 address`, {
      remedy: 'write it like 192.0.2.1 or 2001:db8::1',
    });
  }
  return parsed;
}

/** 4 or 16 bytes in network order, or undefined. Accepts every RFC 4291 §2.2 form of IPv6, also with a dotted tail. */
export function parseAddressBytes(text: string): Uint8Array | undefined {
  return text.includes(':') ? parseV6(text) : parseV4(text);
}

function parseV4(text: string): Uint8Array | undefined {
  const out = new Uint8Array(4);
  let octet = 0;
  let digits = 0;
  let index = 0;
  for (let i = 0; i <= text.length; i++) {
    const c = i === text.length ? DOT : text.charCodeAt(i);
    if (c === DOT) {
      if (digits === 0 || index > 3) return undefined;
      out[index++] = octet;
      octet = 0;
      digits = 0;
      continue;
    }
    if (c < ZERO || c > ZERO + 9 || (digits > 0 && octet === 0)) return undefined;
    octet = octet * 10 + c - ZERO;
    digits++;
    if (octet > 255) return undefined;
  }
  return index === 4 ? out : undefined;
}

const ZERO = 48;
const DOT = 46;

function parseV6(text: string): Uint8Array | undefined {
  if (text.length > 45) return undefined;
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0] ?? '', halves.length === 1);
  const tail = halves.length === 2 ? parseGroups(halves[1] ?? '', true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const known = head.length + tail.length;
  if (halves.length === 2 ? known > 14 : known !== 16) return undefined;
  const out = new Uint8Array(16);
  out.set(head, 0);
  out.set(tail, 16 - tail.length);
  return out;
}

/** The bytes of a run of groups; a dotted IPv4 tail only where it is the end of the address. */
function parseGroups(text: string, isEnd: boolean): number[] | undefined {
  if (text === '') return [];
  const bytes: number[] = [];
  const groups = text.split(':');
  for (const [i, group] of groups.entries()) {
    if (isEnd && i === groups.length - 1 && group.includes('.')) {
      const v4 = parseV4(group);
      if (v4 === undefined) return undefined;
      bytes.push(...v4);
      continue;
    }
    if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined;
    const value = Number.parseInt(group, 16);
    bytes.push(value >> 8, value & 0xff);
  }
  return bytes;
}

/** Bytes of an address, network order, freshly made. */
export function addressBytes(value: Address): Uint8Array {
  const bytes = parseAddressBytes(value);
  if (bytes === undefined)
    throw new AddressError('GRY_ADDRESS_INVALID', `${JSON.stringify(value)} is no address`);
  return bytes;
}

const OCTETS = Array.from({ length: 256 }, (_, i) => String(i));

/** The address in `bytes` at `offset`; the caller has checked that 4 or 16 bytes are there. */
export function addressFromBytes(bytes: Uint8Array, offset: number, family: Family): Address {
  if (family === 4) {
    const o = OCTETS;
    return `${o[bytes[offset] ?? 0]}.${o[bytes[offset + 1] ?? 0]}.${o[bytes[offset + 2] ?? 0]}.${o[bytes[offset + 3] ?? 0]}` as Address;
  }
  return formatV6(bytes, offset) as Address;
}

/** RFC 5952 §4: lower case, no leading zeros, the first longest run of two or more zero groups as `::`. */
function formatV6(bytes: Uint8Array, offset: number): string {
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(((bytes[offset + i] ?? 0) << 8) | (bytes[offset + i + 1] ?? 0));
  // RFC 5952 §5: IPv4-mapped addresses are written with a dotted tail.
  if (groups.slice(0, 5).every((g) => g === 0) && groups[5] === 0xffff) {
    return `::ffff:${addressFromBytes(bytes, offset + 12, 4)}`;
  }
  const run = longestZeroRun(groups);
  const hex = (from: number, to: number): string =>
    groups
      .slice(from, to)
      .map((g) => g.toString(16))
      .join(':');
  return run === undefined ? hex(0, 8) : `${hex(0, run.start)}::${hex(run.end, 8)}`;
}

function longestZeroRun(groups: readonly number[]): { start: number; end: number } | undefined {
  let best: { start: number; end: number } | undefined;
  for (let i = 0; i < 8; i++) {
    if (groups[i] !== 0) continue;
    let end = i;
    while (end < 8 && groups[end] === 0) end++;
    if (end - i > 1 && (best === undefined || end - i > best.end - best.start)) best = { start: i, end };
    i = end;
  }
  return best;
}

/** The value as an unsigned integer: 32 or 128 bits. */
export function addressToBigInt(value: Address): bigint {
  let out = 0n;
  for (const byte of addressBytes(value)) out = (out << 8n) | BigInt(byte);
  return out;
}

/** The inverse of `addressToBigInt`; bits above the family's width are cut off. */
export function addressFromBigInt(value: bigint, family: Family): Address {
  const bytes = new Uint8Array(addressLength(family));
  let rest = value;
  for (let i = bytes.length - 1; i >= 0; i--) {
    bytes[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return addressFromBytes(bytes, 0, family);
}

/** Numeric order, IPv4 before IPv6: for sorting. */
export function compareAddresses(a: Address, b: Address): number {
  if (a === b) return 0;
  return compareBytes(addressBytes(a), addressBytes(b));
}

/** Shorter first, then byte by byte. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) return a.length - b.length;
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** fe80::/10 or 169.254.0.0/16. */
export function isLinkLocal(value: Address): boolean {
  return familyOf(value) === 4 ? value.startsWith('169.254.') : /^fe[89ab][0-9a-f]:/.test(value);
}

/** 127.0.0.0/8 or ::1. */
export const isLoopback = (value: Address): boolean => value === '::1' || value.startsWith('127.');

/** 224.0.0.0/4 or ff00::/8. */
export function isMulticast(value: Address): boolean {
  const first = addressBytes(value)[0] ?? 0;
  return familyOf(value) === 4 ? first >= 224 && first < 240 : first === 0xff;
}

/** 0.0.0.0 or ::. */
export const isUnspecified = (value: Address): boolean => value === '0.0.0.0' || value === '::';
