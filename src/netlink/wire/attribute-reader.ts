import { type Address, addressFromBytes, addressLength, type Family } from '../../net/address.ts';
import { type Mac, macFromBytes } from '../../net/mac.ts';
import { NLA_TYPE_MASK } from './constants.ts';
import { NetlinkFormatError } from './error.ts';

const ATTRIBUTE_HEADER = 4;
const utf8 = new TextDecoder();

/** A cursor over attributes (struct nlattr: length with header, type): `while (reader.next()) switch (reader.type) …`. */
export class AttributeReader {
  readonly bytes: Uint8Array;
  /** Without the two flag bits. */
  type = 0;
  /** The value. */
  start = 0;
  end = 0;
  readonly #view: DataView;
  readonly #limit: number;
  #next: number;

  /** Reads bytes `from` to `limit`, which the caller has checked to lie within `view`. */
  constructor(bytes: Uint8Array, view: DataView, from: number, limit: number) {
    this.bytes = bytes;
    this.#view = view;
    this.#next = from;
    this.#limit = limit;
  }

  next(): boolean {
    const at = this.#next;
    const left = this.#limit - at;
    if (left <= 0) return false;
    const length = left < ATTRIBUTE_HEADER ? 0 : this.#view.getUint16(at, true);
    if (length < ATTRIBUTE_HEADER || length > left) {
      throw new NetlinkFormatError(`attribute length ${length} at offset ${at}, ${left} bytes are left`, {
        at,
        length,
        left,
      });
    }
    this.type = this.#view.getUint16(at + 2, true) & NLA_TYPE_MASK;
    this.start = at + ATTRIBUTE_HEADER;
    this.end = at + length;
    this.#next = at + ((length + 3) & ~3);
    return true;
  }

  /** All bytes of the datagram, after making sure that the value, at `start`, has this length. */
  exactly(length: number): Uint8Array {
    const has = this.end - this.start;
    if (has !== length) {
      throw new NetlinkFormatError(`attribute ${this.type} needs ${length} bytes, has ${has}`, {
        type: this.type,
        needed: length,
        has,
      });
    }
    return this.bytes;
  }

  u32(): number {
    this.exactly(4);
    return this.#view.getUint32(this.start, true);
  }

  /** An address of the family. */
  address(family: Family): Address {
    return addressFromBytes(this.exactly(addressLength(family)), this.start, family);
  }

  /** An address that starts `skip` bytes into the value and ends with it. */
  addressAt(skip: number, family: Family): Address {
    return addressFromBytes(this.exactly(skip + addressLength(family)), this.start + skip, family);
  }

  /** A MAC; undefined for link layers whose addresses have another length (tunnels). */
  mac(): Mac | undefined {
    return this.end - this.start === 6 ? macFromBytes(this.bytes.subarray(this.start, this.end)) : undefined;
  }

  /** Text up to the first NUL. */
  text(): string {
    const value = this.view();
    const nul = value.indexOf(0);
    return utf8.decode(nul < 0 ? value : value.subarray(0, nul));
  }

  /** A view, not a copy, of the value. */
  view(): Uint8Array {
    return this.bytes.subarray(this.start, this.end);
  }

  dataView(): DataView {
    return new DataView(this.#view.buffer, this.#view.byteOffset + this.start, this.end - this.start);
  }

  /** The attributes inside this one, or inside its bytes `from` to `to`. */
  nested(from = 0, to: number = this.end - this.start): AttributeReader {
    return new AttributeReader(this.bytes, this.#view, this.start + from, this.start + to);
  }
}
