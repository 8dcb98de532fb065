import type { ByteWriter } from '../../../net/byte-writer.ts';
import type { PathAttributes, UnknownAttribute } from './attributes.ts';
import { type EncodeContext, EXTENDED_LENGTH, OPTIONAL, PARTIAL, TRANSITIVE } from './row.ts';
import { ATTRIBUTES } from './table.ts';

/** Appends all attributes in ascending order of type (RFC 4271 §5), without the multiprotocol ones. */
export function encodeAttributes(out: ByteWriter, attributes: PathAttributes, context: EncodeContext): void {
  const unknown = attributes.unknown?.toSorted((a, b) => a.type - b.type) ?? NONE;
  let sent = 0;
  for (const row of ATTRIBUTES) {
    if (!row.present(attributes, context)) continue;
    sent = encodeUnknown(out, unknown, sent, row.type);
    const partial = attributes.partial?.includes(row.type) === true ? PARTIAL : 0;
    const start = beginAttribute(out, row.flags | partial, row.type);
    row.encode(out, attributes, context);
    endAttribute(out, start);
  }
  encodeUnknown(out, unknown, sent, 256);
}

const NONE: readonly UnknownAttribute[] = [];

/** Those from index `from` on whose type lies below another one; gives the index of the first that does not. */
function encodeUnknown(
  out: ByteWriter,
  unknown: readonly UnknownAttribute[],
  from: number,
  below: number,
): number {
  let sent = from;
  for (let next = unknown[sent]; next !== undefined && next.type < below; next = unknown[++sent]) {
    // RFC 4271 §5: who passes on what it does not know sets the partial bit.
    const start = beginAttribute(out, OPTIONAL | TRANSITIVE | PARTIAL, next.type);
    out.bytes(next.value);
    endAttribute(out, start);
  }
  return sent;
}

/** Writes the head of an attribute whose value follows; gives where it begins. */
function beginAttribute(out: ByteWriter, flags: number, type: number): number {
  const start = out.length;
  out.u8(flags).u8(type).u8(0);
  return start;
}

/** Puts in the length, of one octet or, where the value is long, of two: then the value moves. */
function endAttribute(out: ByteWriter, start: number): void {
  const valueAt = start + 3;
  const length = out.length - valueAt;
  if (length <= 0xff) {
    out.patchU8(start + 2, length);
    return;
  }
  const value = out.view().slice(valueAt);
  const flags = out.view()[start] ?? 0;
  out.patchU8(start, flags | EXTENDED_LENGTH);
  out.length = start + 2;
  out.u16(length).bytes(value);
}
