import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Received } from './channel.ts';
import type { MalformedReaction } from './status.ts';
import { hex } from './wire/bytes.ts';
import type { Decoded } from './wire/message.ts';

/** Things wrong with one message that are told: a long one has room for twenty thousand. */
const REASONS = 10;
/** Milliseconds between two dumps of one peer's messages, for each reaction. */
const DUMP_INTERVAL = 60_000;

/**
 * Writes malformed messages of one peer whole, as RFC 7606 §6 asks for, but not more often than people can read. Each reaction has
 * its own minute, so that a peer whose attributes are discarded all the time cannot hide the message that ended its session.
 */
export class MalformedLog {
  readonly #peer: string;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #dumps = new Map<MalformedReaction, { readonly at: number; unlogged: number }>();

  constructor(peer: string, clock: Clock, log: Log) {
    this.#peer = peer;
    this.#clock = clock;
    this.#log = log;
  }

  /** Writes what is wrong with a message and gives what is done about it; undefined: nothing is wrong. */
  report({ decoded, bytes }: Received): MalformedReaction | undefined {
    const reaction = reactionTo(decoded);
    if (reaction === undefined) return undefined;
    const fields = { peer: this.#peer, reaction, reasons: reasonsOf(decoded) };
    const now = this.#clock.monotonic();
    const last = this.#dumps.get(reaction);
    if (reaction === 'ignore') {
      this.#log.debug('message ignored', fields);
    } else if (last !== undefined && now - last.at < DUMP_INTERVAL) {
      last.unlogged++;
      this.#log.debug('malformed message', fields);
    } else {
      this.#dumps.set(reaction, { at: now, unlogged: 0 });
      const unlogged = last?.unlogged ?? 0;
      this.#log.warn('malformed message', {
        ...fields,
        ...(unlogged > 0 && { unlogged }),
        bytes: hex(bytes),
      });
    }
    return reaction;
  }
}

/** What is done about a message, by the gravest of what is wrong with it. */
function reactionTo(decoded: Decoded): MalformedReaction | undefined {
  if (decoded.kind !== 'message') return decoded.kind;
  const { problems } = decoded;
  if (problems.length === 0) return undefined;
  return (['withdraw', 'discard', 'ignore'] as const).find((kind) =>
    problems.some((p) => p.reaction === kind),
  );
}

function reasonsOf(decoded: Decoded): readonly string[] {
  if (decoded.kind === 'reset' || decoded.kind === 'ignore') return [decoded.reason];
  const { problems } = decoded;
  const told = problems.slice(0, REASONS).map(({ text, rule, reaction }) => `${text} (${rule}: ${reaction})`);
  return problems.length > REASONS ? [...told, `and ${problems.length - REASONS} more`] : told;
}
