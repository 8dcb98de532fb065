import type { BgpFamily } from '../../bgp/config.ts';
import type { FilterMatch, FilterOperation, FilterRule } from '../../bgp/filter.ts';
import type {
  BGPFilterOperationRecord,
  BGPFilterRecord,
  BGPFilterRuleRecord,
  FilterList,
} from '../../kube/records/bgp-filter.ts';

/** The rules of a peer's filters for one direction, both families, in the order in which they are asked. */
export interface FilterRules {
  readonly rules: readonly FilterRule[];
  /** Names that no filter has. */
  readonly missing: readonly string[];
}

const lists = {
  import: [
    ['ipv4-unicast', 'importV4'],
    ['ipv6-unicast', 'importV6'],
  ],
  export: [
    ['ipv4-unicast', 'exportV4'],
    ['ipv6-unicast', 'exportV6'],
  ],
} as const satisfies Record<'import' | 'export', readonly (readonly [BgpFamily, FilterList])[]>;

/**
 * A filter that does not exist (or was refused) stands for one that rejects everything: what the filters before it decide is
 * decided, and nothing else passes.
 */
export function filterRules(
  names: readonly string[],
  filters: ReadonlyMap<string, BGPFilterRecord>,
  direction: 'import' | 'export',
): FilterRules {
  const rules: FilterRule[] = [];
  const missing: string[] = [];
  for (const name of names) {
    const filter = filters.get(name);
    if (filter === undefined) missing.push(name);
    for (const [family, list] of lists[direction]) {
      if (filter === undefined) rules.push(rejectAll(name, family));
      else
        rules.push(...filter[list].map((rule, i) => toRule(`BGPFilter ${name} ${list}[${i}]`, family, rule)));
    }
  }
  return { rules, missing };
}

const rejectAll = (name: string, family: BgpFamily): FilterRule => ({
  name: `BGPFilter ${name}, which does not exist`,
  family,
  match: {},
  action: 'reject',
  operations: [],
});

function toRule(name: string, family: BgpFamily, rule: BGPFilterRuleRecord): FilterRule {
  return {
    name,
    family,
    match: toMatch(rule),
    action: rule.action === 'Accept' ? 'accept' : 'reject',
    operations: (rule.operations ?? []).map(toOperation),
  };
}

function toMatch(rule: BGPFilterRuleRecord): FilterMatch {
  const { cidr, matchOperator, action: _action, operations: _operations, ...rest } = rule;
  return cidr === undefined || matchOperator === undefined
    ? rest
    : { ...rest, cidr: { prefix: cidr, operator: matchOperator } };
}

function toOperation(operation: BGPFilterOperationRecord): FilterOperation {
  if ('addCommunity' in operation) return { kind: 'add-community', community: operation.addCommunity };
  if ('prependASPath' in operation) return { kind: 'prepend-as-path', asns: operation.prependASPath };
  return { kind: 'set-local-pref', value: localPrefOf(operation.setPriority) };
}

/** Calico's metric of an ordinary route, and the LOCAL_PREF that a route has where nobody sets one. */
const NORMAL_PRIORITY = 1024;
const NORMAL_LOCAL_PREF = 100;

/** Of metrics the smaller is better, of preferences the larger; the ordinary ones correspond. */
const localPrefOf = (priority: number): number => Math.max(0, NORMAL_LOCAL_PREF + NORMAL_PRIORITY - priority);
