/** A pending timer; `cancel()` twice is harmless. */
export interface Timer {
  cancel(): void;
}

/**
 * Time and chance, injected everywhere. Only `agent/clock.ts` (real) and `test/support/fake-clock.ts` implement it.
 */
export interface Clock {
  /** Wall-clock time, milliseconds since the epoch. For people; never for measuring. */
  now(): number;
  /** Monotonic time, milliseconds; survives clock jumps. For measuring and for deadlines. */
  monotonic(): number;
  /** Runs `fn` once after `ms` milliseconds (at least one turn of the event loop later). */
  setTimer(ms: number, fn: () => void): Timer;
  /** Uniform in [0, 1): jitter only, never secrets. */
  random(): number;
}
