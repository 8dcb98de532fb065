/** UPDATEs, encoded before the clock runs and without the codec that is measured. Prefix number N is as `table.h` says. */

/** Octets that are written one after the other into a block that is large enough. */
class Octets {
  readonly #bytes: Uint8Array;
  #length = 0;

  constructor(room: number) {
    this.#bytes = new Uint8Array(room);
  }

  get length(): number {
    return this.#length;
  }

  put(...values: readonly number[]): void {
    for (const value of values) this.#bytes[this.#length++] = value;
  }

  put16(value: number): void {
    this.put(value >> 8, value & 0xff);
  }

  put32(...values: readonly number[]): void {
    for (const value of values)
      this.put(value >>> 24, (value >> 16) & 0xff, (value >> 8) & 0xff, value & 0xff);
  }

  /** Leaves two octets for a length; the answer writes it: of all that came after them, and `more`. */
  length16(more = 0): () => void {
    const at = this.#length;
    this.put16(0);
    return () => {
      const length = this.#length - at - 2 + more;
      this.#bytes[at] = length >> 8;
      this.#bytes[at + 1] = length & 0xff;
    };
  }

  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}

/** The same numbers in every run: xorshift, 0 to `below` - 1. */
function numbers(): (below: number) => number {
  let state = 0x2545f491;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const MARKER = Array.from({ length: 16 }, () => 0xff);
const UPDATE = 2;
/** RFC 4271 §4.3, RFC 1997 */
const ORIGIN = [0x40, 1, 1, 0];
const [AS_PATH, NEXT_HOP, MED, LOCAL_PREF, COMMUNITIES] = [2, 3, 4, 5, 8];
const LARGEST = 4096;

/** Numbers `from` to `to` - 1. */
function putPrefixes(out: Octets, from: number, to: number): void {
  for (let number = from; number < to; number++) {
    const address = 0x10000000 + number * 1024;
    // /22 to /24, a third each.
    out.put(22 + (number % 3), address >>> 24, (address >> 16) & 0xff, (address >> 8) & 0xff);
  }
}

/** One message of type UPDATE; `body` writes what follows the header. */
function putUpdate(out: Octets, body: () => void): void {
  out.put(...MARKER);
  const end = out.length16(MARKER.length + 2);
  out.put(UPDATE);
  body();
  end();
}

interface Sender {
  /** The first AS of each path; an internal peer of the receiver has none of its own to put there. */
  readonly as: number;
  readonly nextHop: readonly number[];
  readonly internal?: boolean;
}

/** A path of two to seven AS, MED in every second set, up to five communities: hardly a set comes twice. */
function putAttributes(
  out: Octets,
  { as, nextHop, internal = false }: Sender,
  random: (below: number) => number,
): void {
  const end = out.length16();
  const path = [as, ...Array.from({ length: 1 + random(6) }, () => 100_000 + random(300_000))];
  out.put(...ORIGIN, 0x40, AS_PATH, 2 + 4 * path.length, 2, path.length);
  out.put32(...path);
  out.put(0x40, NEXT_HOP, 4, ...nextHop);
  if (random(2) === 0) {
    out.put(0x80, MED, 4);
    out.put32(random(1000));
  }
  if (internal) {
    out.put(0x40, LOCAL_PREF, 4);
    out.put32(100);
  }
  const communities = Array.from({ length: random(6) }, () => as * 65_536 + random(65_000));
  if (communities.length > 0) out.put(0xc0, COMMUNITIES, 4 * communities.length);
  out.put32(...communities);
  end();
}

/** Prefixes in one UPDATE: 1 to 9, 5 as a rule; or always 1. */
export type Shape = 'mixed' | 'single';

export function announcement(count: number, shape: Shape, sender: Sender): Uint8Array {
  const random = numbers();
  const out = new Octets(count * (shape === 'single' ? 128 : 48) + LARGEST);
  for (let from = 0, next = 0; from < count; from = next) {
    next = Math.min(count, from + (shape === 'single' ? 1 : 1 + random(9)));
    putUpdate(out, () => {
      out.put16(0);
      putAttributes(out, sender, random);
      putPrefixes(out, from, next);
    });
  }
  return out.view();
}

/** Full messages. */
export function withdrawal(count: number): Uint8Array {
  const out = new Octets(count * 5 + LARGEST);
  const full = Math.floor((LARGEST - 32) / 4);
  for (let from = 0; from < count; from += full) {
    putUpdate(out, () => {
      const end = out.length16();
      putPrefixes(out, from, Math.min(count, from + full));
      end();
      out.put16(0);
    });
  }
  return out.view();
}
