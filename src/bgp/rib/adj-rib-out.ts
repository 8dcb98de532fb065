import { equal } from '../../net/equal.ts';
import { type Prefix, prefixFamily } from '../../net/prefix.ts';
import type { BgpFamily } from '../config.ts';
import { FAMILIES } from '../wire/family.ts';
import type { Announcement, Withdrawal } from '../wire/message.ts';
import type { Outbound } from './export-policy.ts';

/** What to send next: prefixes that share a message. */
export type OutboundBatch =
  | { readonly kind: 'withdraw'; readonly routes: Withdrawal }
  | { readonly kind: 'announce'; readonly routes: Announcement };

/**
 * What one peer has been told and what it still must be told. The difference waits here, not in a queue of messages: a
 * prefix that changes twice before its turn is sent once, and a slow peer costs at most one entry per prefix. Prefixes with
 * the same attributes leave together, withdrawals before announcements.
 */
export class AdjRibOut {
  readonly #sent = new Map<Prefix, Outbound>();
  /** Undefined: to be withdrawn. */
  readonly #pending = new Map<Prefix, Outbound | undefined>();
  /** The same prefixes, grouped by what they are sent with. */
  readonly #groups = new Map<Outbound, Set<Prefix>>();
  readonly #withdrawals: Readonly<Record<BgpFamily, Set<Prefix>>> = {
    'ipv4-unicast': new Set(),
    'ipv6-unicast': new Set(),
  };

  readonly #advertised: Record<BgpFamily, number> = { 'ipv4-unicast': 0, 'ipv6-unicast': 0 };

  /** Nothing waits. */
  get drained(): boolean {
    return this.#pending.size === 0;
  }

  /** Prefixes that the peer has been told and not been told to forget. */
  advertised(family: BgpFamily): number {
    return this.#advertised[family];
  }

  /** Sets everything that the peer should know; only the difference is sent. */
  set(wanted: ReadonlyMap<Prefix, Outbound>): void {
    for (const prefix of [...this.#sent.keys(), ...this.#pending.keys()]) {
      if (!wanted.has(prefix)) this.put(prefix, undefined);
    }
    for (const [prefix, outbound] of wanted) this.put(prefix, outbound);
  }

  /** Sets what the peer should know of one prefix; undefined: nothing. */
  put(prefix: Prefix, outbound: Outbound | undefined): void {
    if (this.#pending.has(prefix)) {
      if (same(this.#pending.get(prefix), outbound)) return;
      this.#unqueue(prefix);
    }
    if (!same(this.#sent.get(prefix), outbound)) this.#enqueue(prefix, outbound);
  }

  /** The peer asked to be told again (RFC 2918): everything of the family is sent once more. */
  refresh(family: BgpFamily): void {
    for (const [prefix, outbound] of this.#sent) {
      if (outbound.family === family && !this.#pending.has(prefix)) this.#enqueue(prefix, outbound);
    }
  }

  /** At most `limit` prefixes that go together, which then count as sent; undefined: nothing waits. */
  take(limit: number): OutboundBatch | undefined {
    for (const family of FAMILIES) {
      const prefixes = this.#leave(this.#withdrawals[family], limit);
      if (prefixes.length === 0) continue;
      for (const prefix of prefixes) if (this.#sent.delete(prefix)) this.#advertised[family]--;
      return { kind: 'withdraw', routes: { family, prefixes } };
    }
    for (const [outbound, waiting] of this.#groups) {
      const prefixes = this.#leave(waiting, limit);
      if (waiting.size === 0) this.#groups.delete(outbound);
      for (const prefix of prefixes) {
        if (!this.#sent.has(prefix)) this.#advertised[outbound.family]++;
        this.#sent.set(prefix, outbound);
      }
      return { kind: 'announce', routes: { ...outbound, prefixes } };
    }
    return undefined;
  }

  #leave(waiting: Set<Prefix>, limit: number): readonly Prefix[] {
    const prefixes = [...waiting.values().take(limit)];
    for (const prefix of prefixes) {
      waiting.delete(prefix);
      this.#pending.delete(prefix);
    }
    return prefixes;
  }

  #enqueue(prefix: Prefix, outbound: Outbound | undefined): void {
    this.#pending.set(prefix, outbound);
    if (outbound === undefined) {
      this.#withdrawals[prefixFamily(prefix) === 4 ? 'ipv4-unicast' : 'ipv6-unicast'].add(prefix);
      return;
    }
    const group = this.#groups.get(outbound) ?? new Set();
    this.#groups.set(outbound, group.add(prefix));
  }

  #unqueue(prefix: Prefix): void {
    if (!this.#pending.has(prefix)) return;
    const outbound = this.#pending.get(prefix);
    this.#pending.delete(prefix);
    if (outbound === undefined) {
      for (const family of FAMILIES) this.#withdrawals[family].delete(prefix);
      return;
    }
    const group = this.#groups.get(outbound);
    group?.delete(prefix);
    if (group?.size === 0) this.#groups.delete(outbound);
  }
}

const same = (a: Outbound | undefined, b: Outbound | undefined): boolean => a === b || equal(a, b);
