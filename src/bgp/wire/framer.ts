import type { Reset } from './message.ts';

/** One whole message whose header is good. `bytes` includes the header; it is valid until the next `push`. */
export interface Frame {
  readonly kind: 'frame';
  readonly type: number;
  readonly bytes: Uint8Array;
}

/** Splits the bytes of a connection into messages. */
export declare class Framer {
  /** Octets of the longest message that may arrive: 4096 until RFC 8654 is negotiated; may be set at any time. */
  maxLength: number;
  constructor(maxLength?: number);
  push(chunk: Uint8Array): void;
  /** The next message; undefined: more bytes are needed; a reset stays for ever. */
  next(): Frame | Reset | undefined;
}
