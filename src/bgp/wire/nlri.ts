import { addressBits } from '../../net/address.ts';
import type { ByteWriter } from '../../net/byte-writer.ts';
import { type Prefix, prefixBytes, prefixFromBytes, prefixLength } from '../../net/prefix.ts';
import type { BgpFamily } from '../config.ts';
import { u8, u32 } from './bytes.ts';
import { addressFamily } from './family.ts';
import type { PrefixList } from './message.ts';

/** Octets of a path identifier, RFC 7911 §3. */
const PATH_ID = 4;

/**
 * The prefixes in `bytes[start, end)`, each a length in bits and so many octets as hold them (RFC 4271 §4.3), with a path
 * identifier before it where `addPath` says so. Bits beyond the length are of no meaning and cleared. A text: the field is
 * syntactically incorrect as RFC 7606 §5.3 defines it.
 */
export function decodePrefixes(
  bytes: Uint8Array,
  start: number,
  end: number,
  family: BgpFamily,
  addPath: boolean,
): PrefixList | string {
  const prefixes: Prefix[] = [];
  const pathIds: number[] = [];
  const read = family === 'ipv4-unicast' ? readV4 : readV6;
  const maxBits = addressBits(addressFamily(family));
  const overhead = addPath ? PATH_ID : 0;
  for (let at = start; at < end; ) {
    const bitsAt = at + overhead;
    if (bitsAt >= end) return `${end - at} octets are left, too few for a path identifier and a length`;
    const bits = u8(bytes, bitsAt);
    if (bits > maxBits) return `prefix length ${bits} is more than ${maxBits}`;
    const next = bitsAt + 1 + ((bits + 7) >> 3);
    if (next > end)
      return `a prefix of ${bits} bits needs ${next - bitsAt - 1} octets, ${end - bitsAt - 1} are left`;
    if (addPath) pathIds.push(u32(bytes, at));
    prefixes.push(read(bytes, bitsAt + 1, bits));
    at = next;
  }
  return addPath ? { family, prefixes, pathIds } : { family, prefixes };
}

const DOTTED: readonly string[] = Array.from({ length: 256 }, (_, i) => `${i}.`);
const LAST: readonly string[] = Array.from({ length: 256 }, (_, i) => `${i}/`);
const LENGTHS: readonly string[] = Array.from({ length: 129 }, (_, i) => String(i));

/**
 * A full table comes through here. The halves are put together first: short texts are made in one piece, while a chain of
 * joins would be taken apart again, link by link, when the prefix becomes a key of a Map (more than twice as slow).
 */
function readV4(bytes: Uint8Array, at: number, bits: number): Prefix {
  // The octets beyond the prefix belong to the next one or to nobody: the mask takes them away.
  const value = bits === 0 ? 0 : u32(bytes, at) & (-1 << (32 - bits));
  const upper = (DOTTED[value >>> 24] ?? '') + (DOTTED[(value >>> 16) & 0xff] ?? '');
  const lower = (DOTTED[(value >>> 8) & 0xff] ?? '') + (LAST[value & 0xff] ?? '') + (LENGTHS[bits] ?? '');
  return (upper + lower) as Prefix;
}

/** Reused: `prefixFromBytes` makes a text of it at once. */
const scratch = new Uint8Array(16);

function readV6(bytes: Uint8Array, at: number, bits: number): Prefix {
  const octets = (bits + 7) >> 3;
  scratch.fill(0);
  for (let i = 0; i < octets; i++) scratch[i] = u8(bytes, at + i);
  if ((bits & 7) !== 0) scratch[octets - 1] = u8(scratch, octets - 1) & (0xff00 >> (bits & 7));
  return prefixFromBytes(scratch, 0, bits, 6);
}

/**
 * Appends prefixes from index `from` on until the next one would make `out` longer than `limit`; gives the index of the
 * first that is left.
 */
export function encodePrefixes(
  out: ByteWriter,
  list: PrefixList,
  addPath: boolean,
  from: number,
  limit: number,
): number {
  let i = from;
  for (; i < list.prefixes.length; i++) {
    const prefix = list.prefixes[i];
    if (prefix === undefined) break;
    const bits = prefixLength(prefix);
    const octets = (bits + 7) >> 3;
    if (out.length + (addPath ? PATH_ID : 0) + 1 + octets > limit) break;
    if (addPath) out.u32(list.pathIds?.[i] ?? 0);
    out.u8(bits);
    if (list.family === 'ipv4-unicast') writeV4(out, prefix, octets);
    else out.bytes(prefixBytes(prefix).subarray(0, octets));
  }
  return i;
}

const ZERO = 48;

/** The first octets of the address, straight from the text; the dots and the slash are all below the digits. */
function writeV4(out: ByteWriter, prefix: Prefix, octets: number): void {
  let octet = 0;
  for (let i = 0, left = octets; left > 0; i++) {
    const c = prefix.charCodeAt(i);
    if (c >= ZERO) {
      octet = octet * 10 + c - ZERO;
    } else {
      out.u8(octet);
      octet = 0;
      left--;
    }
  }
}
