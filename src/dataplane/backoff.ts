import type { Clock } from '../ports/clock.ts';

export interface BackoffOptions {
  /** Milliseconds before the second attempt; 500. */
  readonly first?: number;
  /** Milliseconds between attempts at most; 60,000. */
  readonly longest?: number;
}

interface Wait {
  failures: number;
  /** Monotonic time. */
  due: number;
}

/** When to try each failed item again: doubling delays, up to a quarter shorter by chance, so that items do not march in step. */
export class Backoff<Key> {
  readonly #clock: Clock;
  readonly #first: number;
  readonly #longest: number;
  readonly #waits = new Map<Key, Wait>();

  constructor(clock: Clock, options: BackoffOptions = {}) {
    this.#clock = clock;
    this.#first = options.first ?? 500;
    this.#longest = options.longest ?? 60_000;
  }

  /** The item failed once more. */
  failed(key: Key): void {
    const failures = (this.#waits.get(key)?.failures ?? 0) + 1;
    const delay = Math.min(this.#first * 2 ** (failures - 1), this.#longest);
    const jitter = 1 - this.#clock.random() / 4;
    this.#waits.set(key, { failures, due: this.#clock.monotonic() + delay * jitter });
  }

  /** The item is done, or nobody wants it any more. */
  forget(key: Key): void {
    this.#waits.delete(key);
  }

  /** Whether the item may be tried now. */
  isDue(key: Key): boolean {
    const wait = this.#waits.get(key);
    return wait === undefined || wait.due <= this.#clock.monotonic();
  }

  /** The cause may be gone: tries the item now, but keeps counting its failures. */
  hurry(key: Key): void {
    const wait = this.#waits.get(key);
    if (wait !== undefined) wait.due = this.#clock.monotonic();
  }

  /** Milliseconds until the first item is due, at least 0; undefined when none waits. */
  untilNext(): number | undefined {
    let earliest = Number.POSITIVE_INFINITY;
    for (const wait of this.#waits.values()) earliest = Math.min(earliest, wait.due);
    return earliest === Number.POSITIVE_INFINITY
      ? undefined
      : Math.max(0, earliest - this.#clock.monotonic());
  }
}
