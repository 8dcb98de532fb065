import type { Clock, Timer } from '../../src/ports/clock.ts';

interface Pending {
  readonly at: number;
  readonly order: number;
  readonly fn: () => void;
}

/** A clock that stands still until `advance()`; timers fire in order of their time, then of their making. */
export class FakeClock implements Clock {
  #now = 0;
  #order = 0;
  #seed: number;
  readonly #pending = new Set<Pending>();
  readonly epoch: number;

  constructor(options: { readonly epoch?: number; readonly seed?: number } = {}) {
    this.epoch = options.epoch ?? Date.UTC(2026, 0, 1);
    this.#seed = options.seed ?? 1;
  }

  now(): number {
    return this.epoch + this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  setTimer(ms: number, fn: () => void): Timer {
    const pending: Pending = { at: this.#now + Math.max(0, ms), order: this.#order++, fn };
    this.#pending.add(pending);
    return { cancel: () => void this.#pending.delete(pending) };
  }

  /** A small linear congruential generator: the same seed gives the same run. */
  random(): number {
    this.#seed = (this.#seed * 1_664_525 + 1_013_904_223) >>> 0;
    return this.#seed / 2 ** 32;
  }

  /** How many timers wait. */
  get pending(): number {
    return this.#pending.size;
  }

  /** Moves time on by `ms`, running each timer that falls due at its own moment. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const next = this.#next(end);
      if (next === undefined) break;
      this.#pending.delete(next);
      this.#now = next.at;
      next.fn();
    }
    this.#now = end;
  }

  /** As `advance`, letting promises settle before the first and after each timer. */
  async advanceAsync(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (;;) {
      const next = this.#next(end);
      if (next === undefined) break;
      this.#pending.delete(next);
      this.#now = next.at;
      next.fn();
      await settle();
    }
    this.#now = end;
    await settle();
  }

  #next(end: number): Pending | undefined {
    let best: Pending | undefined;
    for (const p of this.#pending) {
      if (p.at > end) continue;
      if (best === undefined || p.at < best.at || (p.at === best.at && p.order < best.order)) best = p;
    }
    return best;
  }
}

/** Lets everything that is ready run: microtasks and one turn of the event loop. */
export async function settle(): Promise<void> {
  await new Promise<void>((resolve) => {
    setImmediate(resolve);
  });
}
