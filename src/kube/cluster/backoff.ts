import type { Clock } from '../../ports/clock.ts';

/** Milliseconds: the longest first pause, and the longest of all. */
const FIRST = 800;
const LONGEST = 30_000;

/**
 * Pauses between attempts, with full jitter: anything from nothing to a ceiling that doubles, so that the agents of a cluster whose
 * API server comes back do not all knock at once.
 */
export class Backoff {
  readonly #clock: Clock;
  #failures = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds to wait after one more failure. */
  next(): number {
    const ceiling = Math.min(LONGEST, FIRST * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, 10);
    return this.#clock.random() * ceiling;
  }

  /** All is well. */
  reset(): void {
    this.#failures = 0;
  }
}

/** Waits; returns at once when the signal is aborted. */
export async function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      timer.cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.setTimer(ms, done);
    signal.addEventListener('abort', done, { once: true });
  });
}
