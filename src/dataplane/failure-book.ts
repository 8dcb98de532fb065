import type { Clock } from '../ports/clock.ts';
import { Backoff, type BackoffOptions } from './backoff.ts';
import type { Failure } from './driver.ts';

/** The items that could not be written, each with its reason, since when, and when it is tried again. */
export class FailureBook<Key> {
  readonly #clock: Clock;
  readonly #failures = new Map<Key, Failure>();
  readonly #backoff: Backoff<Key>;

  constructor(clock: Clock, options: BackoffOptions = {}) {
    this.#clock = clock;
    this.#backoff = new Backoff(clock, options);
  }

  get size(): number {
    return this.#failures.size;
  }

  get(key: Key): Failure | undefined {
    return this.#failures.get(key);
  }

  /** Notes one more failure; `since` is when the item began to fail, whatever the reason was then. */
  failed(key: Key, failure: Omit<Failure, 'since'>): void {
    const since = this.#failures.get(key)?.since ?? this.#clock.now();
    this.#failures.set(key, { ...failure, since });
    this.#backoff.failed(key);
  }

  isDue(key: Key): boolean {
    return this.#backoff.isDue(key);
  }

  hurry(key: Key): void {
    this.#backoff.hurry(key);
  }

  hurryAll(): void {
    for (const key of this.#failures.keys()) this.#backoff.hurry(key);
  }

  forget(key: Key): void {
    this.#failures.delete(key);
    this.#backoff.forget(key);
  }

  /** Forgets the items for which `stillWrong` does not hold. */
  retain(stillWrong: (key: Key) => boolean): void {
    for (const key of this.#failures.keys()) if (!stillWrong(key)) this.forget(key);
  }

  /** What `apply` tells. */
  report(): { readonly failures: readonly Failure[]; readonly retryAfter?: number } {
    const retryAfter = this.#backoff.untilNext();
    return { failures: [...this.#failures.values()], ...(retryAfter === undefined ? {} : { retryAfter }) };
  }
}
