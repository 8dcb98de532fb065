/** From what is wanted and what is there to the lines that iptables-restore needs; none when all is right. Pure. */

import { isOurChain } from './names.ts';
import type { ObservedRule, ObservedTable } from './parse-save.ts';
import type { RenderedJumps, RenderedTable } from './render.ts';

export interface TablePlan {
  /** What goes between `*TABLE` and `COMMIT`. */
  readonly lines: readonly string[];
  /** How many chains and jumps differ. */
  readonly changes: number;
}

const noJumps: RenderedJumps = { inserted: [], appended: [], after: new Set() };

/**
 * The order within the transaction: chains must be there before rules lead to them, and nothing may lead to a chain any more
 * when it is deleted.
 */
export function planTable(wanted: RenderedTable, observed: ObservedTable): TablePlan {
  const chains = [...wanted.chains].map(([name, rules]) => planChain(name, rules, observed.get(name)));
  const kernelChains = new Set<string>(
    [...observed.keys(), ...wanted.jumps.keys()].filter((c) => !isOurChain(c)),
  );
  const jumps = [...kernelChains].map((chain) =>
    planJumps(
      chain,
      new Map<string, RenderedJumps>(wanted.jumps).get(chain) ?? noJumps,
      observed.get(chain) ?? [],
    ),
  );
  const obsolete = [...observed.keys()].filter((c) => isOurChain(c) && !wanted.chains.has(c));
  const edits = [...chains, ...jumps].filter((e) => e.declare.length + e.edit.length > 0);
  return {
    lines: [
      ...edits.flatMap((e) => e.declare),
      ...edits.flatMap((e) => e.edit),
      // All are emptied before the first is deleted: they may lead to one another.
      ...obsolete.map((name) => `-F ${name}`),
      ...obsolete.map((name) => `-X ${name}`),
    ],
    changes: edits.length + obsolete.length,
  };
}

interface Edit {
  readonly declare: readonly string[];
  readonly edit: readonly string[];
}

/** Keeps the rules, and their counters, up to the first difference; what follows is deleted by number and written anew. */
function planChain(
  name: string,
  rules: readonly { hash: string; spec: string }[],
  observed?: readonly ObservedRule[],
): Edit {
  const there = observed ?? [];
  let same = 0;
  while (same < rules.length && same < there.length && rules[same]?.hash === there[same]?.hash) same++;
  return {
    declare: observed === undefined ? [`:${name} - [0:0]`] : [],
    edit: [
      ...there.slice(same).map(() => `-D ${name} ${same + 1}`),
      ...rules.slice(same).map((r) => `-A ${name} ${r.spec}`),
    ],
  };
}

/** Our jumps in a chain of the kernel, where others write too: deleted by their text, never by their number. */
function planJumps(chain: string, wanted: RenderedJumps, there: readonly ObservedRule[]): Edit {
  if (inPlace(wanted, there)) return { declare: [], edit: [] };
  const ours = there.filter((r) => r.hash !== undefined);
  return {
    declare: [],
    edit: [
      ...ours.map((r) => `-D ${chain} ${r.spec}`),
      ...wanted.inserted.map((r, i) => `-I ${chain} ${i + 1} ${r.spec}`),
      ...wanted.appended.map((r) => `-A ${chain} ${r.spec}`),
    ],
  };
}

function inPlace(wanted: RenderedJumps, there: readonly ObservedRule[]): boolean {
  const ours = there.flatMap((r, place) => (r.hash === undefined ? [] : [{ hash: r.hash, place }]));
  const all = [...wanted.inserted, ...wanted.appended];
  if (ours.length !== all.length || !all.every((r, i) => r.hash === ours[i]?.hash)) return false;
  const barrier = there.findLastIndex((r) => r.target !== undefined && wanted.after.has(r.target));
  return ours.every(({ place }, i) => (i < wanted.inserted.length ? place === i : place > barrier));
}
