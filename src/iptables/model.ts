/**
 * What our part of the packet filter looks like: chains of ours, the rules in them, and the jumps that lead from the kernel's
 * chains into ours. Plain data; `render.ts` knows the words of iptables.
 */
import type { Family } from '../net/address.ts';
import type { Prefix } from '../net/prefix.ts';
import type { SetIntent } from './ipset/model.ts';

export type TableName = 'raw' | 'mangle' | 'nat' | 'filter';
export type KernelChain = 'PREROUTING' | 'INPUT' | 'FORWARD' | 'OUTPUT' | 'POSTROUTING';
export type ConntrackState = 'INVALID' | 'NEW' | 'RELATED' | 'ESTABLISHED' | 'UNTRACKED' | 'SNAT' | 'DNAT';

/** One condition; a rule's conditions must all hold. `negate` turns it round. */
export type Match =
  | { readonly kind: 'in-interface'; readonly name: string; readonly negate?: boolean }
  | { readonly kind: 'out-interface'; readonly name: string; readonly negate?: boolean }
  | { readonly kind: 'source'; readonly prefix: Prefix; readonly negate?: boolean }
  | { readonly kind: 'destination'; readonly prefix: Prefix; readonly negate?: boolean }
  | { readonly kind: 'set'; readonly set: string; readonly side: 'src' | 'dst'; readonly negate?: boolean }
  | { readonly kind: 'conntrack'; readonly states: readonly ConntrackState[]; readonly negate?: boolean }
  /** The way back to the sender leads out of the interface that the packet came in by; its mark counts in the look-up. */
  | { readonly kind: 'reverse-path'; readonly negate?: boolean };

export type Target =
  | { readonly kind: 'accept' }
  | { readonly kind: 'drop' }
  | { readonly kind: 'return' }
  | { readonly kind: 'jump'; readonly chain: string }
  /** Source becomes the address of the outgoing interface; ports are picked at random to avoid clashes between CPUs. */
  | { readonly kind: 'masquerade' };

export interface Rule {
  readonly matches: readonly Match[];
  readonly target: Target;
  /** Why the rule is there, for people; shown by `iptables -S` in the comment. Letters, digits, space and `.,:/()+-` only. */
  readonly reason: string;
}

/** A chain of ours: `GRY-` and at most 24 more characters, because the kernel's limit is 28. */
export interface Chain {
  readonly name: string;
  readonly rules: readonly Rule[];
}

/** How a packet gets from a chain of the kernel into one of ours. */
export interface Jump {
  readonly from: KernelChain;
  readonly to: string;
  /** `insert`: before everybody else's rules. `append`: at the end when written; moved only for the sake of `after`. */
  readonly position: 'insert' | 'append';
  /** Chains of others whose jump must stand before ours (with `append`). */
  readonly after?: readonly string[];
  readonly reason: string;
}

export interface TableIntent {
  readonly chains: readonly Chain[];
  readonly jumps: readonly Jump[];
}

/** The rules of one family. A table that is absent has nothing of ours. */
export type RulesIntent = Readonly<Partial<Record<TableName, TableIntent>>>;

/** Everything that the folder's drivers bring about: sets first, then the rules that use them. */
export interface FirewallIntent {
  readonly sets: readonly SetIntent[];
  readonly rules: Readonly<Record<Family, RulesIntent>>;
}

/** Nothing of ours: applying it is the clean removal. */
export const emptyFirewallIntent: FirewallIntent = { sets: [], rules: { 4: {}, 6: {} } };
