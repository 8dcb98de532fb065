import { u16, u32 } from '../octets.ts';

/** One segment; `set`: its order means nothing and it counts as one AS. */
export interface Segment {
  readonly set: boolean;
  readonly asns: readonly number[];
}

/** A path, or what is wrong with it (RFC 4271 §4.3, RFC 7606 §7.2, RFC 7607 §2). */
export function readPath(bytes: Uint8Array, size: 2 | 4, dropConfederations = false): Segment[] | string {
  const segments: Segment[] = [];
  for (let rest = bytes; rest.length > 0; ) {
    const [type = 0, count] = rest;
    const kind = { 1: 'set', 2: 'sequence', 3: 'confederation', 4: 'confederation' }[type];
    if (count === undefined) return 'underrun';
    if (kind === undefined) return `segment type ${type}`;
    if (count === 0) return 'empty segment';
    if (rest.length < 2 + count * size) return 'overrun';
    const asns = Array.from({ length: count }, (_, i) =>
      size === 2 ? u16(rest, 2 + 2 * i) : u32(rest, 2 + 4 * i),
    );
    if (asns.includes(0)) return 'AS 0';
    // RFC 5065 §5: an error from somebody who is in no confederation with us, and nobody is.
    if (kind === 'confederation' && !dropConfederations) return 'confederation';
    if (kind !== 'confederation') segments.push({ set: kind === 'set', asns });
    rest = rest.subarray(2 + count * size);
  }
  return segments;
}

/** The path as the decision process counts it: a set is one step. */
const steps = (path: readonly Segment[]): (readonly number[])[] =>
  path.flatMap(({ set, asns }) => (set ? [asns] : asns.map((as) => [as])));

/** RFC 6793 §4.2.3: so much of the front of AS_PATH as AS4_PATH is shorter. */
export function mergePaths(path: readonly Segment[], four: readonly Segment[]): readonly number[] {
  const long = steps(path);
  const short = steps(four);
  if (short.length > long.length) return long.flat();
  return [...long.slice(0, long.length - short.length), ...short].flat();
}

export const numbers = (path: readonly Segment[]): readonly number[] => steps(path).flat();
