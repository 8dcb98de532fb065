import type { Clock } from '../ports/clock.ts';
import { Alarm } from './alarm.ts';
import type { FsmInput, FsmOutput } from './fsm/events.ts';
import { type FsmConfig, type FsmState, initialState, type RestartBits } from './fsm/state.ts';
import { step } from './fsm/step.ts';
import { nextDeadline } from './fsm/timing.ts';

export interface MachineOptions {
  readonly clock: Clock;
  readonly defer: (fn: () => void) => void;
  readonly restart?: RestartBits | undefined;
  readonly carryOut: (output: FsmOutput) => void;
  /** All inputs were handled, or one of them ended in an exception. */
  readonly settled: () => void;
  /** A deadline is due, or was: the machine wants a `tick`. */
  readonly due: () => void;
}

/** Runs the state machine of one peer: one input after the other, outputs carried out in their order, the alarm set behind. */
export class Machine {
  readonly #options: MachineOptions;
  readonly #alarm: Alarm;
  readonly #inputs: FsmInput[] = [];
  #running = false;
  #state: FsmState;

  constructor(config: FsmConfig, options: MachineOptions) {
    const { clock, defer, due, restart } = options;
    this.#options = options;
    this.#alarm = new Alarm({ clock, defer, ring: due });
    this.#state = initialState(config, seed(clock), restart);
  }

  get state(): FsmState {
    return this.#state;
  }

  /** Begins anew with another configuration, for a machine that was stopped. */
  configure(config: FsmConfig): void {
    this.#state = initialState(config, seed(this.#options.clock), this.#state.restart);
  }

  /** Forgets the inputs that wait: what an exception has left behind. */
  clear(): void {
    this.#inputs.length = 0;
  }

  /** An input that arises while an output is carried out waits its turn. */
  feed(input: FsmInput): void {
    this.#inputs.push(input);
    if (this.#running) return;
    this.#running = true;
    try {
      for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) {
        const { state, outputs } = step(this.#state, next, this.#options.clock.monotonic());
        this.#state = state;
        for (const output of outputs) this.#options.carryOut(output);
      }
    } finally {
      this.#running = false;
      this.#alarm.set(nextDeadline(this.#state));
      this.#options.settled();
    }
  }
}

const seed = (clock: Clock): number => Math.floor(clock.random() * 2 ** 32);
