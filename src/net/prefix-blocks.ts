import type { Family } from './address.ts';
import { NONE } from './columns.ts';
import type { Prefix } from './prefix.ts';
import { PrefixTable } from './prefix-table.ts';
import { type PrefixWords, prefixWords, scratchWords } from './prefix-words.ts';

/** A few blocks of addresses: asked of very many prefixes whether they lie in one. */
export class PrefixBlocks {
  readonly #table = new PrefixTable();
  /** The lengths that occur, shortest first. */
  readonly #lengths: Record<Family, readonly number[]> = { 4: [], 6: [] };

  readonly #words = scratchWords();

  constructor(prefixes: Iterable<Prefix>) {
    const all = [...prefixes].map(prefixWords);
    for (const words of all) this.#table.retain(this.#table.intern(words));
    for (const family of [4, 6] as const) {
      const lengths = new Set(all.filter((p) => p.family === family).map((p) => p.bits));
      this.#lengths[family] = [...lengths].sort((a, b) => a - b);
    }
  }

  /** Whether the prefix equals one of them or lies inside of it. */
  contain(prefix: PrefixWords): boolean {
    for (const bits of this.#lengths[prefix.family]) {
      if (bits > prefix.bits) return false;
      if (this.#table.find(this.#shorten(prefix, bits)) !== NONE) return true;
    }
    return false;
  }

  #shorten({ family, w0, w1, w2, w3 }: PrefixWords, bits: number): PrefixWords {
    const words = this.#words;
    words.family = family;
    words.bits = bits;
    words.w0 = kept(w0, bits);
    words.w1 = kept(w1, bits - 32);
    words.w2 = kept(w2, bits - 64);
    words.w3 = kept(w3, bits - 96);
    return words;
  }
}

const kept = (word: number, bits: number): number =>
  bits <= 0 ? 0 : word & (bits >= 32 ? -1 : -1 << (32 - bits));
