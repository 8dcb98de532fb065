import type { Clock, Timer } from '../ports/clock.ts';
import { describeError } from '../ports/error.ts';
import type { Log } from '../ports/log.ts';

export interface LoopOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** One pass: compute the intent, apply the drivers. Says when it wants to run again although nothing changed. */
  readonly pass: (signal: AbortSignal) => Promise<{ readonly retryAfter?: number }>;
  /** Milliseconds between the starts of two passes at least while changes keep coming, 10; the first comes at once. */
  readonly spacing?: number;
  /** How long the loop rests after a pass, as a share of the time that the pass took, 0.25: what costs more comes less often. */
  readonly rest?: number;
  /** Milliseconds after which a pass that threw is tried again. */
  readonly retryAfterError?: number;
}

/**
 * Owns time and order: sources only `kick`, passes never overlap. A kick while a pass runs means one more pass after it,
 * however many kicks there were.
 */
export class Loop {
  readonly #options: LoopOptions;
  readonly #abort = new AbortController();
  #wanted = false;
  #running: Promise<void> | undefined;
  #timer: Timer | undefined;
  #dueAt = Number.POSITIVE_INFINITY;
  #lastStart = Number.NEGATIVE_INFINITY;
  /** When the rest after the last pass is over. */
  #restedAt = Number.NEGATIVE_INFINITY;
  #waiters: (() => void)[] = [];
  /** Finished passes, and those of them that threw. */
  passes = 0;
  failures = 0;

  constructor(options: LoopOptions) {
    this.#options = options;
  }

  /** A pass is wanted. Cheap; call it for every change. */
  kick(): void {
    this.#wanted = true;
    if (this.#running === undefined) this.#schedule(this.#spacingLeft());
  }

  /** Resolves after the next pass that starts from now on has finished, or when the loop stops. */
  async nextPass(): Promise<void> {
    if (this.#abort.signal.aborted) return;
    const done = new Promise<void>((resolve) => this.#waiters.push(resolve));
    this.kick();
    await done;
  }

  /** Milliseconds that the running pass has taken so far; 0 when none runs. A health check sees whether the loop still turns. */
  get runningFor(): number {
    return this.#running === undefined ? 0 : this.#options.clock.monotonic() - this.#lastStart;
  }

  /** Whether a pass is running or about to. */
  get busy(): boolean {
    return this.#running !== undefined || this.#wanted;
  }

  /** Aborts the running pass and waits until it has let go. */
  async stop(): Promise<void> {
    this.#abort.abort();
    this.#timer?.cancel();
    await this.#running;
    this.#release(this.#waiters);
  }

  #spacingLeft(): number {
    const { spacing = 10, clock } = this.#options;
    return Math.max(0, Math.max(this.#lastStart + spacing, this.#restedAt) - clock.monotonic());
  }

  #schedule(delay: number): void {
    if (this.#abort.signal.aborted) return;
    const due = this.#options.clock.monotonic() + delay;
    if (this.#timer !== undefined && this.#dueAt <= due) return;
    this.#timer?.cancel();
    this.#dueAt = due;
    this.#timer = this.#options.clock.setTimer(delay, () => this.#start());
  }

  #start(): void {
    this.#timer = undefined;
    this.#dueAt = Number.POSITIVE_INFINITY;
    if (this.#running !== undefined || this.#abort.signal.aborted) return;
    this.#wanted = false;
    this.#lastStart = this.#options.clock.monotonic();
    const waiters = this.#waiters;
    this.#waiters = [];
    this.#running = this.#pass().then((retryAfter) => {
      const end = this.#options.clock.monotonic();
      this.#restedAt = end + (end - this.#lastStart) * (this.#options.rest ?? 0.25);
      this.#running = undefined;
      this.passes++;
      this.#release(waiters);
      if (this.#wanted) this.#schedule(this.#spacingLeft());
      else if (retryAfter !== undefined) this.#schedule(Math.max(retryAfter, this.#spacingLeft()));
    });
  }

  async #pass(): Promise<number | undefined> {
    try {
      return (await this.#options.pass(this.#abort.signal)).retryAfter;
    } catch (error) {
      if (this.#abort.signal.aborted) return undefined;
      this.failures++;
      this.#options.log.error('pass failed', { error: describeError(error) });
      return this.#options.retryAfterError ?? 1000;
    }
  }

  #release(waiters: readonly (() => void)[]): void {
    for (const resolve of waiters) resolve();
  }
}
