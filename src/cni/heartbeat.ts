import fs from 'node:fs';
import path from 'node:path';
import type { Clock, Timer } from '../ports/clock.ts';

/** Milliseconds. */
const INTERVAL = 5000;
/** For how long after the last beat an absence is forgiven; the shim has the same number. */
const GRACE = 15_000;

/**
 * A file beside the socket whose time says when this node could last take pods. While the agent restarts, the shim answers
 * STATUS by it, because runtimes make the whole node unready on the first refusal.
 */
export class Heartbeat {
  readonly #file: string;
  readonly #clock: Clock;
  readonly #ready: () => boolean;
  #timer: Timer | undefined;

  constructor(socketPath: string, clock: Clock, ready: () => boolean) {
    this.#file = path.join(path.dirname(socketPath), 'heartbeat');
    this.#clock = clock;
    this.#ready = ready;
  }

  /** Beats now and from now on. */
  start(): void {
    this.beat();
    this.#timer = this.#clock.setTimer(INTERVAL, () => this.start());
  }

  /** A node that is not ready leaves the file alone: its time runs out. */
  beat(): void {
    if (!this.#ready()) return;
    try {
      fs.writeFileSync(this.#file, 'ready\n', { mode: 0o600 });
    } catch {
      // Without the file a restart merely shows: nothing to report at every beat.
    }
  }

  /** Whether this node, perhaps under an earlier agent, could take pods a short while ago. */
  get recent(): boolean {
    const beat = fs.statSync(this.#file, { throwIfNoEntry: false });
    return beat !== undefined && Math.abs(this.#clock.now() - beat.mtimeMs) <= GRACE;
  }

  stop(): void {
    this.#timer?.cancel();
  }
}
