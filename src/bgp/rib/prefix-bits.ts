import { type Prefix, prefixBytes, prefixLength } from '../../net/prefix.ts';

/** A prefix as numbers, for comparing it with many others: one word of 32 bits for IPv4, four for IPv6. */
export interface PrefixBits {
  readonly length: number;
  readonly words: readonly number[];
}

export function prefixBits(prefix: Prefix): PrefixBits {
  const bytes = prefixBytes(prefix);
  const words: number[] = [];
  for (let i = 0; i < bytes.length; i += 4) {
    words.push(
      (((bytes[i] ?? 0) << 24) |
        ((bytes[i + 1] ?? 0) << 16) |
        ((bytes[i + 2] ?? 0) << 8) |
        (bytes[i + 3] ?? 0)) >>>
        0,
    );
  }
  return { length: prefixLength(prefix), words };
}

/** Whether `inner` equals `outer` or lies inside of it; never for two families. */
export function covers(outer: PrefixBits, inner: PrefixBits): boolean {
  if (inner.length < outer.length || inner.words.length !== outer.words.length) return false;
  const whole = outer.length >>> 5;
  for (let i = 0; i < whole; i++) if (outer.words[i] !== inner.words[i]) return false;
  const rest = outer.length & 31;
  // The shift is by 1 to 31: by 32 it would be by none.
  return rest === 0 || ((outer.words[whole] ?? 0) ^ (inner.words[whole] ?? 0)) >>> (32 - rest) === 0;
}
