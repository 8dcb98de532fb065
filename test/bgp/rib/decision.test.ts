import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decide, type InteriorCost, type Rule } from '../../../src/bgp/rib/decision.ts';
import { makePath, type Path } from '../../../src/bgp/rib/path.ts';
import { WELL_KNOWN_COMMUNITIES } from '../../../src/bgp/wire/communities.ts';
import { address } from '../../../src/net/address.ts';
import { attributes, external, internal, path } from './paths.ts';

const local = makePath({ name: 'local', kind: 'local', routerID: address('192.0.2.1') }, attributes([]));

/** Next hops of 203.0.113.0/24 are far away. */
const cost: InteriorCost = (nextHop) => (nextHop.startsWith('203.0.113.') ? 20 : 10);

const LLGR_STALE = WELL_KNOWN_COMMUNITIES['llgr-stale'];

/** Each path is better than the next one, for the reason beside that next one. */
const ORDER: readonly (readonly [Path, Rule | undefined])[] = [
  [local, undefined],
  [path(internal(9), [1, 2, 3], { localPref: 200 }), 'not local'],
  [path(internal(9), [], { localPref: 150, origin: 'incomplete' }), 'lower local preference'],
  [path(external(9), []), 'lower local preference'],
  [path(external(9), [7]), 'longer AS path'],
  [
    makePath(
      external(9),
      {
        origin: 'igp',
        asPath: [
          { kind: 'set', asns: [7, 8, 9] },
          { kind: 'sequence', asns: [7] },
        ],
      },
      address('192.0.2.9'),
    ),
    'longer AS path',
  ],
  [path(external(9), [7, 8, 9]), 'longer AS path'],
  [path(external(9), [7, 8, 9], { origin: 'egp' }), 'less preferred origin'],
  [path(external(9), [7, 8, 9], { origin: 'incomplete' }), 'less preferred origin'],
  [path(external(9), [7, 8, 9], { origin: 'incomplete', med: 5 }), 'higher MED'],
  [path(external(9), [7, 8, 9], { origin: 'incomplete', med: 6 }), 'higher MED'],
  [path(internal(9), [7, 8, 9], { origin: 'incomplete', med: 6 }), 'internal, and there is an external path'],
  [
    path(internal(2), [7, 8, 9], { origin: 'incomplete', med: 6 }, address('203.0.113.2')),
    'more distant next hop',
  ],
  [
    path(internal(3), [7, 8, 9], { origin: 'incomplete', med: 6 }, address('203.0.113.3')),
    'higher router ID',
  ],
  [
    path(
      internal(2),
      [7, 8, 9],
      { origin: 'incomplete', med: 6, originatorID: address('192.0.2.200') },
      address('203.0.113.2'),
    ),
    'higher router ID',
  ],
  [
    path(
      internal(2),
      [7, 8, 9],
      {
        origin: 'incomplete',
        med: 6,
        originatorID: address('192.0.2.200'),
        clusterList: [address('192.0.2.77')],
      },
      address('203.0.113.2'),
    ),
    'longer cluster list',
  ],
  [
    path(
      internal(2, { address: address('192.0.2.10') }),
      [7, 8, 9],
      {
        origin: 'incomplete',
        med: 6,
        originatorID: address('192.0.2.200'),
        clusterList: [address('192.0.2.77')],
      },
      address('203.0.113.2'),
    ),
    'higher peer address',
  ],
  [path(external(1), [7], { communities: [LLGR_STALE] }), 'long-lived stale'],
  [path(external(1), [7, 8], { communities: [LLGR_STALE] }), 'longer AS path'],
  [path(internal(9), [], { localPref: 0, communities: [LLGR_STALE] }), 'lower local preference'],
];

describe('an ordered list of paths, each better than the next', () => {
  const pairs = ORDER.flatMap(([better], i) =>
    ORDER.slice(i + 1).map(([worse], j) => ({ i, j: i + 1 + j, better, worse })),
  ).filter(({ better, worse }) => better.source !== worse.source);

  test('holds for neighbours, for the reason given', () => {
    for (const [i, [worse, rule]] of ORDER.entries()) {
      const better = ORDER[i - 1]?.[0];
      if (better === undefined) continue;
      for (const paths of [
        [better, worse],
        [worse, better],
      ]) {
        const decision = decide(paths, cost);
        expect(decision?.best, `row ${i}`).toBe(better);
        expect(decision?.lost.get(worse), `row ${i}`).toBe(rule);
      }
    }
  });

  test('holds for every pair, both ways', () => {
    for (const { i, j, better, worse } of pairs) {
      expect(decide([better, worse], cost)?.best, `row ${i} and ${j}`).toBe(better);
      expect(decide([worse, better], cost)?.best, `row ${j} and ${i}`).toBe(better);
    }
  });

  test('holds for the whole list and its tails in any order', () => {
    const all = ORDER.map(([p]) => p);
    fc.assert(
      fc.property(fc.shuffledSubarray(all, { minLength: 1 }), (paths) => {
        const decision = decide(paths, cost);
        const first = all.find((p) => paths.includes(p));
        expect(decision?.best).toBe(first);
        expect(decision?.lost.size).toBe(paths.length - 1);
      }),
    );
  });
});

describe('MED', () => {
  test('is not compared between neighbouring ASes', () => {
    const a = path(external(1), [7], { med: 100 });
    const b = path(external(2), [8], { med: 1 });
    const decision = decide([b, a]);
    expect(decision?.best).toBe(a);
    expect(decision?.multipath).toEqual([b, a]);
  });

  test('gives one outcome for every order of arrival, although it is not transitive', () => {
    const a = path(external(3), [7], { med: 1 });
    const b = path(external(2), [7], { med: 2 });
    const c = path(external(1), [8], { med: 9 });
    for (const paths of [
      [a, b, c],
      [a, c, b],
      [b, a, c],
      [b, c, a],
      [c, a, b],
      [c, b, a],
    ]) {
      const decision = decide(paths);
      expect(decision?.best).toBe(c);
      expect(decision?.lost).toEqual(
        new Map<Path, Rule>([
          [b, 'higher MED'],
          [a, 'higher router ID'],
        ]),
      );
    }
  });

  test('is compared among routes of our own AS, whose path is empty', () => {
    const a = path(internal(1), [], { med: 9 });
    const b = path(internal(2), [], { med: 1 });
    expect(decide([a, b])?.lost.get(a)).toBe('higher MED');
  });
});

describe('multipath', () => {
  test('takes all paths that are equal up to the router ID, whatever ASes they crossed', () => {
    const a = path(external(1), [7, 9]);
    const b = path(external(2), [8, 9]);
    const longer = path(external(3), [8, 9, 10]);
    const decision = decide([longer, b, a]);
    expect(decision?.best).toBe(a);
    expect(decision?.multipath).toEqual([b, a]);
  });

  test('does not mix internal and external paths', () => {
    const a = path(internal(1), [7]);
    const b = path(external(2), [7]);
    expect(decide([a, b])?.multipath).toEqual([b]);
  });
});

describe('several paths of one peer (RFC 7911)', () => {
  const peer = external(1);
  const rows: readonly (readonly [string, Path, Path])[] = [
    ['next hop', path(peer, [7], {}, address('192.0.2.9')), path(peer, [7], {}, address('192.0.2.10'))],
    ['AS path', path(peer, [7, 8]), path(peer, [7, 9])],
    ['communities', path(peer, [7], { communities: [1] }), path(peer, [7], { communities: [2] })],
    [
      'extended communities',
      path(peer, [7], { extendedCommunities: [1n] }),
      path(peer, [7], { extendedCommunities: [2n] }),
    ],
  ];
  test.each(rows)('are told apart by their %s', (_, better, worse) => {
    for (const paths of [
      [better, worse],
      [worse, better],
    ]) {
      const decision = decide(paths);
      expect(decision?.best).toBe(better);
      expect(decision?.multipath).toEqual(paths);
      expect(decision?.lost).toEqual(new Map([[worse, 'another path of the same peer']]));
    }
  });
});

describe('the decision over any paths', () => {
  const sources = [
    external(1),
    external(2),
    external(3, { address: address('192.0.2.1') }),
    internal(4),
    internal(5),
  ];
  const few = fc.option(fc.integer({ min: 0, max: 2 }), { nil: undefined });
  const anyPath = fc
    .record({
      source: fc.constantFrom(...sources),
      asns: fc.constantFrom([], [7], [8], [7, 8], [8, 9]),
      med: few,
      localPref: few,
      origin: fc.constantFrom('igp' as const, 'egp' as const),
      hop: fc.constantFrom('192.0.2.1', '203.0.113.2'),
      originator: fc.constantFrom(undefined, '192.0.2.200', '192.0.2.4'),
      clusters: fc.constantFrom(undefined, ['192.0.2.77']),
      stale: fc.boolean(),
    })
    .map(({ source, asns, hop, originator, clusters, stale, med, localPref, origin }) =>
      path(
        source,
        asns,
        {
          origin,
          ...(med !== undefined && { med }),
          ...(localPref !== undefined && { localPref }),
          ...(originator !== undefined && { originatorID: address(originator) }),
          ...(clusters !== undefined && { clusterList: clusters.map(address) }),
          ...(stale && { communities: [LLGR_STALE] }),
        },
        address(hop),
      ),
    );
  /** A peer never has two equal paths of one prefix: attributes are kept once. */
  const anyPaths = fc.uniqueArray(anyPath, {
    minLength: 1,
    maxLength: 12,
    selector: (p) => JSON.stringify([p.source.name, p.nextHop, p.attributes]),
  });
  const shuffled = anyPaths.chain((paths) =>
    fc.tuple(
      fc.constant(paths),
      fc.shuffledSubarray(paths, { minLength: paths.length, maxLength: paths.length }),
    ),
  );

  test('does not depend on their order', () => {
    fc.assert(
      fc.property(shuffled, ([paths, others]) => {
        const [a, b] = [decide(paths, cost), decide(others, cost)];
        expect(b?.best).toBe(a?.best);
        expect(new Set(b?.multipath)).toEqual(new Set(a?.multipath));
        expect(b?.lost).toEqual(a?.lost);
        expect(a?.lost.size).toBe(paths.length - 1);
      }),
    );
  });

  test('uses side by side only what is equal up to the cost of the next hop', () => {
    fc.assert(
      fc.property(anyPaths, (paths) => {
        const { best, multipath = [] } = decide(paths, cost) ?? {};
        expect(multipath).toContain(best);
        const measures = (p: Path | undefined): unknown =>
          p && [
            p.longLivedStale,
            p.localPref,
            p.asPathLength,
            p.origin,
            p.source.kind,
            cost(p.nextHop ?? address('::')),
          ];
        for (const p of multipath) expect(measures(p)).toEqual(measures(best));
      }),
    );
  });
});

describe('what an external peer may not tell', () => {
  test.each([
    ['LOCAL_PREF', { localPref: 900 }],
    ['ORIGINATOR_ID', { originatorID: address('0.0.0.1') }],
    ['CLUSTER_LIST', { clusterList: [address('0.0.0.1')] }],
  ])('%s changes nothing', (_, overrides) => {
    const { attributes: _a, ...plain } = path(external(5), [7]);
    const { attributes: _b, ...told } = path(external(5), [7], overrides);
    expect(told).toEqual(plain);
  });
});

test('there is no decision without paths', () => {
  expect(decide([])).toBeUndefined();
});

test('two sessions to one address are told apart by their names', () => {
  const a = path(external(1, { name: 'a' }), [7]);
  const b = path(external(1, { name: 'b' }), [7]);
  expect(decide([b, a])?.best).toBe(a);
  expect(decide([a, b])?.lost).toEqual(new Map([[b, 'higher peer address']]));
});
