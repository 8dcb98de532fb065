import type { Family } from './address.ts';
import { NONE, Records } from './columns.ts';
import type { Prefix } from './prefix.ts';
import { type PrefixWords, prefixText, scratchWords } from './prefix-words.ts';

/** Fields of a prefix's record. */
const W0 = 0;
const W1 = 1;
const W2 = 2;
const W3 = 3;
/** Length in bits, and which family: below 64 IPv4. */
const CODE = 4;
/** How many want the id to stay; at 0 it is given back. */
const USES = 5;
/** Two for whoever keeps lists of his own through the prefixes. */
export const HEAD = 6;
export const QUEUE = 7;

const SIX = 64;

/** Shards, by the upper bits of the hash, and slots that one begins with. */
const SHARD_BITS = 6;
const FIRST_SLOTS = 32;

/**
 * Prefixes of both families as small integers, the same prefix always the same one as long as somebody uses it. Open addressing
 * with linear probing in 64 shards, so that no growth moves more than a fraction of the table at once.
 */
export class PrefixTable {
  readonly records = new Records();
  readonly #words = scratchWords();
  readonly #shards = Array.from({ length: 1 << SHARD_BITS }, () => new Shard());

  /** Prefixes in use. */
  get size(): number {
    return this.records.size;
  }

  find(prefix: PrefixWords): number {
    const hash = hashOf(prefix.w0, prefix.w1, prefix.w2, prefix.w3, codeOf(prefix));
    return this.#shard(hash).find(this.records, prefix, hash);
  }

  /** The prefix's id, new where it has none: then nobody uses it yet, and HEAD and QUEUE are NONE. */
  intern(prefix: PrefixWords): number {
    const { w0, w1, w2, w3 } = prefix;
    const code = codeOf(prefix);
    const hash = hashOf(w0, w1, w2, w3, code);
    const shard = this.#shard(hash);
    const found = shard.find(this.records, prefix, hash);
    if (found !== NONE) return found;
    const { records } = this;
    const id = records.allocate();
    const page = records.page(id);
    const start = records.offset(id);
    page[start + W0] = w0;
    page[start + W1] = w1;
    page[start + W2] = w2;
    page[start + W3] = w3;
    page[start + CODE] = code;
    page[start + USES] = 0;
    page[start + HEAD] = NONE;
    page[start + QUEUE] = NONE;
    shard.insert(id, hash);
    return id;
  }

  /** Whether the id stands for a prefix at the moment. */
  has(id: number): boolean {
    return id < this.records.end && this.records.get(id, USES) > 0;
  }

  retain(id: number): void {
    this.records.set(id, USES, this.records.get(id, USES) + 1);
  }

  /** The last one to let go gives the id back. */
  release(id: number): void {
    const uses = this.records.get(id, USES) - 1;
    this.records.set(id, USES, uses);
    if (uses > 0) return;
    const hash = hashOfRecord(this.records, id);
    this.#shard(hash).remove(id, hash);
    this.records.free(id);
  }

  family(id: number): Family {
    return this.records.get(id, CODE) < SIX ? 4 : 6;
  }

  /** The prefix as numbers: an object that the next call changes. */
  words(id: number): PrefixWords {
    const { records } = this;
    const words = this.#words;
    const code = records.get(id, CODE);
    words.family = code < SIX ? 4 : 6;
    words.bits = code < SIX ? code : code - SIX;
    words.w0 = records.get(id, W0);
    words.w1 = records.get(id, W1);
    words.w2 = records.get(id, W2);
    words.w3 = records.get(id, W3);
    return words;
  }

  text(id: number): Prefix {
    return prefixText(this.words(id));
  }

  #shard(hash: number): Shard {
    return this.#shards[hash >>> (32 - SHARD_BITS)] ?? EMPTY;
  }
}

/**
 * A part of the hash table: pairs of an id plus one, 0 where there is none, and its hash, so that a record, which mostly lies
 * somewhere else in memory, is only looked at when it is very likely the right one.
 */
class Shard {
  #slots = new Int32Array(2 * FIRST_SLOTS);
  #size = 0;

  find(records: Records, { w0, w1, w2, w3, family, bits }: PrefixWords, hash: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    const code = family === 4 ? bits : bits + SIX;
    for (let at = (hash << 1) & mask; ; at = (at + 2) & mask) {
      const id = (slots[at] ?? 0) - 1;
      if (id === NONE) return NONE;
      if (slots[at + 1] !== hash) continue;
      const page = records.page(id);
      const start = records.offset(id);
      if (
        page[start + W0] === w0 &&
        page[start + CODE] === code &&
        page[start + W1] === w1 &&
        page[start + W2] === w2 &&
        page[start + W3] === w3
      ) {
        return id;
      }
    }
  }

  insert(id: number, hash: number): void {
    // At most three quarters full, so that probing stays short.
    if (++this.#size * 8 > this.#slots.length * 3) this.#grow();
    place(this.#slots, id + 1, hash);
  }

  remove(id: number, hash: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let hole = (hash << 1) & mask;
    while (slots[hole] !== id + 1) hole = (hole + 2) & mask;
    this.#size--;
    // Whoever stands behind the hole and could not have been placed before it moves in.
    for (let at = (hole + 2) & mask; slots[at] !== 0; at = (at + 2) & mask) {
      const home = ((slots[at + 1] ?? 0) << 1) & mask;
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      slots[hole] = slots[at] ?? 0;
      slots[hole + 1] = slots[at + 1] ?? 0;
      hole = at;
    }
    slots[hole] = 0;
  }

  #grow(): void {
    const before = this.#slots;
    const grown = new Int32Array(before.length * 2);
    for (let at = 0; at < before.length; at += 2) {
      const entry = before[at] ?? 0;
      if (entry !== 0) place(grown, entry, before[at + 1] ?? 0);
    }
    this.#slots = grown;
  }
}

const EMPTY = new Shard();

function place(slots: Int32Array, entry: number, hash: number): void {
  const mask = slots.length - 1;
  let at = (hash << 1) & mask;
  while (slots[at] !== 0) at = (at + 2) & mask;
  slots[at] = entry;
  slots[at + 1] = hash;
}

const codeOf = ({ family, bits }: PrefixWords): number => (family === 4 ? bits : bits + SIX);

function hashOfRecord(records: Records, id: number): number {
  return hashOf(
    records.get(id, W0),
    records.get(id, W1),
    records.get(id, W2),
    records.get(id, W3),
    records.get(id, CODE),
  );
}

/** Every bit of the prefix reaches the lower bits (the slot) and the upper ones (the shard). */
function hashOf(w0: number, w1: number, w2: number, w3: number, code: number): number {
  let hash = Math.imul(w0 ^ code, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 15) ^ w1, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13) ^ w2, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 16) ^ w3, 0x27d4eb2f);
  return hash ^ (hash >>> 15);
}
