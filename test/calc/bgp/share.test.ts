import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PeerConfig } from '../../../src/bgp/config.ts';
import type { BgpFacts } from '../../../src/calc/bgp/facts.ts';
import { keepEqual } from '../../../src/calc/bgp/share.ts';
import { type BgpResult, computeBgp } from '../../../src/calc/bgp/speaker-config.ts';
import type { BGPFilterRecord } from '../../../src/kube/records/bgp-filter.ts';
import type { BGPPeerRecord } from '../../../src/kube/records/bgp-peer.ts';
import type { NodeRecord } from '../../../src/kube/records/node.ts';
import { address } from '../../../src/net/address.ts';
import { bgpFilter, bgpPeer, byName, node, selectedPeers } from '../../support/records.ts';
import { factsOf } from './support.ts';

/** Nodes n1 to n6, of which the first is ours; some are reflectors. */
const anyNodes = fc
  .record({
    count: fc.integer({ min: 3, max: 6 }),
    reflectors: fc.uniqueArray(fc.integer({ min: 1, max: 6 })),
  })
  .map(({ count, reflectors }) =>
    Array.from({ length: count }, (_, i) => makeNode(i + 1, reflectors.includes(i + 1))),
  );

const makeNode = (i: number, reflects: boolean, more: Partial<NodeRecord> = {}): NodeRecord =>
  node(`n${i}`, [`10.0.${i}.0/24`], [`192.0.2.${i}`], {
    labels: { [reflects ? 'rr' : 'worker']: '', parity: i % 2 === 0 ? 'even' : 'odd' },
    ...(reflects ? { routeReflectorClusterID: address('10.9.9.9') } : {}),
    ...more,
  });

const settings = fc.record(
  {
    holdTime: fc.integer({ min: 3, max: 90 }),
    ttlSecurity: fc.integer({ min: 1, max: 5 }),
    filters: fc.subarray(['f', 'g']),
    nodeSelector: fc.constantFrom('has(worker)', "parity == 'odd'", 'all()'),
  },
  { requiredKeys: [] },
);

/** Some external routers, some selected nodes. */
const anyPeers = fc
  .array(fc.tuple(fc.constantFrom('ext', 'int', 'rr', 'even'), settings), { minLength: 1, maxLength: 4 })
  .map((list) => list.map(([kind, more], i) => makePeer(`p${i}`, i, kind, more)));

function makePeer(name: string, i: number, kind: string, more: Partial<BGPPeerRecord>): BGPPeerRecord {
  switch (kind) {
    case 'rr':
      return selectedPeers(name, 'has(rr)', more);
    case 'even':
      return selectedPeers(name, "parity == 'even'", more);
    default:
      return bgpPeer(name, `198.51.100.${i + 1}`, kind === 'ext' ? 64_600 : 64_512, more);
  }
}

const filters = byName(bgpFilter('f', {}), bgpFilter('g', { exportV4: [{ action: 'Reject' }] }));

const cluster = fc
  .record({ nodes: anyNodes, peers: anyPeers })
  .map(({ nodes, peers }) => factsOf('n1', byName(...nodes), { peers: byName(...peers), filters }));

/** The peers after a change, each either the very object before or listed in `touched`. */
function change(
  before: BgpFacts,
  after: BgpFacts,
): { readonly touched: string[]; readonly result: BgpResult } {
  const first = computeBgp(before);
  const result = keepEqual(first, computeBgp(after));
  const names = new Set([...peersOf(first).keys(), ...peersOf(result).keys()]);
  const touched = [...names].filter((name) => peersOf(first).get(name) !== peersOf(result).get(name));
  return { touched, result };
}

const peersOf = ({ config }: BgpResult): ReadonlyMap<string, PeerConfig> =>
  new Map((config?.peers ?? []).map((peer) => [peer.name, peer]));

/** All that a session's OPEN and socket are made of: without what changes softly. */
const hard = ({ import: _import, export: _export, ...rest }: PeerConfig): object => rest;

describe('a change touches only the peers that it concerns', () => {
  it('nothing changed: the very same result', () => {
    fc.assert(
      fc.property(cluster, (facts) => {
        const first = computeBgp(facts);
        expect(keepEqual(first, computeBgp({ ...facts, nodes: new Map(facts.nodes) }))).toBe(first);
      }),
    );
  });

  it('a node that goes takes its own sessions along; others only hear what they may import', () => {
    fc.assert(
      fc.property(cluster, fc.integer({ min: 2, max: 6 }), (facts, i) => {
        const gone = `n${i}`;
        const nodes = new Map([...facts.nodes].filter(([name]) => name !== gone));
        const first = peersOf(computeBgp(facts));
        const { touched, result } = change(facts, { ...facts, nodes });
        for (const name of touched) {
          const [before, after] = [first.get(name), peersOf(result).get(name)];
          if (after === undefined) expect(name.endsWith(`/${gone}`), name).toBe(true);
          else {
            expect(after.import.kind, name).toBe('originators');
            expect(before && hard(before), name).toEqual(hard(after));
          }
        }
      }),
    );
  });

  it('a BGPPeer concerns its own sessions, those it displaces and those that it leaves to the mesh or to others', () => {
    fc.assert(
      fc.property(cluster, settings, (facts, more) => {
        const [peer] = facts.peers.values();
        if (peer === undefined) return;
        const changed = { ...peer, ...more, description: 'changed' };
        const addresses = (result: BgpResult): Set<string> =>
          new Set(
            [...peersOf(result).values()].flatMap(({ name, address: to }) =>
              name === `peer/${peer.name}` || name.startsWith(`peer/${peer.name}/`) ? [to] : [],
            ),
          );
        const after = { ...facts, peers: new Map(facts.peers).set(peer.name, changed) };
        const first = computeBgp(facts);
        const { touched, result } = change(facts, after);
        const concerned = addresses(first).union(addresses(result));
        for (const name of touched) {
          const found = peersOf(result).get(name) ?? peersOf(first).get(name);
          expect(concerned, name).toContain(found?.address);
        }
      }),
    );
  });

  it('a filter concerns those that name it, and only in what they let through', () => {
    fc.assert(
      fc.property(cluster, (facts) => {
        const rule = { action: 'Accept', prefixLength: { max: 24 } } as const;
        const changed: BGPFilterRecord = bgpFilter('f', { importV4: [rule], exportV6: [rule] });
        const after = { ...facts, filters: new Map(facts.filters).set('f', changed) };
        const first = peersOf(computeBgp(facts));
        const { touched, result } = change(facts, after);
        const users = [...facts.peers.values()].filter((peer) => peer.filters.includes('f'));
        for (const name of touched) {
          expect(
            users.map((peer) => peer.name),
            name,
          ).toContain(name.split('/')[1]);
          const [before, now] = [first.get(name), peersOf(result).get(name)];
          expect(before && hard(before), name).toEqual(now && hard(now));
        }
      }),
    );
  });
});

it('says why it has no session even where the peers stay the same', () => {
  const facts = factsOf('n1', byName(makeNode(1, false)), {});
  const first = computeBgp(facts);
  const problem = { code: 'X', severity: 'error', subject: 's', message: 'm', remedy: 'r' } as const;
  const next = keepEqual(first, { ...computeBgp(facts), problems: [problem] });
  expect(next.problems).toEqual([problem]);
  expect(next.config).toBe(first.config);
});
