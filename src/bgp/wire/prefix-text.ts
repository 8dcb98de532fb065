import { type Prefix, prefixBytes, prefixFamily, prefixFromBytes, prefixLength } from '../../net/prefix.ts';
import { u32 } from './bytes.ts';
import type { PrefixWords } from './nlri.ts';

const DOTTED: readonly string[] = Array.from({ length: 256 }, (_, i) => `${i}.`);
const LAST: readonly string[] = Array.from({ length: 256 }, (_, i) => `${i}/`);
const LENGTHS: readonly string[] = Array.from({ length: 129 }, (_, i) => String(i));

/** The canonical text of a prefix. */
export function prefixText(prefix: PrefixWords): Prefix {
  return prefix.family === 'ipv4-unicast' ? textV4(prefix.w0, prefix.bits) : textV6(prefix);
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
  const bits = prefixLength(prefix);
  const family = prefixFamily(prefix) === 4 ? 'ipv4-unicast' : 'ipv6-unicast';
  const at = (i: number): number => u32(bytes, i) | 0;
  return { family, bits, w0: at(0), w1: at(4), w2: at(8), w3: at(12) };
}
