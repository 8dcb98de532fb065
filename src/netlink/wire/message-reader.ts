import { AttributeReader } from './attribute-reader.ts';
import { NetlinkFormatError } from './error.ts';

/** struct nlmsghdr: length, type, flags, sequence, port; little endian, as all our machines are (netlink is host endian). */
export const HEADER_LENGTH = 16;

/** Messages and attributes start at multiples of four bytes. */
export const align4 = (length: number): number => (length + 3) & ~3;

/**
 * A cursor over the messages of one datagram: `while (reader.next()) …`. It makes no object per message, because dumps
 * and event bursts have hundreds of thousands. Nothing is read outside of the message: a length that lies is a NetlinkFormatError.
 */
export class MessageReader {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  type = 0;
  flags = 0;
  sequence = 0;
  /** Port of the socket whose request this answers, or caused this event; 0 is the kernel itself. */
  port = 0;
  /** The message without its header. */
  bodyStart = 0;
  bodyEnd = 0;
  readonly #end: number;
  #next = 0;

  /** Reads the first `length` bytes of `bytes`. */
  constructor(bytes: Uint8Array, length: number = bytes.length) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, Math.min(length, bytes.length));
    this.#end = this.view.byteLength;
  }

  next(): boolean {
    const at = this.#next;
    const left = this.#end - at;
    if (left <= 0) return false;
    const length = left < HEADER_LENGTH ? 0 : this.view.getUint32(at, true);
    if (length < HEADER_LENGTH || length > left) {
      throw new NetlinkFormatError(`length ${length} at offset ${at}, ${left} bytes are left`, {
        at,
        length,
        left,
      });
    }
    this.type = this.view.getUint16(at + 4, true);
    this.flags = this.view.getUint16(at + 6, true);
    this.sequence = this.view.getUint32(at + 8, true);
    this.port = this.view.getUint32(at + 12, true);
    this.bodyStart = at + HEADER_LENGTH;
    this.bodyEnd = at + length;
    this.#next = at + align4(length);
    return true;
  }

  /** Makes sure that the body begins with a fixed part of `length` bytes and gives its offset. */
  fixed(length: number, what: string): number {
    if (this.bodyEnd - this.bodyStart < length) {
      throw new NetlinkFormatError(`${what} needs ${length} bytes, has ${this.bodyEnd - this.bodyStart}`, {
        length,
      });
    }
    return this.bodyStart;
  }

  /** The attributes after a fixed part of `length` bytes; none where that is all, or claims to be more. */
  attributes(length: number): AttributeReader {
    // Clamped before it is aligned: a length from the wire may be too large for bit operations.
    const start = this.bodyStart + align4(Math.min(length, this.bodyEnd - this.bodyStart));
    return new AttributeReader(this.bytes, this.view, Math.min(start, this.bodyEnd), this.bodyEnd);
  }
}
