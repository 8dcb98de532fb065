import type { Clock } from '../../ports/clock.ts';

/** Milliseconds of work between two turns of the event loop. */
const SLICE = 3;

/** Lets everybody else work in between while a lot arrives at once. */
export class Turns {
  readonly #clock: Clock;
  readonly #defer: (fn: () => void) => void;
  #since: number;

  /** `defer` runs a function in the next turn of the event loop. */
  constructor(clock: Clock, defer: (fn: () => void) => void) {
    this.#clock = clock;
    this.#defer = defer;
    this.#since = clock.monotonic();
  }

  /** Passes a body on; with each part that arrives a slice begins, for what others have worked meanwhile is not ours. */
  async *slice(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const part of body) {
      this.#since = this.#clock.monotonic();
      yield part;
    }
  }

  /** Resolves at once, or, where a slice is used up, in the next turn. */
  async give(): Promise<void> {
    if (this.#clock.monotonic() - this.#since < SLICE) return;
    await new Promise<void>((resolve) => this.#defer(resolve));
    this.#since = this.#clock.monotonic();
  }
}
