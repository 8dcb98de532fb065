import { describe, expect, it } from 'vitest';
import { ByteReader, ShortReadError } from '../../src/net/byte-reader.ts';
import { ByteWriter } from '../../src/net/byte-writer.ts';

it('reads back what it wrote, also after growing', () => {
  const writer = new ByteWriter(1);
  writer.u8(0x01).u16(0x0203).u32(0x04050607).u16le(0x0908).u32le(0x0d0c0b0a).i32le(-2);
  writer.bytes(Uint8Array.of(0xaa, 0xbb)).zeros(2);
  writer.patchU8(0, 0xff);
  writer.patchU16(1, 0x1234);
  const reader = new ByteReader(writer.copy());
  expect(reader.u8()).toBe(0xff);
  expect(reader.u16()).toBe(0x1234);
  expect(reader.u32()).toBe(0x04050607);
  expect(reader.u16le()).toBe(0x0908);
  expect(reader.u32le()).toBe(0x0d0c0b0a);
  expect(reader.i32le()).toBe(-2);
  expect(reader.copy(2)).toEqual(Uint8Array.of(0xaa, 0xbb));
  expect(reader.view(2)).toEqual(Uint8Array.of(0, 0));
  expect(reader.remaining).toBe(0);
});

it('patches little-endian lengths and forgets on reset', () => {
  const writer = new ByteWriter().zeros(6);
  writer.patchU16le(0, 0x0102);
  writer.patchU32le(2, 0x03040506);
  expect([...writer.view()]).toEqual([2, 1, 6, 5, 4, 3]);
  writer.reset();
  expect(writer.length).toBe(0);
});

describe('ByteReader', () => {
  it('never reads past its end, whatever lies behind', () => {
    const outer = new ByteReader(Uint8Array.of(1, 2, 3, 4, 5));
    const inner = outer.sub(2);
    expect(inner.u8()).toBe(1);
    expect(() => inner.u16()).toThrow(ShortReadError);
    expect(inner.u8()).toBe(2);
    expect(outer.u8()).toBe(3);
    outer.skip(1);
    expect(() => outer.sub(2)).toThrow(
      expect.objectContaining({ code: 'GRY_SHORT_READ', offset: 4, wanted: 2, available: 1 }),
    );
  });

  it('refuses negative lengths and windows outside the buffer', () => {
    const reader = new ByteReader(Uint8Array.of(1, 2));
    expect(() => reader.skip(-1)).toThrow(ShortReadError);
    expect(() => new ByteReader(Uint8Array.of(1), 0, 2)).toThrow(ShortReadError);
    expect(() => new ByteReader(Uint8Array.of(1), 1, 0)).toThrow(ShortReadError);
  });
});
