import { type Address, addressBytes, addressFromBytes, isLinkLocal, isLoopback } from '../../net/address.ts';
import type { ByteWriter } from '../../net/byte-writer.ts';
import type { BgpFamily } from '../config.ts';
import { identifierNumber } from './identifier.ts';

export interface NextHop {
  readonly nextHop: Address;
  /** RFC 2545 §3. */
  readonly linkLocal?: Address;
}

/** Whether a host can have the address: not unspecified, loopback, multicast or reserved (RFC 4271 §6.3). */
export function isUsableNextHop(address: Address): boolean {
  if (isLoopback(address) || address === '::') return false;
  if (address.includes(':')) return addressBytes(address)[0] !== 0xff;
  const first = identifierNumber(address) >>> 24;
  return first !== 0 && first < 224;
}

/**
 * The next hop field of MP_REACH_NLRI in `length` octets at `at`: IPv4 in 4 (RFC 4760 §3), IPv6 in 16 or, with a link-local
 * address behind it, 32 (RFC 2545 §3), these for IPv4 routes too where RFC 8950 was negotiated. Undefined: no such length.
 */
export function decodeNextHop(
  bytes: Uint8Array,
  at: number,
  length: number,
  family: BgpFamily,
  extendedNextHop: boolean,
): NextHop | undefined {
  const v4 = family === 'ipv4-unicast';
  if (length === 4 && v4) return { nextHop: addressFromBytes(bytes, at, 4) };
  if ((length !== 16 && length !== 32) || (v4 && !extendedNextHop)) return undefined;
  const nextHop = addressFromBytes(bytes, at, 6);
  const second = length === 32 ? addressFromBytes(bytes, at + 16, 6) : undefined;
  // RFC 2545 §3: only a link-local address can stand there; BIRD writes `::` for "none".
  if (second === undefined || !isLinkLocal(second)) return { nextHop };
  // A peer without a global address fills the first place with `::` (BIRD) or repeats the link-local one (FRR).
  return nextHop === '::' || nextHop === second ? { nextHop: second } : { nextHop, linkLocal: second };
}

/** Appends the length octet and the addresses. */
export function encodeNextHop(out: ByteWriter, { nextHop, linkLocal }: NextHop): void {
  const first = addressBytes(nextHop);
  const second = linkLocal === undefined ? undefined : addressBytes(linkLocal);
  out.u8(first.length + (second?.length ?? 0)).bytes(first);
  if (second !== undefined) out.bytes(second);
}
