import type { Clock } from '../../ports/clock.ts';
import { sleep } from './backoff.ts';

/** Milliseconds over which those who are woken spread their next attempts. */
const SPREAD = 1000;

/**
 * Whether anybody follows the API server. The first one to do so after nobody did ends the pauses of all others, for each has a random
 * pause of its own, and the longest of them would decide when the copy is whole again.
 */
export class Contact {
  readonly #clock: Clock;
  readonly #waiting = new Set<() => void>();
  #following = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** One more follows the server. */
  join(): void {
    this.#following++;
    if (this.#following > 1) return;
    for (const wake of this.#waiting) wake();
  }

  /** One that has joined follows no longer. */
  leave(): void {
    this.#following--;
  }

  /**
   * Waits for `ms` milliseconds, or for a random part of a second after somebody else has the first contact, whichever is less;
   * returns at once when `signal` is aborted. Tells whether it was cut short by a contact.
   */
  async pause(ms: number, signal: AbortSignal): Promise<boolean> {
    const contact = new AbortController();
    const wake = (): void => contact.abort();
    const end = this.#clock.monotonic() + ms;
    this.#waiting.add(wake);
    await sleep(this.#clock, ms, AbortSignal.any([signal, contact.signal]));
    this.#waiting.delete(wake);
    if (!contact.signal.aborted) return false;
    const left = Math.max(0, end - this.#clock.monotonic());
    await sleep(this.#clock, Math.min(left, this.#clock.random() * SPREAD), signal);
    return true;
  }
}
