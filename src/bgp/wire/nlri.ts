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

/** Beyond the octets that are there all is zero, within the last one the mask clears. A full table comes through here. */
function readV4(bytes: Uint8Array, at: number, bits: number): Prefix {
  const value = maskedV4(bytes, at, bits);
  const a = DOTTED[value >>> 24] ?? '';
  const b = DOTTED[(value >>> 16) & 0xff] ?? '';
  const c = DOTTED[(value >>> 8) & 0xff] ?? '';
  const d = LAST[value & 0xff] ?? '';
  return (a + b + c + d + (LENGTHS[bits] ?? '')) as Prefix;
}

/** The octets beyond the prefix belong to the next one or to nobody: the mask takes them away again. */
function maskedV4(bytes: Uint8Array, at: number, bits: number): number {
  return bits === 0 ? 0 : u32(bytes, at) & (-1 << (32 - bits));
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
    out.u8(bits).bytes(prefixBytes(prefix).subarray(0, octets));
  }
  return i;
}
