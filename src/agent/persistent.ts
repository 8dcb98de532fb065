import type { Clock, Timer } from '../ports/clock.ts';
import { GryphonError } from '../ports/error.ts';
import type { Log } from '../ports/log.ts';
import type { Problem } from '../ports/problem.ts';

export interface PersistentOptions<T> {
  /** What is started, for people: `pod network`. */
  readonly name: string;
  readonly start: (signal: AbortSignal) => Promise<T>;
  /** It has started, or the problem came, changed or went. */
  readonly onChange: () => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** Milliseconds between attempts: doubling from the first to the last. */
const FIRST_DELAY = 1000;
const LAST_DELAY = 30_000;

/** Starts something that may not be possible yet, until it is; the reason is a problem meanwhile and everything else goes on. */
export class Persistent<T> {
  readonly #options: PersistentOptions<T>;
  #value: T | undefined;
  #problem: Problem | undefined;
  #timer: Timer | undefined;
  #delay = FIRST_DELAY;
  #attempt: Promise<void> = Promise.resolve();

  constructor(options: PersistentOptions<T>) {
    this.#options = options;
  }

  get value(): T | undefined {
    return this.#value;
  }

  get problems(): readonly Problem[] {
    return this.#problem === undefined ? [] : [this.#problem];
  }

  /** The first attempt; resolves when it succeeded or failed. Further ones come by themselves until `signal` is aborted. */
  start(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#timer?.cancel(), { once: true });
    this.#attempt = this.#try(signal);
    return this.#attempt;
  }

  /** What has been started, once the attempt that may be under way is over. */
  async settled(): Promise<T | undefined> {
    await this.#attempt;
    return this.#value;
  }

  async #try(signal: AbortSignal): Promise<void> {
    const { name, start, onChange, clock, log } = this.#options;
    try {
      this.#value = await start(signal);
      if (this.#problem !== undefined) log.info('started at last', { what: name });
      this.#problem = undefined;
    } catch (error) {
      if (signal.aborted) return;
      const before = this.#problem?.message;
      this.#problem = problemOf(name, error);
      if (before !== this.#problem.message) log.error('cannot start', { what: name, error });
      const delay = this.#delay;
      this.#delay = Math.min(LAST_DELAY, delay * 2);
      this.#timer = clock.setTimer(delay, () => {
        this.#attempt = this.#try(signal);
      });
    }
    onChange();
  }
}

function problemOf(name: string, error: unknown): Problem {
  const known = error instanceof GryphonError ? error : undefined;
  return {
    code: known?.code ?? 'GRY_START_FAILED',
    severity: 'error',
    subject: name,
    message: error instanceof Error ? error.message : String(error),
    remedy: known?.remedy ?? 'see the log of the agent; it is tried again',
  };
}
