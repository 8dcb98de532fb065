import type { Clock } from '../ports/clock.ts';

/** Resolves after `ms` milliseconds. @throws the signal's reason when it is aborted first */
export function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const onAbort = (): void => {
      timer.cancel();
      reject(signal.reason);
    };
    const timer = clock.setTimer(ms, () => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

export interface Patience {
  /** Milliseconds in all. */
  readonly timeoutMs: number;
  /** Milliseconds between the end of one try and the next. */
  readonly everyMs: number;
}

/**
 * Tries until `probe` gives a value, at least once; undefined when the time is up.
 * @throws the signal's reason when it is aborted; whatever the probe throws
 */
export async function until<T>(
  clock: Clock,
  signal: AbortSignal,
  patience: Patience,
  probe: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const deadline = clock.monotonic() + patience.timeoutMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined) return value;
    if (clock.monotonic() + patience.everyMs > deadline) return undefined;
    await sleep(clock, patience.everyMs, signal);
  }
}
