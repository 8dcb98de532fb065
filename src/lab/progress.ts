import type { Clock } from '../ports/clock.ts';
import type { Write } from './lab.ts';

/** `0.4 s`, `12.0 s`. */
export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** Shows what is being done while it is done, and how long it took: one aligned line per stage. */
export class Progress {
  readonly #write: Write;
  readonly #clock: Clock;
  readonly #start: number;

  constructor(write: Write, clock: Clock) {
    this.#write = write;
    this.#clock = clock;
    this.#start = clock.monotonic();
  }

  /** Runs one stage. A stage that throws is marked as failed; the error goes on. */
  async stage<T>(title: string, work: () => Promise<T>): Promise<T> {
    const start = this.#clock.monotonic();
    this.#write(`  ${title.padEnd(TITLE_WIDTH)}`);
    try {
      const value = await work();
      this.#write(`${seconds(this.#clock.monotonic() - start).padStart(TIME_WIDTH)}\n`);
      return value;
    } catch (error) {
      this.#write(` failed after ${seconds(this.#clock.monotonic() - start)}\n`);
      throw error;
    }
  }

  /** Milliseconds since the beginning. */
  get elapsed(): number {
    return this.#clock.monotonic() - this.#start;
  }
}

const TITLE_WIDTH = 58;
const TIME_WIDTH = 8;
