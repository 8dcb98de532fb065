import type { ApplyResult, Driver } from '../dataplane/driver.ts';
import type { Family } from '../net/address.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Runner } from '../ports/runner.ts';
import { BackendProbe } from './backend.ts';
import { IptablesDriver } from './driver.ts';
import { IpsetDriver } from './ipset/driver.ts';
import type { FirewallIntent } from './model.ts';

export interface FirewallOptions {
  readonly runner: Runner;
  readonly clock: Clock;
  readonly log: Log;
  /** Default: found out at the first pass. */
  readonly backend?: Pick<BackendProbe, 'detect'>;
}

/**
 * Sets and rules of both families in the one order that the kernel takes: fill sets, write rules, destroy sets that no rule
 * uses any more. A failure in one part leaves the others to go on; sets are only destroyed after all rules went in.
 * A removal is complete when `apply` of the empty intent asks for no retry: nft lets go of sets a moment after their rules.
 */
export class FirewallDriver implements Driver<FirewallIntent> {
  readonly name = 'firewall';
  readonly #sets: IpsetDriver;
  readonly #rules: Readonly<Record<Family, IptablesDriver>>;

  constructor(options: FirewallOptions) {
    const backend = options.backend ?? new BackendProbe(options);
    this.#sets = new IpsetDriver(options);
    this.#rules = {
      4: new IptablesDriver({ ...options, backend, family: 4 }),
      6: new IptablesDriver({ ...options, backend, family: 6 }),
    };
  }

  /** Items of ours that somebody else had changed and that were put right, since the start. */
  get repaired(): number {
    return this.#sets.repaired + this.#rules[4].repaired + this.#rules[6].repaired;
  }

  set(intent: FirewallIntent): void {
    this.#sets.set(intent.sets);
    this.#rules[4].set(intent.rules[4]);
    this.#rules[6].set(intent.rules[6]);
  }

  async apply(signal: AbortSignal): Promise<ApplyResult> {
    const results = [await this.#sets.apply(signal)];
    // One after the other: with the legacy backend both families queue for the same lock.
    const rules = [await this.#rules[4].apply(signal), await this.#rules[6].apply(signal)];
    results.push(...rules);
    if (rules.every((r) => r.failures.length === 0)) results.push(await this.#sets.sweep(signal));
    return merge(results);
  }

  invalidate(): void {
    this.#sets.invalidate();
    this.#rules[4].invalidate();
    this.#rules[6].invalidate();
  }
}

function merge(results: readonly ApplyResult[]): ApplyResult {
  const waits = results.flatMap((r) => (r.retryAfter === undefined ? [] : [r.retryAfter]));
  return {
    written: results.reduce((sum, r) => sum + r.written, 0),
    failures: results.flatMap((r) => r.failures),
    ...(waits.length > 0 ? { retryAfter: Math.min(...waits) } : {}),
  };
}
