import type { Family } from './address.ts';
import { type Prefix, prefixBytes, prefixFamily, prefixFromBytes, prefixLength } from './prefix.ts';

/**
 * A prefix as numbers: the network address in 32-bit words (signed, for that is what engines compute with), of which IPv4 has
 * one; bits beyond the length are zero, words beyond the family's too.
 */
export interface PrefixWords {
  readonly family: Family;
  readonly bits: number;
  readonly w0: number;
  readonly w1: number;
  readonly w2: number;
  readonly w3: number;
}

/** Numbers to be written over again and again, where very many prefixes are looked at. */
export const scratchWords = (): { -readonly [K in keyof PrefixWords]: PrefixWords[K] } => ({
  family: 4,
  bits: 0,
  w0: 0,
  w1: 0,
  w2: 0,
  w3: 0,
});

const DOTTED: readonly string[] = Array.from({ length: 256 }, (_, i) => `${i}.`);
const LAST: readonly string[] = Array.from({ length: 256 }, (_, i) => `${i}/`);
const LENGTHS: readonly string[] = Array.from({ length: 129 }, (_, i) => String(i));

/** The canonical text of a prefix. */
export function prefixText(prefix: PrefixWords): Prefix {
  return prefix.family === 4 ? textV4(prefix.w0, prefix.bits) : textV6(prefix);
}

/**
 * A full table comes through here. The halves are put together first: short texts are made in one piece, while a chain of
 * joins would be taken apart again, link by link, when the prefix becomes a key of a Map (more than twice as slow).
 */
function textV4(value: number, bits: number): Prefix {
  const upper = (DOTTED[value >>> 24] ?? '') + (DOTTED[(value >>> 16) & 0xff] ?? '');
  const lower = (DOTTED[(value >>> 8) & 0xff] ?? '') + (LAST[value & 0xff] ?? '') + (LENGTHS[bits] ?? '');
  return (upper + lower) as Prefix;
}

/** Reused: `prefixFromBytes` makes a text of it at once. */
const scratch = new Uint8Array(16);
const view = new DataView(scratch.buffer);

function textV6({ bits, w0, w1, w2, w3 }: PrefixWords): Prefix {
  view.setInt32(0, w0);
  view.setInt32(4, w1);
  view.setInt32(8, w2);
  view.setInt32(12, w3);
  return prefixFromBytes(scratch, 0, bits, 6);
}

/** The numbers of a canonical text. */
export function prefixWords(prefix: Prefix): PrefixWords {
  const bytes = prefixBytes(prefix);
  const byte = (i: number): number => bytes[i] ?? 0;
  const word = (i: number): number =>
    (byte(i) << 24) | (byte(i + 1) << 16) | (byte(i + 2) << 8) | byte(i + 3);
  return {
    family: prefixFamily(prefix),
    bits: prefixLength(prefix),
    w0: word(0),
    w1: word(4),
    w2: word(8),
    w3: word(12),
  };
}
