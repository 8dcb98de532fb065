/**
 * One segment of an AS_PATH, RFC 4271 §4.3. Segments of confederations (RFC 5065) never get here: we are in none, so that
 * they are an error.
 */
export interface AsPathSegment {
  readonly kind: 'sequence' | 'set';
  /** 1 to 255 of them; never 0 (RFC 7607). */
  readonly asns: readonly number[];
}

/** Nearest AS first. Empty for a route that never left its AS. */
export type AsPath = readonly AsPathSegment[];

/** Stands in two-octet fields for an AS number that needs four, RFC 6793 §9. */
export const AS_TRANS = 23456;

/** The most ASes that the length octet of a segment can count. */
const MAX_SEGMENT = 255;

/** RFC 4271 §9.1.2.2 (a): a set counts as one. */
export function asPathLength(path: AsPath): number {
  let length = 0;
  for (const { kind, asns } of path) length += kind === 'set' ? 1 : asns.length;
  return length;
}

/** The AS that the route came from last: the first of a leading sequence. */
export function neighborAS(path: AsPath): number | undefined {
  return path[0]?.kind === 'sequence' ? path[0].asns[0] : undefined;
}

/** The AS where the route comes from: the last of a trailing sequence. */
export function originAS(path: AsPath): number | undefined {
  const last = path.at(-1);
  return last?.kind === 'sequence' ? last.asns.at(-1) : undefined;
}

/** How often the AS occurs: a loop where it is our own (RFC 4271 §9.1.2). */
export function countAS(path: AsPath, as: number): number {
  let count = 0;
  for (const { asns } of path) for (const other of asns) if (other === as) count++;
  return count;
}

/** RFC 4271 §5.1.2: our AS goes to the front of the leading sequence, or into a new one where that is full or a set. */
export function prependAS(path: AsPath, as: number, times = 1): AsPath {
  let out = path;
  for (let i = 0; i < times; i++) {
    const [first] = out;
    out =
      first?.kind === 'sequence' && first.asns.length < MAX_SEGMENT
        ? out.with(0, { kind: 'sequence', asns: [as].concat(first.asns) })
        : [{ kind: 'sequence', asns: [as] }, ...out];
  }
  return out;
}

/** `65001 65002 {65003 65004}`; the empty path is the empty text. */
export function asPathText(path: AsPath): string {
  return path.map(({ kind, asns }) => (kind === 'set' ? `{${asns.join(' ')}}` : asns.join(' '))).join(' ');
}
