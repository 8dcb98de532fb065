import type { BackoffOptions } from '../dataplane/backoff.ts';
import type { ApplyResult } from '../dataplane/driver.ts';
import { FailureBook } from '../dataplane/failure-book.ts';
import type { Clock } from '../ports/clock.ts';
import { describeError, GryphonError } from '../ports/error.ts';

/** Runs the items of a driver one by one, so that one that fails holds up nobody, and waits longer before each new attempt. */
export class Attempts {
  readonly #failures: FailureBook<string>;

  constructor(clock: Clock, backoff: BackoffOptions = {}) {
    this.#failures = new FailureBook(clock, backoff);
  }

  /** Gives what `work` gives (how much it wrote), or 0 when it failed or must not be tried yet. @throws the abort reason */
  async try(item: string, signal: AbortSignal, work: () => Promise<number>): Promise<number> {
    if (!this.#failures.isDue(item)) return 0;
    try {
      const written = await work();
      this.#failures.forget(item);
      return written;
    } catch (error) {
      signal.throwIfAborted();
      const code = error instanceof GryphonError ? error.code : 'GRY_INTERNAL';
      this.#failures.failed(item, { item, code, reason: describeError(error) });
      return 0;
    }
  }

  /** Forgets the failures of items that nobody wants any more. */
  retain(wanted: (item: string) => boolean): void {
    this.#failures.retain(wanted);
  }

  /** Something changed: what failed may work now. */
  hurry(): void {
    this.#failures.hurryAll();
  }

  /** Whether no failed item is due: nothing failed, or all have to wait. */
  get resting(): boolean {
    return this.#failures.report().retryAfter !== 0;
  }

  result(written: number): ApplyResult {
    return { written, ...this.#failures.report() };
  }
}
