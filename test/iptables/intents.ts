/** Intents for the tests: a small one that people can read, and arbitrary ones for walks between them. */
import fc from 'fast-check';
import type { SetIntent } from '../../src/iptables/ipset/model.ts';
import type {
  Chain,
  FirewallIntent,
  Jump,
  KernelChain,
  Match,
  Rule,
  RulesIntent,
  TableIntent,
  Target,
} from '../../src/iptables/model.ts';
import { address, type Family } from '../../src/net/address.ts';
import { prefix } from '../../src/net/prefix.ts';

export const accept = (name: string): Rule => ({
  matches: [{ kind: 'in-interface', name }],
  target: { kind: 'accept' },
  reason: `from ${name.replace('+', '')}`,
});

export const forwardJump: Jump = { from: 'FORWARD', to: 'GRY-FORWARD', position: 'insert', reason: 'first' };
export const postroutingJump: Jump = {
  from: 'POSTROUTING',
  to: 'GRY-POSTROUTING',
  position: 'append',
  after: ['KUBE-POSTROUTING'],
  reason: 'last',
};

export const filterTable = (...rules: Rule[]): TableIntent => ({
  chains: [{ name: 'GRY-FORWARD', rules }],
  jumps: [forwardJump],
});
export const natTable = (...rules: Rule[]): TableIntent => ({
  chains: [{ name: 'GRY-POSTROUTING', rules }],
  jumps: [postroutingJump],
});

const networks = {
  4: ['10.0.0.0/8', '10.1.2.3/32', '0.0.0.0/0', '172.16.0.0/12'].map(prefix),
  6: ['fd00::/8', '2001:db8::1/128', '::/0', 'fe80::/10'].map(prefix),
};
const addresses = {
  4: ['10.0.0.1', '192.0.2.7', '198.51.100.255'].map(address),
  6: ['::1', '2001:db8::7', '::ffff:192.0.2.1', '::102:304', 'fd00:0:0:1::'].map(address),
};

const anySet = (family: Family): fc.Arbitrary<SetIntent> =>
  fc.oneof(
    fc.record({
      name: fc.constantFrom(`gry${family}-nets-a`, `gry${family}-nets-b`),
      type: fc.constant('hash:net' as const),
      family: fc.constant(family),
      members: fc.subarray(networks[family]),
      reason: fc.constant('test'),
    }),
    fc.record({
      name: fc.constantFrom(`gry${family}-hosts-a`, `gry${family}-hosts-b`),
      type: fc.constant('hash:ip' as const),
      family: fc.constant(family),
      members: fc.subarray(addresses[family]),
      reason: fc.constant('test'),
    }),
  );

const anyMatch = (family: Family, sets: readonly string[]): fc.Arbitrary<Match> => {
  const negate = fc.boolean();
  const plain: fc.Arbitrary<Match>[] = [
    fc.record({ kind: fc.constant('in-interface' as const), name: fc.constantFrom('gryp+', 'eth0'), negate }),
    fc.record({
      kind: fc.constant('conntrack' as const),
      states: fc.subarray(['INVALID', 'NEW', 'RELATED', 'ESTABLISHED', 'DNAT'] as const, { minLength: 1 }),
      negate,
    }),
    fc.record({
      kind: fc.constantFrom('source' as const, 'destination' as const),
      prefix: fc.constantFrom(...networks[family].filter((p) => !p.endsWith('/0'))),
      negate,
    }),
  ];
  if (sets.length === 0) return fc.oneof(...plain);
  const set = fc.constantFrom(...sets);
  return fc.oneof(
    ...plain,
    fc.record({
      kind: fc.constant('set' as const),
      set,
      side: fc.constantFrom('src' as const, 'dst' as const),
      negate,
    }),
  );
};

const anyRule = (family: Family, sets: readonly string[], targets: readonly Target[]): fc.Arbitrary<Rule> =>
  fc.record({
    // One of each kind at most: iptables refuses a second `-s`.
    matches: fc.uniqueArray(anyMatch(family, sets), { maxLength: 3, selector: (m) => m.kind }),
    target: fc.constantFrom(...targets),
    reason: fc.constantFrom('a', 'b (c)', 'd, e.'),
  });

/** Chains jump only to chains after them, so there are no loops, which the kernel refuses. */
const anyTable = (
  family: Family,
  sets: readonly string[],
  from: KernelChain,
  extra: readonly Target[],
): fc.Arbitrary<TableIntent | undefined> =>
  fc.subarray(['GRY-A', 'GRY-B', 'GRY-C']).chain((names) => {
    if (names.length === 0) return fc.constant(undefined);
    const rules = names.map((_, i) => {
      const jumps = names.slice(i + 1).map((chain): Target => ({ kind: 'jump', chain }));
      return fc.array(anyRule(family, sets, [{ kind: 'return' }, ...extra, ...jumps]), { maxLength: 4 });
    });
    const jump = fc.record({
      from: fc.constant(from),
      to: fc.constantFrom(...names),
      position: fc.constantFrom('insert' as const, 'append' as const),
      after: fc.constantFrom([], ['KUBE-POSTROUTING']),
      reason: fc.constantFrom('x', 'y'),
    });
    return fc.record({
      chains: fc
        .tuple(...rules)
        .map((all): Chain[] => names.map((name, i) => ({ name, rules: all[i] ?? [] }))),
      jumps: fc.array(jump, { maxLength: 3 }),
    });
  });

const anyRules = (family: Family, sets: readonly string[]): fc.Arbitrary<RulesIntent> =>
  fc
    .record({
      filter: anyTable(family, sets, 'FORWARD', [{ kind: 'accept' }, { kind: 'drop' }]),
      nat: anyTable(family, sets, 'POSTROUTING', [{ kind: 'masquerade' }]),
    })
    .map(({ filter, nat }) => ({ ...(filter && { filter }), ...(nat && { nat }) }));

/** Anything that can be wanted: sets of both families, and rules that use only those. */
export const anyFirewall: fc.Arbitrary<FirewallIntent> = fc
  .tuple(
    fc.uniqueArray(anySet(4), { maxLength: 3, selector: (s) => s.name }),
    fc.uniqueArray(anySet(6), { maxLength: 3, selector: (s) => s.name }),
  )
  .chain(([v4, v6]) =>
    fc.record({
      sets: fc.constant([...v4, ...v6]),
      rules: fc.record({
        4: anyRules(
          4,
          v4.map((s) => s.name),
        ),
        6: anyRules(
          6,
          v6.map((s) => s.name),
        ),
      }),
    }),
  );
