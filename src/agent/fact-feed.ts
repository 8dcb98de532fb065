import type { RecordFeed } from '../calc/record-feed.ts';

/** As `FactTable`, for facts of which there may be very many: what follows costs what changed, not what there is. */
export class FactFeed<K, V> implements RecordFeed<K, V> {
  readonly #records = new Map<K, V>();
  readonly #told: () => void;
  readonly changed = new Set<K>();

  constructor(told: () => void) {
    this.#told = told;
  }

  get records(): ReadonlyMap<K, V> {
    return this.#records;
  }

  /** Sets or (undefined) removes records: many at once, told once. The source tells real changes only. */
  putAll(changes: Iterable<readonly [K, V | undefined]>): void {
    const before = this.changed.size;
    for (const [key, record] of changes) {
      if (record === undefined) {
        if (!this.#records.delete(key)) continue;
      } else this.#records.set(key, record);
      this.changed.add(key);
    }
    if (this.changed.size > before) this.#told();
  }
}
