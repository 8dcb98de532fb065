import type { WireContext } from '../../../../src/bgp/wire/message.ts';

/** One message as an implementation sent it, and what it means. */
export interface Vector {
  readonly name: string;
  /** What the session had negotiated, where it is not the plain `context` of support.ts. */
  readonly context?: WireContext;
  readonly hex: string;
  /** A `ReadableMessage`; `unknown`, so that addresses and prefixes can be written as plain text. */
  readonly message: unknown;
}

/** Messages captured from live sessions of one implementation. */
export interface VectorSource {
  readonly from: string;
  readonly vectors: readonly Vector[];
}
