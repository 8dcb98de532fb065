import type { Clock, Timer } from '../../ports/clock.ts';
import { KubeError } from './kube-api.ts';

/** Ends a conversation in which nothing was heard for too long: its `signal` is aborted with a `KubeError`. */
export class Silence implements Disposable {
  readonly #clock: Clock;
  readonly #longest: number;
  readonly #abort = new AbortController();
  #timer: Timer | undefined;
  #heardAt: number;
  /** Aborted by the silence, or by the signal that was given. */
  readonly signal: AbortSignal;

  /** `longest` in milliseconds. */
  constructor(clock: Clock, longest: number, outer: AbortSignal) {
    this.#clock = clock;
    this.#longest = longest;
    this.#heardAt = clock.monotonic();
    this.signal = AbortSignal.any([outer, this.#abort.signal]);
    this.#arm(longest);
  }

  /** Passes a body on, and takes every part of it as a sign of life. */
  async *listen(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const part of body) {
      this.#heardAt = this.#clock.monotonic();
      yield part;
    }
  }

  [Symbol.dispose](): void {
    this.#timer?.cancel();
  }

  #arm(ms: number): void {
    this.#timer = this.#clock.setTimer(ms, () => {
      const left = this.#heardAt + this.#longest - this.#clock.monotonic();
      if (left > 0) this.#arm(left);
      else this.#abort.abort(silent(this.#longest));
    });
  }
}

const silent = (ms: number): KubeError =>
  new KubeError('GRY_KUBE_SILENT', `the API server has said nothing for ${ms / 1000} s`);
