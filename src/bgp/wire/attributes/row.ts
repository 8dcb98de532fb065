import type { Address } from '../../../net/address.ts';
import type { ByteWriter } from '../../../net/byte-writer.ts';
import type { AsPath } from '../as-path.ts';
import type { NotificationName } from '../notification.ts';
import type { Aggregator, PathAttributes } from './attributes.ts';

/** Attribute Flags, RFC 4271 §4.3. */
export const OPTIONAL = 0x80;
export const TRANSITIVE = 0x40;
export const PARTIAL = 0x20;
export const EXTENDED_LENGTH = 0x10;

/** What a decoder needs of the session. */
export interface AttributeContext {
  readonly external: boolean;
  readonly fourOctetAS: boolean;
}

/** What an encoder needs: `nextHop` where the NEXT_HOP attribute is wanted. */
export interface EncodeContext {
  readonly fourOctetAS: boolean;
  readonly nextHop?: Address | undefined;
}

/** Attributes while they are being collected, and what does not stay one of them. */
export interface AttributeDraft {
  readonly attributes: { -readonly [K in keyof PathAttributes]?: PathAttributes[K] };
  nextHop?: Address;
  /** Merged into `attributes` at the end, RFC 6793. */
  as4Path?: AsPath;
  as4Aggregator?: Aggregator;
}

/** Why a value cannot be one. */
export interface Complaint {
  readonly text: string;
  /** What the peer is told where the session must end after all, RFC 7606 §5.2. */
  readonly notification: NotificationName;
}

/**
 * One path attribute: everything that distinguishes it from the others. `decode` sees `bytes[start, end)`, sets its fields of
 * the draft when the value is good and else complains; `encode` appends the value, or is not called when `present` says no.
 */
export interface AttributeRow {
  readonly type: number;
  readonly name: string;
  /** The OPTIONAL and TRANSITIVE bits that it must have. */
  readonly flags: number;
  /** RFC 7606 §2, by the section `rule`. */
  readonly onError: 'withdraw' | 'discard';
  readonly rule: string;
  /** From such peers it means nothing and is discarded whatever its value is, by the section `rule`. */
  readonly uselessFrom?: { readonly peers: 'external' | 'four-octet'; readonly rule: string };
  /** Only the classic NLRI needs it: where all routes are in MP_REACH_NLRI an error is ignored, by the section `rule`. */
  readonly classicOnly?: { readonly rule: string };
  readonly decode: (
    into: AttributeDraft,
    bytes: Uint8Array,
    start: number,
    end: number,
    context: AttributeContext,
  ) => Complaint | undefined;
  readonly present: (attributes: PathAttributes, context: EncodeContext) => boolean;
  readonly encode: (out: ByteWriter, attributes: PathAttributes, context: EncodeContext) => void;
}

export const complaint = (notification: NotificationName, text: string): Complaint => ({
  notification,
  text,
});

/** RFC 4271 §6.3: "conflicts with the expected length". */
export const wrongLength = (length: number, expected: string): Complaint =>
  complaint('attributeLength', `length ${length}, not ${expected}`);
