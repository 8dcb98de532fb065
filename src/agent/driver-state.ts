import type { DriverView } from '../api/view.ts';
import type { ApplyResult, Failure } from '../dataplane/driver.ts';
import type { Clock } from '../ports/clock.ts';
import { describeError, GryphonError } from '../ports/error.ts';
import type { Log } from '../ports/log.ts';

/** What the loop needs of a driver, whatever its desired state is. */
export interface Applicable {
  readonly name: string;
  apply(signal: AbortSignal): Promise<ApplyResult>;
  /** Things of ours that somebody else had changed and that were put right, since the start. */
  readonly repaired?: number;
}

/** Milliseconds after which a driver that threw as a whole is applied again. */
const RETRY_AFTER_THROW = 5000;

/** Runs one driver and remembers how it went: one driver's trouble is told here and never stops the others. */
export class DriverState {
  readonly #driver: Applicable;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #onApply: (driver: string, seconds: number) => void;
  #lastApplied: number | undefined;
  #written = 0;
  #failures: readonly Failure[] = [];

  constructor(
    driver: Applicable,
    clock: Clock,
    log: Log,
    onApply: (driver: string, seconds: number) => void,
  ) {
    this.#driver = driver;
    this.#clock = clock;
    this.#log = log;
    this.#onApply = onApply;
  }

  /** One apply; a whole driver that throws counts as one failed item. Gives the milliseconds after which it wants another one. */
  async apply(signal: AbortSignal): Promise<number | undefined> {
    const start = this.#clock.monotonic();
    const result = await this.#attempt(signal);
    this.#onApply(this.#driver.name, (this.#clock.monotonic() - start) / 1000);
    if (signal.aborted) return undefined;
    this.#lastApplied = this.#clock.now();
    this.#written += result.written;
    this.#report(result.failures);
    this.#failures = result.failures;
    return result.retryAfter;
  }

  async #attempt(signal: AbortSignal): Promise<ApplyResult> {
    try {
      return await this.#driver.apply(signal);
    } catch (error) {
      const code = error instanceof GryphonError ? error.code : 'GRY_DRIVER_FAILED';
      const since = this.#failures.find((f) => f.item === this.#driver.name)?.since ?? this.#clock.now();
      const failure: Failure = { item: this.#driver.name, code, reason: describeError(error), since };
      return { written: 0, failures: [failure], retryAfter: RETRY_AFTER_THROW };
    }
  }

  /** A failure is logged when it comes and when it goes, not while it lasts. */
  #report(failures: readonly Failure[]): void {
    const key = (f: Failure): string => `${f.item} ${f.reason}`;
    const before = new Set(this.#failures.map(key));
    const now = new Set(failures.map(key));
    for (const f of failures) {
      if (!before.has(key(f))) {
        this.#log.warn('cannot write', {
          driver: this.#driver.name,
          item: f.item,
          code: f.code,
          reason: f.reason,
        });
      }
    }
    for (const f of this.#failures) {
      if (!now.has(key(f))) this.#log.info('no longer failing', { driver: this.#driver.name, item: f.item });
    }
  }

  get applied(): boolean {
    return this.#lastApplied !== undefined;
  }

  view(): DriverView {
    return {
      name: this.#driver.name,
      applied: this.applied,
      ...(this.#lastApplied === undefined ? {} : { lastApplied: this.#lastApplied }),
      written: this.#written,
      repaired: this.#driver.repaired ?? 0,
      failures: this.#failures,
    };
  }
}
