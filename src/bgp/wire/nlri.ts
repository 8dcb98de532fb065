import { addressBits, type Family } from '../../net/address.ts';
import type { ByteWriter } from '../../net/byte-writer.ts';
import type { PrefixWords } from '../../net/prefix-words.ts';
import type { BgpFamily } from '../config.ts';
import { u8, u32 } from './bytes.ts';
import { addressFamily } from './family.ts';
import type { Nlri } from './message.ts';

/** Octets of a path identifier, RFC 7911 §3. */
const PATH_ID = 4;

/**
 * Checks the prefixes in `bytes[start, end)` (RFC 4271 §4.3, RFC 7911 §3). A text: the field is syntactically incorrect as
 * RFC 7606 §5.3 defines it.
 */
export function decodeNlri(
  bytes: Uint8Array,
  start: number,
  end: number,
  family: BgpFamily,
  addPath: boolean,
): Nlri | string {
  const maxBits = addressBits(addressFamily(family));
  const overhead = addPath ? PATH_ID : 0;
  let count = 0;
  for (let at = start; at < end; count++) {
    const bitsAt = at + overhead;
    if (bitsAt >= end) return `${end - at} octets are left, too few for a path identifier and a length`;
    const bits = u8(bytes, bitsAt);
    if (bits > maxBits) return `prefix length ${bits} is more than ${maxBits}`;
    at = bitsAt + 1 + ((bits + 7) >> 3);
    if (at > end)
      return `a prefix of ${bits} bits needs ${at - bitsAt - 1} octets, ${end - bitsAt - 1} are left`;
  }
  return { family, bytes, start, end, addPath, count };
}

/** Walks over prefixes in a message; after `next` said true its fields are those of the prefix. Made once, used for many. */
export class PrefixReader implements PrefixWords {
  family: Family = 4;
  bits = 0;
  w0 = 0;
  w1 = 0;
  w2 = 0;
  w3 = 0;
  /** 0 where there are none. */
  pathId = 0;
  #nlri: Nlri | undefined;
  #at = 0;

  /** Starts before the first prefix. */
  open(nlri: Nlri): this {
    this.#nlri = nlri;
    this.#at = nlri.start;
    this.family = addressFamily(nlri.family);
    this.w1 = this.w2 = this.w3 = 0;
    return this;
  }

  next(): boolean {
    const nlri = this.#nlri;
    if (nlri === undefined || this.#at >= nlri.end) return false;
    const { bytes } = nlri;
    let at = this.#at;
    if (nlri.addPath) {
      this.pathId = u32(bytes, at);
      at += PATH_ID;
    } else {
      this.pathId = 0;
    }
    const bits = u8(bytes, at++);
    this.bits = bits;
    this.w0 = word(bytes, at, bits);
    if (this.family === 6) {
      this.w1 = word(bytes, at + 4, bits - 32);
      this.w2 = word(bytes, at + 8, bits - 64);
      this.w3 = word(bytes, at + 12, bits - 96);
    }
    this.#at = at + ((bits + 7) >> 3);
    return true;
  }
}

/** The first `bits` bits at `at`. The octets beyond belong to the next prefix or to nobody: the mask takes them away. */
const word = (bytes: Uint8Array, at: number, bits: number): number =>
  bits <= 0 ? 0 : u32(bytes, at) & (bits >= 32 ? -1 : -1 << (32 - bits));

/** Appends a prefix as it stands in messages. */
export function writePrefix(out: ByteWriter, prefix: PrefixWords): void {
  const { bits } = prefix;
  out.u8(bits);
  writeWord(out, prefix.w0, bits);
  if (bits <= 32) return;
  writeWord(out, prefix.w1, bits - 32);
  writeWord(out, prefix.w2, bits - 64);
  writeWord(out, prefix.w3, bits - 96);
}

function writeWord(out: ByteWriter, value: number, bits: number): void {
  if (bits > 24) out.u32(value);
  else if (bits > 16) out.u16(value >>> 16).u8((value >>> 8) & 0xff);
  else if (bits > 8) out.u16(value >>> 16);
  else if (bits > 0) out.u8(value >>> 24);
}

/** Prefixes to be put into messages: how many, and what writes one. */
export interface PrefixSource {
  readonly length: number;
  /** Appends the path identifier where `addPath` says so, then the prefix. */
  write(out: ByteWriter, index: number, addPath: boolean): void;
}

/**
 * Appends prefixes from index `from` on until the next one would make `out` longer than `limit`; gives the index of the
 * first that is left.
 */
export function encodeNlri(
  out: ByteWriter,
  prefixes: PrefixSource,
  addPath: boolean,
  from: number,
  limit: number,
): number {
  for (let i = from; i < prefixes.length; i++) {
    const before = out.length;
    prefixes.write(out, i, addPath);
    if (out.length <= limit) continue;
    out.length = before;
    return i;
  }
  return prefixes.length;
}
