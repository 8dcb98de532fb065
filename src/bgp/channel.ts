import { ByteWriter } from '../net/byte-writer.ts';
import type { Timer } from '../ports/clock.ts';
import type { Connection } from './transport.ts';
import { decodeMessage, encodeMessage } from './wire/codec.ts';
import { Framer } from './wire/framer.ts';
import type { Decoded, Message, UpdateMessage, WireContext } from './wire/message.ts';
import { beforeOpen } from './wire/negotiate.ts';

/** What came out of one message's bytes. */
export interface Received {
  readonly decoded: Decoded;
  /** The type of the message; absent where the header is broken. */
  readonly type?: number;
  /** When its last byte arrived, monotonic milliseconds. */
  readonly at: number;
  /** The message itself, or what there is of a broken one; valid until the next `next`. */
  readonly bytes: Uint8Array;
}

/** Bytes waiting to be decoded above which TCP holds the peer back, and below which it may go on. */
const HIGH_WATER = 512 * 1024;
const LOW_WATER = 128 * 1024;

/** One connection of a session as a stream of messages in both directions. */
export class Channel {
  readonly id: number;
  readonly connection: Connection;
  readonly #framer = new Framer();
  readonly #chunks: { readonly bytes: Uint8Array; readonly at: number }[] = [];
  #waiting = 0;
  #paused = false;
  /** When the bytes that the framer has came. */
  #at = 0;
  /** The framer has no whole message any more. */
  #drained = true;
  #context: WireContext = beforeOpen;
  /** Whether the peer takes nothing at the moment. */
  blocked = false;
  /** Why TCP is gone; undefined: it is not. What arrived before can still be read. */
  ended: string | undefined;
  /** Runs while the orderly end of TCP is waited for. */
  linger: Timer | undefined;

  constructor(id: number, connection: Connection) {
    this.id = id;
    this.connection = connection;
  }

  get context(): WireContext {
    return this.#context;
  }

  /** From now on messages are read and written as both OPENs agreed. */
  agree(context: WireContext): void {
    this.#context = context;
    this.#framer.maxLength = context.maxReceive;
  }

  /** When the latest of the bytes that wait arrived; undefined: none wait. */
  get waitingSince(): number | undefined {
    return this.#chunks.at(-1)?.at ?? (this.#drained ? undefined : this.#at);
  }

  push(bytes: Uint8Array, at: number): void {
    this.#chunks.push({ bytes, at });
    this.#waiting += bytes.length;
    if (this.#waiting <= HIGH_WATER || this.#paused) return;
    this.#paused = true;
    this.connection.pause();
  }

  /** The next message; undefined: more bytes are needed. */
  next(): Received | undefined {
    for (;;) {
      const frame = this.#framer.next();
      if (frame !== undefined) {
        const { bytes } = frame;
        if (frame.kind === 'broken') return { decoded: frame.reset, at: this.#at, bytes };
        return { decoded: decodeMessage(frame, this.#context), type: frame.type, at: this.#at, bytes };
      }
      const chunk = this.#chunks.shift();
      if (chunk === undefined) {
        this.#drained = true;
        return undefined;
      }
      this.#drained = false;
      this.#at = chunk.at;
      this.#framer.push(chunk.bytes);
      this.#waiting -= chunk.bytes.length;
      if (this.#paused && this.#waiting < LOW_WATER) {
        this.#paused = false;
        this.connection.resume();
      }
    }
  }

  /** Tells whether the peer still takes what is sent. */
  send(message: Exclude<Message, UpdateMessage>): boolean {
    const out = new ByteWriter(64);
    encodeMessage(out, message);
    return this.connection.write(out.copy());
  }
}
