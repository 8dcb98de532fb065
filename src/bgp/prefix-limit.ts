import type { BgpFamily, PrefixLimit } from './config.ts';
import { FAMILIES } from './wire/family.ts';
import type { Reset } from './wire/message.ts';
import { maximumPrefixesNotification } from './wire/notification.ts';

export type LimitVerdict =
  | { readonly kind: 'warn'; readonly family: BgpFamily; readonly count: number }
  /** The session must end, for `retryAfter` milliseconds. RFC 4486 §4. */
  | { readonly kind: 'exceeded'; readonly reset: Reset; readonly retryAfter: number };

/** Watches over the number of prefixes that one session brings, per family and before policy; warns once. */
export class PrefixWatch {
  readonly #warned = new Set<BgpFamily>();

  /** Undefined: there is nothing to say. */
  check(limit: PrefixLimit, received: (family: BgpFamily) => number): LimitVerdict | undefined {
    let warning: LimitVerdict | undefined;
    for (const family of FAMILIES) {
      const count = received(family);
      if (count > limit.limit) return exceeded(family, count, limit);
      if (count < limit.warnAt || this.#warned.has(family)) continue;
      this.#warned.add(family);
      warning = { kind: 'warn', family, count };
    }
    return warning;
  }
}

function exceeded(family: BgpFamily, count: number, { limit, restartAfter }: PrefixLimit): LimitVerdict {
  const reason = `${family}: ${count} prefixes are more than the limit of ${limit}; tried again after ${restartAfter} s`;
  const notification = maximumPrefixesNotification(family, limit);
  return {
    kind: 'exceeded',
    reset: { kind: 'reset', notification, reason },
    retryAfter: restartAfter * 1000,
  };
}
