import { GryphonError } from '../ports/error.ts';

/** Thrown when a read would pass the end; codecs turn it into their own error at their border. */
export class ShortReadError extends GryphonError {
  readonly offset: number;
  readonly wanted: number;
  readonly available: number;

  constructor(offset: number, wanted: number, available: number) {
    super('GRY_SHORT_READ', `wanted ${wanted} bytes at offset ${offset}, ${available} are there`, {
      fields: { offset, wanted, available },
    });
    this.offset = offset;
    this.wanted = wanted;
    this.available = available;
  }
}

/**
 * A bounds-checked cursor over bytes. `sub(n)` gives a reader that cannot see beyond its n bytes, so that an inner TLV
 * never reads what belongs to the outer one. Big endian unless a method says otherwise.
 */
export class ByteReader {
  readonly bytes: Uint8Array;
  readonly end: number;
  offset: number;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length, view?: DataView) {
    if (start < 0 || end > bytes.length || start > end)
      throw new ShortReadError(start, end - start, bytes.length);
    this.bytes = bytes;
    this.offset = start;
    this.end = end;
    this.#view = view ?? new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.end - this.offset;
  }

  #take(length: number): number {
    const at = this.offset;
    if (length < 0 || at + length > this.end) throw new ShortReadError(at, length, this.end - at);
    this.offset = at + length;
    return at;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2));
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  u16le(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32le(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  i32le(): number {
    return this.#view.getInt32(this.#take(4), true);
  }

  /** A view, not a copy, of the next `length` bytes. */
  view(length: number): Uint8Array {
    const at = this.#take(length);
    return this.bytes.subarray(at, at + length);
  }

  /** A copy of the next `length` bytes. */
  copy(length: number): Uint8Array {
    const at = this.#take(length);
    return this.bytes.slice(at, at + length);
  }

  skip(length: number): void {
    this.#take(length);
  }

  /** A reader of exactly the next `length` bytes; this one moves past them. */
  sub(length: number): ByteReader {
    const at = this.#take(length);
    return new ByteReader(this.bytes, at, at + length, this.#view);
  }
}
