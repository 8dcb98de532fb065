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
  putAll(changes: Iterable<{ readonly prefix: K; readonly route: V | undefined }>): void {
    const before = this.changed.size;
    for (const { prefix, route } of changes) {
      if (route === undefined) {
        if (!this.#records.delete(prefix)) continue;
      } else this.#records.set(prefix, route);
      this.changed.add(prefix);
    }
    if (this.changed.size > before) this.#told();
  }
}
