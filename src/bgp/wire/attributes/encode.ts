import { ByteWriter } from '../../../net/byte-writer.ts';
import type { PathAttributes } from './attributes.ts';
import { type EncodeContext, EXTENDED_LENGTH, OPTIONAL, PARTIAL, TRANSITIVE } from './row.ts';
import { ATTRIBUTES } from './table.ts';

/** Reused for every value: encoding is synchronous and nobody keeps it. */
const value = new ByteWriter();

/** Appends all attributes in ascending order of type (RFC 4271 §5), without the multiprotocol ones. */
export function encodeAttributes(out: ByteWriter, attributes: PathAttributes, context: EncodeContext): void {
  const unknown = [...(attributes.unknown ?? [])].sort((a, b) => a.type - b.type);
  let sent = 0;
  const sendUnknown = (below: number): void => {
    for (let next = unknown[sent]; next !== undefined && next.type < below; next = unknown[++sent]) {
      // RFC 4271 §5: who passes on what it does not know sets the partial bit.
      encodeAttribute(out, OPTIONAL | TRANSITIVE | PARTIAL, next.type, next.value);
    }
  };
  for (const row of ATTRIBUTES) {
    if (!row.present(attributes, context)) continue;
    sendUnknown(row.type);
    value.reset();
    row.encode(value, attributes, context);
    const partial = attributes.partial?.includes(row.type) === true ? PARTIAL : 0;
    encodeAttribute(out, row.flags | partial, row.type, value.view());
  }
  sendUnknown(256);
}

function encodeAttribute(out: ByteWriter, flags: number, type: number, bytes: Uint8Array): void {
  if (bytes.length > 0xff)
    out
      .u8(flags | EXTENDED_LENGTH)
      .u8(type)
      .u16(bytes.length);
  else out.u8(flags).u8(type).u8(bytes.length);
  out.bytes(bytes);
}
