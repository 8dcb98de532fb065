import type { IPPoolRecord } from '../kube/records/ip-pool.ts';
import { overlaps } from '../net/prefix.ts';
import { PrefixTrie } from '../net/prefix-trie.ts';
import type { Problem } from '../ports/problem.ts';

export interface UsablePools {
  /** The map that was given, where all of them can be used. */
  readonly pools: ReadonlyMap<string, IPPoolRecord>;
  readonly problems: readonly Problem[];
}

/**
 * The pools without those that overlap an older one, because nobody could say which of the two an address belongs to. A new
 * object changes nothing for those that are there; of two of the same second the name that sorts first counts as the older one.
 */
export function usablePools(records: ReadonlyMap<string, IPPoolRecord>): UsablePools {
  const used = new PrefixTrie<string>();
  const pools = new Map<string, IPPoolRecord>();
  const problems: Problem[] = [];
  for (const pool of [...records.values()].sort(byAge)) {
    if (used.overlaps(pool.cidr)) problems.push(overlapping(pool, pools));
    else {
      used.set(pool.cidr, pool.name);
      pools.set(pool.name, pool);
    }
  }
  return { pools: problems.length === 0 ? records : pools, problems };
}

const byAge = (a: IPPoolRecord, b: IPPoolRecord): number =>
  (a.createdAt ?? 0) - (b.createdAt ?? 0) || (a.name < b.name ? -1 : 1);

/** Rare, so finding the other one may take long. */
function overlapping(pool: IPPoolRecord, used: ReadonlyMap<string, IPPoolRecord>): Problem {
  const other = [...used.values()].find(({ cidr }) => overlaps(cidr, pool.cidr));
  return {
    code: 'GRY_POOL_OVERLAP',
    severity: 'error',
    subject: `IPPool ${pool.name} spec.cidr`,
    message: `${pool.cidr} overlaps ${other?.cidr} of IPPool ${other?.name}, which is the older one; this one is not used`,
    remedy: 'delete one of the two, or make this one anew with a range of its own',
  };
}
