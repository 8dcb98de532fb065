import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ImportPolicy } from '../../../src/bgp/config.ts';
import { samePath } from '../../../src/bgp/rib/feed.ts';
import type { ImportPeer, Self } from '../../../src/bgp/rib/import-policy.ts';
import { makePath, type PathSource } from '../../../src/bgp/rib/path.ts';
import { type Inbound, Rib } from '../../../src/bgp/rib/rib.ts';
import type { PathAttributes } from '../../../src/bgp/wire/attributes/attributes.ts';
import type { Announced, Nlri } from '../../../src/bgp/wire/message.ts';
import { prefixList } from '../../../src/bgp/wire/readable.ts';
import { type Address, address } from '../../../src/net/address.ts';
import { type Prefix, prefix, prefixFamily } from '../../../src/net/prefix.ts';
import { takenWays } from '../../support/changes.ts';
import { attributes, external, internal } from './paths.ts';
import { announced, nlri } from './routes.ts';

const PREFIXES = ['10.1.0.0/24', '10.2.0.0/24', '10.3.0.0/24', 'fd00::/64'].map(prefix);
const everything: ImportPolicy = { kind: 'exactly', prefixes: PREFIXES };

const self: Self = {
  routerID: address('192.0.2.1'),
  asNumbers: new Set([64512]),
  addresses: new Set([address('198.51.100.1')]),
  originated: new Set([prefix('10.244.1.0/24')]),
};

const OURS = [{ prefix: prefix('10.244.1.0/24') }];

/** The client of a route server: what it tells may begin with any AS. */
const client: ImportPeer = { localAS: 64512, remoteAS: 65000, role: 'route-server-client' };

function announcement(
  prefixes: readonly string[],
  set: PathAttributes,
  nextHop: string = '192.0.2.9',
): Announced {
  const list = prefixes.map(prefix);
  const family = list[0] !== undefined && prefixFamily(list[0]) === 6 ? 'ipv6-unicast' : 'ipv4-unicast';
  return announced({ family, prefixes: list, attributes: set, nextHop: address(nextHop) });
}

const withdrawal = (...prefixes: readonly string[]): Nlri =>
  nlri({ family: 'ipv4-unicast', prefixes: prefixes.map(prefix) });

function ribWith(...sources: readonly PathSource[]): readonly [Rib, ...Inbound[]] {
  const rib = new Rib();
  rib.setSelf(self, OURS);
  return [rib, ...sources.map((source) => rib.open(source, everything, client))];
}

/** The changes that a flush tells, as text. */
function flush(rib: Rib, limit?: number): readonly string[] {
  rib.flush(limit);
  return [...takenWays(rib.learned)].map(({ prefix, route }) =>
    route === undefined
      ? `${prefix} gone`
      : `${prefix} via ${route.nextHops.join(',')} (${route.peers.join(',')})`,
  );
}

const learnedBy = (rib: Rib): ReadonlyMap<string, unknown> =>
  new Map([...rib.learned.routes()].map((route) => [route.prefix, route]));

describe('routes', () => {
  test('are told when they come, change and go, once each', () => {
    const [rib, peer] = ribWith(external(9));
    if (peer === undefined) throw new Error('no peer');
    rib.announce(peer, announcement(['10.1.0.0/24', '10.2.0.0/24'], attributes([7])));
    expect(rib.pending).toBe(true);
    expect(flush(rib)).toEqual(['10.1.0.0/24 via 192.0.2.9 (peer/9)', '10.2.0.0/24 via 192.0.2.9 (peer/9)']);
    expect(rib.pending).toBe(false);
    rib.announce(peer, announcement(['10.1.0.0/24'], attributes([7, 8])));
    expect(flush(rib)).toEqual([]);
    rib.announce(peer, announcement(['10.1.0.0/24'], attributes([7, 8]), '192.0.2.10'));
    rib.withdraw(peer, withdrawal('10.2.0.0/24', '10.3.0.0/24'));
    expect(flush(rib)).toEqual(['10.1.0.0/24 via 192.0.2.10 (peer/9)', '10.2.0.0/24 gone']);
    rib.announce(peer, announcement(['10.2.0.0/24'], attributes([7])));
    rib.withdraw(peer, withdrawal('10.2.0.0/24'));
    expect(flush(rib)).toEqual([]);
    expect([...learnedBy(rib).keys()]).toEqual(['10.1.0.0/24']);
  });

  test('of several equal paths go by all next hops, each once, in order', () => {
    const [rib, a, b, c] = ribWith(external(9), external(10), external(11));
    if (a === undefined || b === undefined || c === undefined) throw new Error('no peer');
    rib.announce(c, announcement(['10.1.0.0/24'], attributes([7]), '192.0.2.9'));
    rib.announce(b, announcement(['10.1.0.0/24'], attributes([8]), '192.0.2.10'));
    rib.announce(a, announcement(['10.1.0.0/24'], attributes([9]), '192.0.2.9'));
    expect(flush(rib)).toEqual(['10.1.0.0/24 via 192.0.2.9,192.0.2.10 (peer/11,peer/10)']);
    rib.close(b);
    expect(flush(rib)).toEqual(['10.1.0.0/24 via 192.0.2.9 (peer/11)']);
  });

  test('are decided in pieces when there are many', () => {
    const [rib, peer] = ribWith(external(9));
    if (peer === undefined) throw new Error('no peer');
    rib.announce(peer, announcement(['10.1.0.0/24', '10.2.0.0/24', '10.3.0.0/24'], attributes([7])));
    // The first is the prefix that this node originates: decided, but not learned.
    expect(flush(rib, 1)).toEqual([]);
    expect([flush(rib, 2).length, rib.pending, flush(rib, 2).length, rib.pending]).toEqual([
      2,
      true,
      1,
      false,
    ]);
  });

  test('are decided in smaller pieces where many peers are told of each', () => {
    const [rib, peer] = ribWith(external(9));
    if (peer === undefined) throw new Error('no peer');
    flush(rib);
    for (let n = 10; n < 15; n++) {
      const { name } = external(n);
      rib.attach(
        {
          name,
          address: address(`192.0.2.${n}`),
          localAS: 65001,
          remoteAS: 65000 + n,
          export: { kind: 'all' },
          routerID: address(`192.0.2.${n}`),
          families: ['ipv4-unicast'],
          extendedNextHop: false,
          longLived: false,
        },
        { routerID: address('192.0.2.1'), nextHops: { ipv4: address('192.0.2.1') } },
        { families: ['ipv4-unicast'], addPath: [], wake: () => {} },
      );
    }
    rib.announce(peer, announcement(['10.1.0.0/24', '10.2.0.0/24', '10.3.0.0/24'], attributes([7])));
    expect([10, 1, 1].map((limit) => flush(rib, limit).length)).toEqual([2, 1, 0]);
  });

  test('of a session that is over go in pieces, and nothing of the next session goes with them', () => {
    const source = external(9);
    const [rib, old] = ribWith(source);
    if (old === undefined) throw new Error('no peer');
    const all = ['10.1.0.0/24', '10.2.0.0/24', '10.3.0.0/24'];
    rib.announce(old, announcement(all, attributes([7])));
    flush(rib);
    rib.close(old);
    expect(flush(rib, 2)).toEqual([]);
    const next = rib.open(source, everything, client);
    rib.announce(next, announcement(['10.1.0.0/24', '10.3.0.0/24'], attributes([7]), '192.0.2.10'));
    const changes: string[] = [];
    for (let i = 0; rib.pending; i++) {
      if (i > 10) throw new Error('no end');
      changes.push(...flush(rib, 1));
    }
    expect(changes.toSorted()).toEqual([
      '10.1.0.0/24 via 192.0.2.10 (peer/9)',
      '10.2.0.0/24 gone',
      '10.3.0.0/24 via 192.0.2.10 (peer/9)',
    ]);
  });

  test('go with the session; what comes after it is ignored', () => {
    const [rib, peer] = ribWith(external(9));
    if (peer === undefined) throw new Error('no peer');
    rib.announce(peer, announcement(['10.1.0.0/24'], attributes([7])));
    rib.announce(peer, announcement(['fd00::/64'], attributes([7]), '2001:db8::9'));
    flush(rib);
    rib.close(peer);
    rib.close(peer);
    rib.announce(peer, announcement(['10.2.0.0/24'], attributes([7])));
    rib.withdraw(peer, withdrawal('10.2.0.0/24'));
    rib.setPolicy(peer, { kind: 'none' }, client);
    expect(flush(rib)).toEqual(['10.1.0.0/24 gone', 'fd00::/64 gone']);
    expect([...rib.entries()].map((e) => e.prefix)).toEqual(['10.244.1.0/24']);
  });
});

describe('a path is not used', () => {
  const rows: readonly (readonly [string, PathSource, Announced])[] = [
    ['own AS in the AS path', external(9), announcement(['10.1.0.0/24'], attributes([7, 64512, 8]))],
    [
      'own AS in the AS path',
      external(9),
      announcement(['10.1.0.0/24'], { origin: 'igp', asPath: [{ kind: 'set', asns: [64512] }] }),
    ],
    [
      'this node is its originator',
      internal(9),
      announcement(['10.1.0.0/24'], attributes([], { originatorID: self.routerID })),
    ],
    [
      'this node is in its cluster list',
      internal(9),
      announcement(['10.1.0.0/24'], attributes([], { clusterList: [address('192.0.2.8'), self.routerID] })),
    ],
    [
      'its next hop is this node',
      external(9),
      announcement(['10.1.0.0/24'], attributes([7]), '198.51.100.1'),
    ],
    ['its next hop is link-local', external(9), announcement(['10.1.0.0/24'], attributes([7]), 'fe80::9')],
    ['this node originates the prefix', external(9), announcement(['10.244.1.0/24'], attributes([7]))],
    ['filtered by import policy', external(9), announcement(['10.99.0.0/24'], attributes([7]))],
  ];
  test.each(rows)('with %s', (reason, source, routes) => {
    const [rib, peer] = ribWith(source);
    if (peer === undefined) throw new Error('no peer');
    rib.announce(peer, routes);
    expect(flush(rib)).toEqual([]);
    expect([peer.received('ipv4-unicast'), peer.accepted('ipv4-unicast')]).toEqual([1, 0]);
    const entry = [...rib.entries()].find((e) => e.prefix === prefixList(routes.nlri).prefixes[0]);
    expect(entry?.paths.find((p) => p.peer === source.name)).toMatchObject({ best: false, reason });
  });

  test('any more when a worse announcement takes its place', () => {
    const [rib, peer] = ribWith(external(9));
    if (peer === undefined) throw new Error('no peer');
    rib.announce(peer, announcement(['10.1.0.0/24'], attributes([7])));
    flush(rib);
    rib.announce(peer, announcement(['10.1.0.0/24'], attributes([7, 64512])));
    expect(flush(rib)).toEqual(['10.1.0.0/24 gone']);
    expect(peer.accepted('ipv4-unicast')).toBe(0);
  });

  test('but ORIGINATOR_ID and CLUSTER_LIST of an external peer mean nothing', () => {
    const [rib, peer] = ribWith(external(9));
    if (peer === undefined) throw new Error('no peer');
    const set = attributes([7], { originatorID: self.routerID, clusterList: [self.routerID] });
    rib.announce(peer, announcement(['10.1.0.0/24'], set));
    expect(flush(rib)).toHaveLength(1);
  });
});

describe('without a message from the peer', () => {
  test('another import policy is applied to what it has told', () => {
    const [rib, peer] = ribWith(external(9));
    if (peer === undefined) throw new Error('no peer');
    rib.announce(peer, announcement(['10.1.0.0/24', '10.2.0.0/24'], attributes([7])));
    flush(rib);
    rib.setPolicy(peer, { kind: 'exactly', prefixes: [prefix('10.2.0.0/24')] }, client);
    expect(flush(rib)).toEqual(['10.1.0.0/24 gone']);
    rib.setPolicy(peer, { kind: 'none' }, client);
    expect(flush(rib)).toEqual(['10.2.0.0/24 gone']);
    rib.setPolicy(peer, everything, client);
    expect(flush(rib)).toHaveLength(2);
    expect([peer.received('ipv4-unicast'), peer.accepted('ipv4-unicast')]).toEqual([2, 2]);
  });

  test('a prefix that becomes ours is no longer learned, and is again when it is ours no more', () => {
    const [rib, peer] = ribWith(external(9));
    if (peer === undefined) throw new Error('no peer');
    rib.announce(peer, announcement(['10.1.0.0/24'], attributes([7])));
    flush(rib);
    rib.setSelf(self, [{ prefix: prefix('10.1.0.0/24') }]);
    expect(flush(rib)).toEqual(['10.1.0.0/24 gone']);
    rib.setSelf(self, OURS);
    expect(flush(rib)).toEqual(['10.1.0.0/24 via 192.0.2.9 (peer/9)']);
  });
});

test('an entry shows every path with its attributes, the best one first', () => {
  const [rib, a, b, c] = ribWith(external(9), external(10), internal(11));
  if (a === undefined || b === undefined || c === undefined) throw new Error('no peer');
  const communities = {
    communities: [0xfc000064],
    largeCommunities: [{ global: 64512, local1: 1, local2: 2 }],
    extendedCommunities: [0x0002fc0000000064n],
  };
  rib.announce(b, announcement(['10.1.0.0/24'], attributes([8]), '192.0.2.10'));
  rib.announce(a, announcement(['10.1.0.0/24'], attributes([7], { med: 5, ...communities })));
  rib.announce(
    c,
    announcement(['10.1.0.0/24'], attributes([7, 8], { origin: 'incomplete', localPref: 90 }), '192.0.2.11'),
  );
  const entry = [...rib.entries()].find((e) => e.prefix === '10.1.0.0/24');
  expect(entry).toMatchObject({
    prefix: '10.1.0.0/24',
    family: 'ipv4-unicast',
    paths: [
      {
        peer: 'peer/9',
        nextHop: '192.0.2.9',
        asPath: [7],
        origin: 'igp',
        localPref: 100,
        med: 5,
        communities: ['64512:100', '64512:1:2', 'rt:64512:100'],
        best: true,
      },
      {
        peer: 'mesh/11',
        nextHop: '192.0.2.11',
        asPath: [7, 8],
        origin: 'incomplete',
        localPref: 90,
        communities: [],
        best: false,
        reason: 'lower local preference',
      },
      {
        peer: 'peer/10',
        nextHop: '192.0.2.10',
        asPath: [8],
        origin: 'igp',
        localPref: 100,
        communities: [],
        best: false,
        reason: 'higher router ID; used beside the best',
      },
    ],
  });
});

test('a prefix that two peers announce and none may is listed once', () => {
  const [rib, a, b] = ribWith(external(9), external(10));
  if (a === undefined || b === undefined) throw new Error('no peer');
  for (const peer of [a, b]) rib.announce(peer, announcement(['10.99.0.0/24'], attributes([7])));
  const entries = [...rib.entries()].filter((e) => e.prefix === '10.99.0.0/24');
  expect(entries.map((e) => e.paths.map((p) => p.peer))).toEqual([['peer/10', 'peer/9']]);
});

describe('what is told again', () => {
  const base = attributes([7]);
  const sets: readonly PathAttributes[] = [
    base,
    attributes([7, 8]),
    { ...base, asPath: [{ kind: 'set', asns: [7] }] },
    {
      ...base,
      asPath: [
        { kind: 'sequence', asns: [7] },
        { kind: 'sequence', asns: [8] },
      ],
    },
    { ...base, origin: 'egp' },
    { ...base, med: 0 },
    { ...base, localPref: 0 },
    { ...base, communities: [1] },
    { ...base, communities: [1, 2] },
    { ...base, originatorID: address('192.0.2.1') },
    { ...base, clusterList: [address('192.0.2.1')] },
    { ...base, atomicAggregate: true },
    { ...base, aggregator: { as: 7, address: address('192.0.2.1') } },
    { ...base, extendedCommunities: [1n] },
    { ...base, largeCommunities: [{ global: 1, local1: 2, local2: 3 }] },
    { ...base, onlyToCustomer: 7 },
    { ...base, unknown: [{ type: 99, value: Uint8Array.of(1, 2) }] },
    { ...base, unknown: [{ type: 98, value: Uint8Array.of(1, 2) }] },
    { ...base, communities: [1], partial: [8] },
    { ...base, unknown: [{ type: 99, value: Uint8Array.of(12) }] },
  ];
  const told = (set: PathAttributes, hop = '192.0.2.9'): Announced => announcement(['10.1.0.0/24'], set, hop);

  test('without a change has no consequence, although it is another object', () => {
    for (const set of sets) {
      const [rib, peer] = ribWith(external(9));
      if (peer === undefined) throw new Error('no peer');
      rib.announce(peer, told(set));
      flush(rib);
      rib.announce(peer, told({ ...set, asPath: set.asPath.map((segment) => ({ ...segment })) }));
      expect(rib.pending).toBe(false);
    }
  });

  test('is another path when anything of it differs', () => {
    const paths = sets.flatMap((set) =>
      ['192.0.2.9', '192.0.2.10'].map((hop) => makePath(external(9), set, address(hop))),
    );
    for (const [i, one] of paths.entries()) {
      for (const [j, other] of paths.entries()) expect(samePath(one, other), `${i} and ${j}`).toBe(i === j);
    }
  });
});

/** A Loc-RIB that is built from nothing must equal one that lived through any history to the same end. */
test('the learned routes depend on what peers say now, never on how it came about', () => {
  const sources = [external(9), external(10), internal(11)];
  const hops: readonly Address[] = ['192.0.2.9', '192.0.2.10', '192.0.2.11'].map(address);
  const event = fc.record({
    peer: fc.integer({ min: 0, max: 2 }),
    prefix: fc.constantFrom<Prefix>(...PREFIXES.slice(0, 3)),
    hop: fc.constantFrom(...hops),
    asns: fc.constantFrom([7], [8], [7, 8], [64512]),
    med: fc.constantFrom(undefined, 1, 2),
    withdraw: fc.boolean(),
    before: fc.constantFrom('nothing', 'nothing', 'reopen', 'accept one', 'accept all'),
    flush: fc.constantFrom(0, 1, 2, 100),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 40 }), (events) => {
      const [lived, ...peers] = ribWith(...sources);
      const last = new Map<string, (typeof events)[number]>();
      const apply = (rib: Rib, peer: Inbound | undefined, e: (typeof events)[number]): void => {
        if (peer === undefined) return;
        if (e.withdraw) rib.withdraw(peer, withdrawal(e.prefix));
        else {
          const set = attributes(e.asns, e.med === undefined ? {} : { med: e.med });
          rib.announce(peer, announcement([e.prefix], set, e.hop));
        }
      };
      const told = new Map<Prefix, unknown>();
      const policies: ImportPolicy[] = sources.map(() => everything);
      const prepare = ({ peer: i, before }: (typeof events)[number]): void => {
        const [peer, source] = [peers[i], sources[i]];
        if (peer === undefined || source === undefined || before === 'nothing') return;
        if (before === 'reopen') {
          lived.close(peer);
          peers[i] = lived.open(source, policies[i] ?? everything, client);
          for (const prefix of PREFIXES) last.delete(`${i} ${prefix}`);
        } else {
          policies[i] =
            before === 'accept all' ? everything : { kind: 'exactly', prefixes: PREFIXES.slice(0, 1) };
          lived.setPolicy(peer, policies[i], client);
        }
      };
      const take = (limit: number): void => {
        lived.flush(limit);
        for (const { prefix, route } of takenWays(lived.learned)) {
          if (route === undefined) told.delete(prefix);
          else told.set(prefix, { prefix, ...route });
        }
      };
      for (const e of events) {
        prepare(e);
        apply(lived, peers[e.peer], e);
        last.set(`${e.peer} ${e.prefix}`, e);
        take(e.flush);
      }
      while (lived.pending) take(1);
      const [fresh, ...freshPeers] = ribWith(...sources);
      for (const [i, peer] of freshPeers.entries()) fresh.setPolicy(peer, policies[i] ?? everything, client);
      for (const e of last.values()) apply(fresh, freshPeers[e.peer], e);
      fresh.flush();
      expect(learnedBy(lived)).toEqual(learnedBy(fresh));
      expect(told).toEqual(learnedBy(fresh));
      for (const [i, peer] of peers.entries()) {
        expect(peer.accepted('ipv4-unicast')).toBe(freshPeers[i]?.accepted('ipv4-unicast'));
      }
    }),
  );
});
