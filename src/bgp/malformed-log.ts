import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Received } from './channel.ts';
import { hex } from './wire/bytes.ts';

/** Milliseconds between two dumps of one peer's messages. */
const DUMP_INTERVAL = 60_000;

/** Writes malformed messages of one peer whole, as RFC 7606 §6 asks for, but not more often than people can read. */
export class MalformedLog {
  readonly #peer: string;
  readonly #clock: Clock;
  readonly #log: Log;
  #dumpedAt = Number.NEGATIVE_INFINITY;

  constructor(peer: string, clock: Clock, log: Log) {
    this.#peer = peer;
    this.#clock = clock;
    this.#log = log;
  }

  /** A message with something wrong; one without is passed over. */
  report({ decoded, bytes }: Received): void {
    if (decoded.kind === 'ignore') {
      this.#log.debug('message ignored', { peer: this.#peer, reason: decoded.reason });
      return;
    }
    const problems = decoded.kind === 'reset' ? [] : decoded.problems;
    if (decoded.kind === 'message' && problems.length === 0) return;
    const reasons =
      decoded.kind === 'reset'
        ? [decoded.reason]
        : problems.map((p) => `${p.text} (${p.rule}: ${p.reaction})`);
    const fields = { peer: this.#peer, reasons };
    const now = this.#clock.monotonic();
    // A family or attribute that is not ours is not malformed.
    const harmless = decoded.kind === 'message' && problems.every((p) => p.reaction === 'ignore');
    if (harmless || now - this.#dumpedAt < DUMP_INTERVAL) {
      this.#log.debug('malformed message', fields);
      return;
    }
    this.#dumpedAt = now;
    this.#log.warn('malformed message', { ...fields, bytes: hex(bytes) });
  }
}
