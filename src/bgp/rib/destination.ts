import type { PrefixWords } from '../../net/prefix-words.ts';

/**
 * Whether unicast packets can have a destination in the prefix. RFC 4271 §6.3: one of multicast addresses is semantically
 * incorrect and ignored; the other blocks are special by RFC 6890, and no router forwards to them. Asked of every prefix that is
 * announced, so it only compares numbers. Bits beyond the length are zero: where a block ends in a one, nothing wider begins
 * like it, and its length need not be compared.
 */
export function isDestination({ family, bits, w0, w1, w2, w3 }: PrefixWords): boolean {
  return family === 4 ? isDestination4(w0, bits) : isDestination6(w0, bits, (w1 | w2) === 0, w3);
}

function isDestination4(w0: number, bits: number): boolean {
  const first = w0 >>> 24;
  // 0.0.0.0/8; what is wider leads elsewhere too, the default route above all.
  if (first === 0) return bits < 8;
  // 127.0.0.0/8; 224.0.0.0/4 and 240.0.0.0/4, which lie side by side: 224.0.0.0/3 is nothing but these.
  if (first === 127 || first >= 224) return false;
  // 169.254.0.0/16
  return w0 >>> 16 !== 0xa9fe || bits < 16;
}

function isDestination6(w0: number, bits: number, middleIsZero: boolean, w3: number): boolean {
  // ::/128 and ::1/128, and ::/127, which is nothing but these.
  if (w0 === 0) return !middleIsZero || w3 >>> 1 !== 0 || bits < 127;
  // ff00::/8
  if (w0 >>> 24 === 0xff) return false;
  // fe80::/10
  return w0 >>> 22 !== 0xfe80 >>> 6 || bits < 10;
}
