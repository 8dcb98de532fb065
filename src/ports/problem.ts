/**
 * Something that a person should know and can mend: a broken file, an overlapping podCIDR, a field that is not carried out.
 * Derived anew from current state each time, so it vanishes when its cause does.
 */
export interface Problem {
  /** Stable: `GRY_POD_CIDR_OVERLAP`. */
  readonly code: string;
  readonly severity: 'warning' | 'error';
  /** The thing: `Node worker-1`, `nodes.yaml:12`, `BGPPeer tor-a spec.ttlSecurity`. */
  readonly subject: string;
  /** The reason, one sentence. */
  readonly message: string;
  /** What to do, one imperative sentence. */
  readonly remedy: string;
}
