import type { ApplyResult, Failure } from '../dataplane/driver.ts';
import type { Clock } from '../ports/clock.ts';
import { describeError, GryphonError } from '../ports/error.ts';

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 60_000;

/** Since when each item fails, and how long to wait before the next attempt: twice as long each time, up to a minute. */
export class Retry {
  readonly #clock: Clock;
  readonly #since = new Map<string, number>();
  #attempts = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Ends one attempt: what it wrote and what failed, by item. */
  result(written: number, failed: ReadonlyMap<string, unknown>): ApplyResult {
    for (const item of this.#since.keys()) if (!failed.has(item)) this.#since.delete(item);
    if (failed.size === 0) {
      this.#attempts = 0;
      return { written, failures: [] };
    }
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#attempts++);
    // Up to a quarter more: the nodes of a cluster, and the families of a node, should not queue for a lock in step.
    const retryAfter = Math.round(wait * (1 + this.#clock.random() / 4));
    return {
      written,
      failures: Array.from(failed, ([item, error]) => this.#failure(item, error)),
      retryAfter,
    };
  }

  #failure(item: string, error: unknown): Failure {
    const since = this.#since.get(item) ?? this.#clock.now();
    this.#since.set(item, since);
    const code = error instanceof GryphonError ? error.code : 'GRY_INTERNAL';
    return { item, code, reason: describeError(error), since };
  }
}
