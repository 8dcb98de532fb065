import { type Address, addressLength, parseAddressBytes } from '../../net/address.ts';
import { ByteWriter } from '../../net/byte-writer.ts';
import type { PrefixWords } from '../../net/prefix-words.ts';
import { NLA_F_NESTED, RTA } from './constants.ts';
import { align4, HEADER_LENGTH } from './message-reader.ts';

const utf8 = new TextEncoder();
/** Gateways repeat: one node's routes all name the same few. Bounded, because addresses come from outside. */
const CACHED_ADDRESSES = 4096;
const addressCache = new Map<Address, Uint8Array>();

/** The bytes of an address that probably comes again; do not change them. */
function cachedBytes(address: Address): Uint8Array {
  const known = addressCache.get(address);
  if (known !== undefined) return known;
  const bytes = parseAddressBytes(address) ?? new Uint8Array(0);
  if (addressCache.size >= CACHED_ADDRESSES) addressCache.clear();
  addressCache.set(address, bytes);
  return bytes;
}

/** Appends messages to one growing buffer, which is kept from batch to batch. */
export class MessageWriter {
  /** For the fixed part of a message, which is written between `begin` and the first attribute. */
  readonly out: ByteWriter;
  #start = 0;

  constructor(capacity = 64 * 1024) {
    this.out = new ByteWriter(capacity);
  }

  /** All messages so far: a view that the next write may overwrite. */
  view(): Uint8Array<ArrayBuffer> {
    return this.out.view();
  }

  reset(): void {
    this.out.reset();
  }

  begin(type: number, flags: number, sequence: number): void {
    this.#start = this.out.length;
    this.out.u32le(HEADER_LENGTH).u16le(type).u16le(flags).u32le(sequence).u32le(0);
  }

  end(): void {
    this.out.patchU32le(this.#start, this.out.length - this.#start);
  }

  u8(type: number, value: number): void {
    this.out.u16le(5).u16le(type).u8(value).zeros(3);
  }

  u32(type: number, value: number): void {
    this.out.u16le(8).u16le(type).u32le(value);
  }

  bytes(type: number, value: Uint8Array): void {
    this.out
      .u16le(4 + value.length)
      .u16le(type)
      .bytes(value);
    const padding = align4(value.length) - value.length;
    if (padding > 0) this.out.zeros(padding);
  }

  address(type: number, value: Address): void {
    this.bytes(type, cachedBytes(value));
  }

  /** The network address of a prefix. */
  network(type: number, { family, w0, w1, w2, w3 }: PrefixWords): void {
    this.out
      .u16le(4 + addressLength(family))
      .u16le(type)
      .u32(w0);
    if (family === 6) this.out.u32(w1).u32(w2).u32(w3);
  }

  /** Text with its closing NUL. */
  text(type: number, value: string): void {
    this.bytes(type, utf8.encode(`${value}\0`));
  }

  /** Text without closing NUL: where its length tells its end, as in an alias. */
  chars(type: number, value: string): void {
    this.bytes(type, utf8.encode(value));
  }

  /** A gateway of another family (struct rtvia: family, address). */
  via(type: number, family: number, value: Address): void {
    const bytes = cachedBytes(value);
    this.out
      .u16le(6 + bytes.length)
      .u16le(type)
      .u16le(family)
      .bytes(bytes)
      .zeros(2);
  }

  /** Opens a nest; give the result to `closeNest`. RTA_MULTIPATH alone is one without saying so. */
  openNest(type: number): number {
    const at = this.out.length;
    this.out.u16le(0).u16le(type === RTA.MULTIPATH ? type : type | NLA_F_NESTED);
    return at;
  }

  closeNest(at: number): void {
    this.out.patchU16le(at, this.out.length - at);
  }
}
