import { type Address, type Family, familyOf } from '../net/address.ts';
import { indexInPrefix, nthAddress, type Prefix, prefixFamily, prefixSize } from '../net/prefix.ts';

/**
 * The addresses of one CIDR that may be given to pods, numbered by their place in the CIDR. Left out are, where the CIDR has
 * more than two addresses, its first one (IPv4: the network, IPv6: the subnet-router anycast address, RFC 4291 §2.6.1) and,
 * in IPv4, the broadcast address; and where three or more remain, the first of them, kept for tunnels. So /31 and /32
 * (/127, /128) are used whole (RFC 3021, RFC 6164).
 */
export interface AddressRange {
  readonly cidr: Prefix;
  readonly family: Family;
  /** Places in the CIDR, both ends included. */
  readonly first: bigint;
  readonly last: bigint;
  /** Kept for the node's own end of tunnels: a stable source address inside the pod network. */
  readonly tunnel?: Address;
}

export function addressRange(cidr: Prefix): AddressRange {
  const family = prefixFamily(cidr);
  const size = prefixSize(cidr);
  if (size <= 2n) return { cidr, family, first: 0n, last: size - 1n };
  const last = family === 4 ? size - 2n : size - 1n;
  if (last < 3n) return { cidr, family, first: 1n, last };
  return { cidr, family, first: 2n, last, tunnel: nthAddress(cidr, 1n) };
}

export const rangeTotal = (range: AddressRange): bigint => range.last - range.first + 1n;

/** The address's place in the range, or undefined when pods may not have it. */
export function placeInRange(range: AddressRange, address: Address): bigint | undefined {
  if (familyOf(address) !== range.family) return undefined;
  const place = indexInPrefix(range.cidr, address);
  return place !== undefined && place >= range.first && place <= range.last ? place : undefined;
}

/** The place after `place`, starting over at the end. */
export const nextPlace = (range: AddressRange, place: bigint): bigint =>
  place >= range.last || place < range.first ? range.first : place + 1n;
