/** One segment of an AS_PATH, RFC 4271 §4.3 and RFC 5065 §3. */
export interface AsPathSegment {
  readonly kind: 'sequence' | 'set' | 'confed-sequence' | 'confed-set';
  /** 1 to 255 of them; never 0 (RFC 7607). */
  readonly asns: readonly number[];
}

/** Nearest AS first. Empty for a route that never left its AS. */
export type AsPath = readonly AsPathSegment[];
