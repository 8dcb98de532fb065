/** One item that the kernel refused: it stays dirty and is tried again. */
export interface Failure {
  /** What, as people write it: `route 10.244.1.0/24 via 192.0.2.7`. */
  readonly item: string;
  /** Stable code of the error, for example `GRY_NETLINK_REFUSED`. */
  readonly code: string;
  /** Why, with errno name and the kernel's own words where it gave any. */
  readonly reason: string;
  /** Since when, wall clock in milliseconds. */
  readonly since: number;
}

export interface ApplyResult {
  /** How many items were written (created, changed, removed). */
  readonly written: number;
  readonly failures: readonly Failure[];
  /** Milliseconds until the driver wants to be applied again although nothing changed (retry with backoff); undefined: never. */
  readonly retryAfter?: number;
}

/**
 * A part with effects. `set` is cheap and touches nothing; `apply` brings the kernel there, writing only the difference to
 * what it believes is there; applying twice changes nothing; an empty desired state is a clean removal.
 */
export interface Driver<Desired> {
  readonly name: string;
  set(desired: Desired): void;
  apply(signal: AbortSignal): Promise<ApplyResult>;
  /** Forgets what it believes and reads the kernel again at the next `apply`. */
  invalidate(): void;
}
