/** Whatever comes in whatever order: what is worked out from the changes is what would be worked out from scratch. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Intent, type IntentFacts, type IntentSettings, intentOf } from '../../src/calc/intent.ts';
import type { NodeRecord } from '../../src/kube/records/node.ts';
import { address } from '../../src/net/address.ts';
import { PersistentMap } from '../../src/net/persistent-map.ts';
import { type Prefix, prefix } from '../../src/net/prefix.ts';
import { takenRoutes } from '../support/changes.ts';
import {
  attachment,
  bgpPeer,
  byName,
  feed,
  kernelRoute,
  learned,
  link,
  linkMap,
  node,
  selectedPeers,
  via,
} from '../support/records.ts';

/** Ours comes seldom: with each change of it everything is another. */
const name = fc.oneof(
  { weight: 1, arbitrary: fc.constant('a') },
  { weight: 12, arbitrary: fc.constantFrom('b', 'c', 'd', 'e', 'f') },
);
/** Small, so that claims meet: blocks within each other, addresses that several have, some out of reach. */
const cidrs = ['10.1.0.0/24', '10.2.0.0/24', '10.3.0.0/24', '10.3.0.128/25', '10.1.0.7/32', 'fd00:1::/64'];
const addresses = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4', '172.17.0.1', 'fd00::3'];

const anyNode: fc.Arbitrary<NodeRecord> = fc
  .record({
    name,
    podCIDRs: fc.subarray(cidrs, { maxLength: 2 }),
    internalIPs: fc.subarray(addresses, { minLength: 1, maxLength: 2 }),
    ready: fc.boolean(),
    reflects: fc.nat(3).map((n) => n === 0),
    rack: fc.constantFrom('r1', 'r2'),
    asNumber: fc.option(fc.constantFrom(64_512, 64_600), { nil: undefined }),
  })
  .map(({ name: of, podCIDRs, internalIPs, ready, reflects, rack, asNumber }) =>
    node(of, podCIDRs, internalIPs, {
      ready,
      labels: { rack },
      ...(asNumber !== undefined && { asNumber }),
      ...(reflects && { routeReflectorClusterID: address('10.9.9.9') }),
    }),
  );

/** The other tables, in a few states each. */
const tables: { readonly [K in keyof IntentFacts]?: readonly IntentFacts[K][] } = {
  bgpPeers: [
    new Map(),
    byName(bgpPeer('tor', '198.51.100.1', 64_700), selectedPeers('rack', "rack == 'r1'")),
    byName(bgpPeer('far', '198.51.100.2', 64_700, { reachableBy: address('192.0.2.3') })),
  ],
  bgpConfigurations: [
    new Map(),
    byName({
      name: 'default',
      asNumber: 64_600,
      nodeMeshPassword: { kind: 'secret', name: 's', key: 'k' },
      unsupported: [],
    }),
    byName({ name: 'default', nodeToNodeMeshEnabled: false, unsupported: [] }),
  ],
  foreignRoutes: [
    new Map([['s', kernelRoute('192.0.2.0/24', { link: 2 })]]),
    new Map([['d', kernelRoute('0.0.0.0/0', via('192.0.2.254', 2))]]),
    new Map(),
  ],
  attachments: [new Map(), new Map([['c', attachment('c', 'gryp0123456789a', ['10.1.0.7', '10.1.0.8'])]])],
  links: [linkMap(link(2, 'eth0'), link(7, 'gryp0123456789a')), linkMap(link(2, 'eth0', { up: false }))],
};

type Step =
  | { readonly kind: 'put'; readonly record: NodeRecord }
  | { readonly kind: 'relabel'; readonly name: string; readonly ready: boolean }
  | { readonly kind: 'delete'; readonly name: string }
  | { readonly kind: 'table'; readonly table: keyof IntentFacts; readonly state: number }
  | { readonly kind: 'pass' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('put' as const), record: anyNode }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('relabel' as const),
      name,
      ready: fc.boolean(),
    }),
  },
  fc.record({ kind: fc.constant('delete' as const), name }),
  fc.record({
    kind: fc.constant('table' as const),
    table: fc.constantFrom(...(Object.keys(tables) as (keyof IntentFacts)[])),
    state: fc.nat(2),
  }),
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('pass' as const) }) },
);

const told = [
  learned('10.50.0.0/16', ['192.0.2.3'], 'peer/tor'),
  learned('10.1.0.7/32', ['192.0.2.4'], 'mesh/b'),
];

interface Facts extends IntentFacts {
  readonly nodes: PersistentMap<string, NodeRecord>;
}

const start = (): Facts => ({
  nodes: new PersistentMap(
    byName(node('a', ['10.9.0.0/24'], ['192.0.2.1']), node('b', ['10.1.0.0/24'], ['192.0.2.2'])),
  ),
  pools: new Map(),
  bgpConfigurations: new Map(),
  bgpPeers: new Map(),
  bgpFilters: new Map(),
  secrets: new Map(),
  passwordFiles: new Map(),
  links: tables.links?.[0] ?? new Map(),
  addresses: new Map([
    ['x', { link: 2, address: address('192.0.2.1'), prefixLength: 24, scope: 0, flags: 0x80 }],
  ]),
  foreignRoutes: tables.foreignRoutes?.[0] ?? new Map(),
  learned: feed(...told),
  attachments: new Map(),
});

function change(facts: Facts, what: Step): Facts {
  const { nodes } = facts;
  switch (what.kind) {
    case 'put':
      return { ...facts, nodes: nodes.with(what.record.name, what.record) };
    case 'relabel': {
      const record = nodes.get(what.name);
      if (record === undefined) return facts;
      return {
        ...facts,
        nodes: nodes.with(what.name, { ...record, ready: what.ready, labels: { rack: 'r1' } }),
      };
    }
    case 'delete':
      return { ...facts, nodes: nodes.without(what.name) };
    case 'table': {
      const states = tables[what.table] ?? [];
      return { ...facts, [what.table]: states[what.state % states.length] };
    }
    case 'pass':
      return facts;
  }
}

/** The table of routes that a driver has after it has taken this and all before. */
function adopt(table: Map<Prefix, unknown>, intent: Intent, before: Intent | undefined): void {
  for (const key of before?.routes.routes.keys() ?? []) table.delete(key);
  for (const [key, route] of intent.routes.routes) table.set(key, route);
  if (intent.learned === undefined) return;
  for (const { prefix: key, route } of takenRoutes(intent.learned)) {
    if (route === undefined) table.delete(key);
    else table.set(key, route);
  }
}

/** As data in one order, so that only what matters is compared. */
function shown({ self, cluster, pools, routes, learned: rest, bgp, firewall, problems }: Intent): unknown {
  const sorted = (list: Iterable<unknown>): string[] => [...list].map((item) => JSON.stringify(item)).sort();
  return {
    self,
    nodes: Object.fromEntries(cluster.nodes),
    addresses: cluster.addresses.toSorted(),
    pools,
    hold: sorted(routes.hold),
    unresolved: sorted([...routes.unresolved, ...(rest?.unresolved ?? [])]),
    speaker: bgp.config,
    firewall,
    problems: sorted(problems),
  };
}

it.each([true, false])('with BGP %s', (bgp) => {
  const settings: IntentSettings = {
    nodeName: 'a',
    bgp,
    bgpPort: 179,
    clusterCIDRs: [prefix('10.0.0.0/8')],
    masquerade: true,
    mtu: 0,
  };
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const compute = intentOf(settings);
      const table = new Map<Prefix, unknown>();
      let facts = start();
      let before: Intent | undefined;
      for (const what of [...steps, { kind: 'pass' } as const]) {
        facts = change(facts, what);
        if (what.kind !== 'pass') continue;
        const intent = compute(facts);
        adopt(table, intent, before);
        before = intent;
        const fresh = intentOf(settings)({ ...facts, nodes: new Map(facts.nodes), learned: feed(...told) });
        const scratch = new Map<Prefix, unknown>();
        adopt(scratch, fresh, undefined);
        expect(table).toEqual(scratch);
        expect(shown(intent)).toEqual(shown(fresh));
      }
    }),
  );
});
