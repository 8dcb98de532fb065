import type { Clock, Timer } from '../ports/clock.ts';

export interface AlarmOptions {
  readonly clock: Clock;
  readonly defer: (fn: () => void) => void;
  readonly ring: () => void;
}

/**
 * One timer for a deadline that moves all the time. It is not moved when the deadline goes further away, as it does with
 * every message: a timer that rings early only makes its owner look and set it again.
 */
export class Alarm {
  readonly #options: AlarmOptions;
  #set: { readonly at: number; readonly timer: Timer } | undefined;

  constructor(options: AlarmOptions) {
    this.#options = options;
  }

  /** Rings at `at`, monotonic milliseconds, or earlier; undefined: not at all. */
  set(at: number | undefined): void {
    if (this.#set !== undefined && at !== undefined && this.#set.at <= at) return;
    this.#clear();
    if (at === undefined) return;
    const { clock, defer } = this.#options;
    // Deferred, so that what the peer sent while we were busy elsewhere is read before its silence is judged.
    const timer = clock.setTimer(Math.max(0, at - clock.monotonic()), () => defer(() => this.#ring()));
    this.#set = { at, timer };
  }

  #ring(): void {
    this.#clear();
    this.#options.ring();
  }

  #clear(): void {
    this.#set?.timer.cancel();
    this.#set = undefined;
  }
}
