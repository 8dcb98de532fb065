import type { Clock } from '../ports/clock.ts';

/** Milliseconds after which one turn of the event loop does no more for us. */
const TURN_TIME = 4;
/** Units of work after which it ends in any case, so that it does where time stands still. */
const UNITS_A_TURN = 64;

export interface TurnsOptions {
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Runs `fn` in the next turn of the event loop, after pending input was read. */
  readonly defer: (fn: () => void) => void;
}

/** Work that is done a little at a time. */
export interface Task {
  /** There is something to do: it gets its turn, once, however often this is called until then. */
  wake(): void;
}

/**
 * Shares the event loop among everything that may take long. A turn gives each task that is awake one unit after the other in
 * rotation until its time is over; then timers and sockets have theirs. So a thousand sessions and one flood hold the loop no
 * longer than one quiet session does.
 */
export class Turns {
  readonly #options: TurnsOptions;
  readonly #awake: (() => void)[] = [];
  #scheduled = false;

  constructor(options: TurnsOptions) {
    this.#options = options;
  }

  /**
   * A task does `unit`, something bounded, and again as long as that says that more is left. `guard` runs it and keeps what it
   * throws; a unit that threw is done.
   */
  task(unit: () => boolean, guard: (fn: () => void) => void): Task {
    let awake = false;
    const run = (): void => {
      let more = false;
      awake = false;
      guard(() => {
        more = unit();
      });
      if (more) wake();
    };
    const wake = (): void => {
      if (awake) return;
      awake = true;
      this.#awake.push(run);
      this.#schedule();
    };
    return { wake };
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#options.defer(() => this.#turn());
  }

  #turn(): void {
    const { clock } = this.#options;
    const end = clock.monotonic() + TURN_TIME;
    let units = 0;
    while (units < UNITS_A_TURN && units < this.#awake.length) {
      this.#awake[units++]?.();
      if (clock.monotonic() >= end) break;
    }
    this.#awake.splice(0, units);
    this.#scheduled = false;
    if (this.#awake.length > 0) this.#schedule();
  }
}
