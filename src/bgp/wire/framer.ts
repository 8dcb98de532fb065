import { u8 } from './bytes.ts';
import { HEADER_LENGTH, MAX_LENGTH, readHeader } from './header.ts';
import type { Reset } from './message.ts';

/** One whole message whose header is good. `bytes` includes the header; it is valid until the framer is used again. */
export interface Frame {
  readonly kind: 'frame';
  readonly type: number;
  readonly bytes: Uint8Array;
}

/** A message whose header is bad: why the session must end, and the octets from its beginning, as many as make a message. */
export interface Broken {
  readonly kind: 'broken';
  readonly reset: Reset;
  readonly bytes: Uint8Array;
}

const NOTHING = new Uint8Array(0);

/**
 * Splits the bytes of a connection into messages. A message that lies whole in a chunk is a view of that chunk; only one
 * that is torn is copied, each of its octets once. It holds at most one message besides the chunks that were pushed and not
 * yet taken: take until `undefined` before the next push.
 */
export class Framer {
  /** Octets of the longest message that may arrive: 4096 until RFC 8654 is negotiated. May be set at any time. */
  maxLength: number;
  #chunks: Uint8Array[] = [];
  /** Where in the first chunk to go on. */
  #at = 0;
  /** The beginning of a torn message, and how much of it is there. */
  #torn: Uint8Array = NOTHING;
  #filled = 0;
  #broken: Broken | undefined;

  constructor(maxLength: number = MAX_LENGTH) {
    this.maxLength = maxLength;
  }

  /** Keeps the chunk itself, not a copy. */
  push(chunk: Uint8Array): void {
    if (this.#broken === undefined && chunk.length > 0) this.#chunks.push(chunk);
  }

  /** The next message; undefined: more bytes are needed. A broken one is final: nothing after it can be located. */
  next(): Frame | Broken | undefined {
    if (this.#broken !== undefined) return this.#broken;
    for (let chunk = this.#chunks[0]; chunk !== undefined; chunk = this.#chunks[0]) {
      const found = this.#filled > 0 ? this.#continueTorn(chunk) : this.#takeWhole(chunk);
      if (found?.kind === 'broken') return found;
      if (this.#at === chunk.length) this.#dropChunk();
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #takeWhole(chunk: Uint8Array): Frame | Broken | undefined {
    const available = chunk.length - this.#at;
    const length = available < HEADER_LENGTH ? HEADER_LENGTH : readHeader(chunk, this.#at, this.maxLength);
    if (typeof length === 'object') return this.#giveUp(length, chunk);
    if (available < HEADER_LENGTH || available < length) {
      this.#tear(chunk, length);
      return undefined;
    }
    const bytes = chunk.subarray(this.#at, this.#at + length);
    this.#at += length;
    return frame(bytes);
  }

  /** Keeps the rest of the chunk as the beginning of a message of (so far as known) `length` octets. */
  #tear(chunk: Uint8Array, length: number): void {
    this.#torn = new Uint8Array(length);
    this.#fill(chunk);
  }

  #continueTorn(chunk: Uint8Array): Frame | Broken | undefined {
    this.#fill(chunk);
    if (this.#filled < this.#torn.length) return undefined;
    const length = readHeader(this.#torn, 0, this.maxLength);
    if (typeof length === 'object') return this.#giveUp(length, chunk);
    if (this.#filled < length) {
      const whole = new Uint8Array(length);
      whole.set(this.#torn);
      this.#torn = whole;
      return this.#at < chunk.length ? this.#continueTorn(chunk) : undefined;
    }
    const bytes = this.#torn;
    this.#torn = NOTHING;
    this.#filled = 0;
    return frame(bytes);
  }

  #fill(chunk: Uint8Array): void {
    const part = chunk.subarray(this.#at, this.#at + this.#torn.length - this.#filled);
    this.#torn.set(part, this.#filled);
    this.#filled += part.length;
    this.#at += part.length;
  }

  #dropChunk(): void {
    this.#chunks.shift();
    this.#at = 0;
  }

  #giveUp(reset: Reset, chunk: Uint8Array): Broken {
    const rest = chunk.subarray(this.#at, this.#at + MAX_LENGTH - this.#filled);
    const bytes = new Uint8Array(this.#filled + rest.length);
    bytes.set(this.#torn.subarray(0, this.#filled));
    bytes.set(rest, this.#filled);
    this.#broken = { kind: 'broken', reset, bytes };
    this.#chunks = [];
    this.#torn = NOTHING;
    return this.#broken;
  }
}

const TYPE_AT = 18;

const frame = (bytes: Uint8Array): Frame => ({ kind: 'frame', type: u8(bytes, TYPE_AT), bytes });
