/** Octets as the fuzzer handles them. On purpose nothing of `src/bgp/wire`: what is judged must not help to judge. */
export const HEADER = 19;

export const u16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);

export const u32 = (bytes: Uint8Array, at: number): number => u16(bytes, at) * 0x10000 + u16(bytes, at + 2);

export const octets16 = (value: number): Uint8Array => Uint8Array.of((value >> 8) & 0xff, value & 0xff);

export const octets32 = (value: number): Uint8Array =>
  Uint8Array.of(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);

export const concat = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts));

export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

export const fromHex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));

const MARKER = new Uint8Array(16).fill(0xff);

/** A message with the right length. */
export const message = (type: number, body: Uint8Array): Uint8Array =>
  concat(MARKER, octets16(HEADER + body.length), Uint8Array.of(type), body);

export const KEEPALIVE = message(4, new Uint8Array(0));

/** The messages of a stream by their own lengths; what is no whole message is the last one. */
export function split(stream: Uint8Array): Uint8Array[] {
  const messages: Uint8Array[] = [];
  let at = 0;
  while (at < stream.length) {
    const length = at + HEADER <= stream.length ? u16(stream, at + 16) : 0;
    const end = length < HEADER ? stream.length : Math.min(at + length, stream.length);
    messages.push(stream.subarray(at, end));
    at = end;
  }
  return messages;
}
