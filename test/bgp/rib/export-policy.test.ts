import { describe, expect, test } from 'vitest';
import type { ExportPolicy, Role } from '../../../src/bgp/config.ts';
import type { FilterMatch, FilterRule } from '../../../src/bgp/filter.ts';
import {
  announcements,
  type ExportPeer,
  type ExportSpeaker,
  makeExporter,
  type Outbound,
} from '../../../src/bgp/rib/export-policy.ts';
import { originatedPaths } from '../../../src/bgp/rib/origination.ts';
import { makePath, type Path } from '../../../src/bgp/rib/path.ts';
import { asPathText } from '../../../src/bgp/wire/as-path.ts';
import { communityText, WELL_KNOWN_COMMUNITIES } from '../../../src/bgp/wire/communities.ts';
import { address } from '../../../src/net/address.ts';
import { prefix } from '../../../src/net/prefix.ts';
import { external, internal, LOCAL, path } from './paths.ts';

const AS = 64512;
const well = WELL_KNOWN_COMMUNITIES;
const speaker: ExportSpeaker = {
  routerID: address('10.0.0.1'),
  nextHops: { ipv4: address('10.0.0.1'), ipv6: address('fd00::1') },
};
const ibgp: ExportPeer = {
  name: 'mesh/node-2',
  address: address('10.0.0.2'),
  routerID: address('10.0.0.2'),
  localAS: AS,
  remoteAS: AS,
  export: { kind: 'all' },
  families: ['ipv4-unicast', 'ipv6-unicast'],
  extendedNextHop: false,
  longLived: true,
};
const ebgp: ExportPeer = {
  ...ibgp,
  name: 'peer/tor',
  address: address('10.0.0.254'),
  routerID: address('10.0.0.254'),
  remoteAS: 65000,
};
const client: ExportPeer = { ...ibgp, reflectorClient: true };

/** What a router would show: `10.0.0.1 path 64512 7 pref 100 med 5 no-export originator 10.0.0.9 clusters 10.0.0.1`. */
function show(outbound: Outbound | undefined): string {
  if (outbound === undefined) return 'nothing';
  const { attributes: a, nextHop } = outbound;
  return [
    nextHop,
    a.asPath.length > 0 && `path ${asPathText(a.asPath)}`,
    a.localPref !== undefined && `pref ${a.localPref}`,
    a.med !== undefined && `med ${a.med}`,
    ...(a.communities ?? []).map(communityText),
    a.originatorID !== undefined && `originator ${a.originatorID}`,
    a.clusterList !== undefined && `clusters ${a.clusterList.join(' ')}`,
    a.onlyToCustomer !== undefined && `otc ${a.onlyToCustomer}`,
  ]
    .filter((part) => part !== false)
    .join(' ');
}

const told = (of: Path, peer: ExportPeer, by: ExportSpeaker = speaker): string =>
  show(makeExporter(peer, by).path(of));

const FROM_OUTSIDE = path(external(9), [7, 8], { med: 5 });
const FROM_INSIDE = path(internal(9), [7], { med: 5, localPref: 300 });
const FROM_CLIENT = path(internal(9, { reflectorClient: true }), [7], { localPref: 300 });

describe('what a route becomes', () => {
  test.each<readonly [string, Path, ExportPeer, string]>([
    // RFC 4271 §5.1.2, §5.1.3, §5.1.5.
    ['ours, inside', LOCAL, ibgp, '10.0.0.1 pref 100'],
    ['ours, outside', LOCAL, ebgp, '10.0.0.1 path 64512'],
    ['ours, with another AS of ours', LOCAL, { ...ebgp, localAS: 64600 }, '10.0.0.1 path 64600'],
    ['from outside, inside', FROM_OUTSIDE, ibgp, '192.0.2.9 path 7 8 pref 100 med 5'],
    ['from outside, outside', FROM_OUTSIDE, ebgp, '10.0.0.1 path 64512 7 8'],
    ['from inside, outside', FROM_INSIDE, ebgp, '10.0.0.1 path 64512 7'],
    // §9.2: what an internal peer told is not told to another.
    ['from inside, inside', FROM_INSIDE, ibgp, 'nothing'],
    // §5.1.4: MED stays between two ASes; that of our own is for the neighbours.
    ['a MED of our AS, outside', path(internal(9), [], { med: 5 }), ebgp, '10.0.0.1 path 64512 med 5'],
    // RFC 4456 §6, §8.
    [
      'from inside, to a client',
      FROM_INSIDE,
      client,
      '192.0.2.9 path 7 pref 300 med 5 originator 192.0.2.9 clusters 10.0.0.1',
    ],
    [
      'from a client, inside',
      FROM_CLIENT,
      ibgp,
      '192.0.2.9 path 7 pref 300 originator 192.0.2.9 clusters 10.0.0.1',
    ],
    [
      'from a client, to another',
      FROM_CLIENT,
      client,
      '192.0.2.9 path 7 pref 300 originator 192.0.2.9 clusters 10.0.0.1',
    ],
    [
      'reflected already',
      path(internal(9), [], { originatorID: address('10.0.0.7'), clusterList: [address('10.0.0.8')] }),
      client,
      '192.0.2.9 pref 100 originator 10.0.0.7 clusters 10.0.0.1 10.0.0.8',
    ],
    ['from a client, outside', FROM_CLIENT, ebgp, '10.0.0.1 path 64512 7'],
    ['from outside, to a client', FROM_OUTSIDE, client, '192.0.2.9 path 7 8 pref 100 med 5'],
    [
      'reflected, outside',
      path(internal(9), [], { originatorID: address('10.0.0.7'), clusterList: [address('10.0.0.8')] }),
      ebgp,
      '10.0.0.1 path 64512',
    ],
    [
      'back to its originator',
      path(internal(9), [], { originatorID: address('10.0.0.2') }),
      client,
      'nothing',
    ],
    [
      'back to its originator, by its other session',
      path(internal(9, { routerID: address('10.0.0.2') }), []),
      client,
      'nothing',
    ],
    // Split horizon.
    ['back to the peer', path(external(9, { name: 'peer/tor' }), [65000]), ebgp, 'nothing'],
    ['what leads to the peer itself', path(external(9), [7], {}, ebgp.address), ebgp, 'nothing'],
    ['a family that was not negotiated', LOCAL, { ...ibgp, families: ['ipv6-unicast'] }, 'nothing'],
  ])('%s', (_, of, peer, expected) => {
    expect(told(of, peer)).toBe(expected);
  });

  test('reflected: our CLUSTER_ID where we have one', () => {
    const reflector = { ...speaker, clusterID: address('10.9.9.9') };
    expect(told(FROM_CLIENT, ibgp, reflector)).toBe(
      '192.0.2.9 path 7 pref 300 originator 192.0.2.9 clusters 10.9.9.9',
    );
  });

  test('a segment that is a set or full gets one before it (RFC 4271 §5.1.2)', () => {
    const full = Array.from({ length: 255 }, () => 7);
    for (const segment of [
      { kind: 'set' as const, asns: [7, 8] },
      { kind: 'sequence' as const, asns: full },
    ]) {
      const of = makePath(external(9), { origin: 'igp', asPath: [segment] }, address('192.0.2.9'));
      expect(makeExporter(ebgp, speaker).path(of)?.attributes.asPath).toEqual([
        { kind: 'sequence', asns: [AS] },
        segment,
      ]);
    }
  });

  test('what we do not know goes on as it came', () => {
    const rest = {
      atomicAggregate: true,
      aggregator: { as: 9, address: address('10.0.0.9') },
      largeCommunities: [{ global: 1, local1: 2, local2: 3 }],
      unknown: [{ type: 99, value: Uint8Array.of(1) }],
      partial: [8],
    } as const;
    for (const peer of [ibgp, client, ebgp]) {
      const of = path(external(9), [7], rest);
      expect(makeExporter(peer, speaker).path(of)?.attributes).toMatchObject(rest);
    }
  });

  test('extended communities that are not transitive stay in the AS (RFC 4360 §6)', () => {
    const [transitive, inside] = [0x0002_fde8_0000_0001n, 0x4003_fde8_0000_0001n];
    const of = path(external(9), [7], { extendedCommunities: [inside, transitive] });
    const only = path(external(9), [7], { extendedCommunities: [inside] });
    const lists = [ibgp, ebgp].map((peer) => {
      const { path } = makeExporter(peer, speaker);
      return [of, only].map((p) => path(p)?.attributes.extendedCommunities);
    });
    expect(lists).toEqual([
      [[inside, transitive], [inside]],
      [[transitive], undefined],
    ]);
  });
});

describe('well-known communities', () => {
  const peers = [ibgp, ebgp, { ...ebgp, role: 'peer' as const }];
  // Who may have what an external peer told with it: an internal peer, an external one, one that is a bilateral peering.
  test.each([
    ['no-export', [true, false, false]],
    ['no-advertise', [false, false, false]],
    ['no-export-subconfed', [true, false, false]],
    ['no-peer', [true, true, false]],
    ['graceful-shutdown', [true, true, true]],
    ['no-llgr', [true, true, true]],
  ] as const)('%s', (name, expected) => {
    const of = path(external(9), [7], { communities: [1, well[name]] });
    expect(peers.map((peer) => told(of, peer) !== 'nothing')).toEqual(expected);
  });

  test('that this node attaches are for those who receive them (RFC 1997)', () => {
    const paths = originatedPaths([
      { prefix: prefix('10.244.1.0/24'), communities: [well['no-export'], well['no-advertise']] },
    ]);
    const [of = LOCAL] = paths.values();
    expect(told(of, ebgp)).toBe('10.0.0.1 path 64512 no-export no-advertise');
  });
});

describe('next hop', () => {
  const V4 = path(external(9), [7]);
  const V6 = path(external(9), [7], {}, address('2001:db8::9'));
  /** RFC 8950. */
  const MIXED = path(external(9), [7], {}, address('2001:db8::9'), 'ipv4-unicast');
  const LOCAL6 = makePath(LOCAL.source, LOCAL.attributes, undefined, 'ipv6-unicast');
  const hop = (of: Path, peer: ExportPeer, by = speaker): string =>
    makeExporter(peer, by).path(of)?.nextHop ?? 'nothing';

  test.each<readonly [ExportPeer['nextHopMode'], string, string, string, string]>([
    [undefined, '192.0.2.9', '10.0.0.1', '2001:db8::9', 'fd00::1'],
    ['auto', '192.0.2.9', '10.0.0.1', '2001:db8::9', 'fd00::1'],
    ['self', '10.0.0.1', '10.0.0.1', 'fd00::1', 'fd00::1'],
    ['keep', '192.0.2.9', '192.0.2.9', '2001:db8::9', '2001:db8::9'],
  ])('mode %s', (nextHopMode, inside, outside, inside6, outside6) => {
    const mode = nextHopMode === undefined ? {} : { nextHopMode };
    const hops = [V4, V6].map((of) => [ibgp, ebgp].map((peer) => hop(of, { ...peer, ...mode })));
    expect(hops).toEqual([
      [inside, outside],
      [inside6, outside6],
    ]);
    // What we originate has no other.
    expect([LOCAL, LOCAL6].map((of) => hop(of, { ...ebgp, ...mode }))).toEqual(['10.0.0.1', 'fd00::1']);
  });

  test.each<readonly [string, Path, boolean, ExportSpeaker['nextHops'], string]>([
    ['an IPv4 route, we have IPv6 only', LOCAL, true, { ipv6: address('fd00::1') }, 'fd00::1'],
    ['the same, not negotiated', LOCAL, false, { ipv6: address('fd00::1') }, 'nothing'],
    ['an IPv4 route, we have both', LOCAL, true, speaker.nextHops, '10.0.0.1'],
    ['an IPv6 route, we have IPv4 only', LOCAL6, true, { ipv4: address('10.0.0.1') }, 'nothing'],
    ['an IPv4 route over IPv6, kept', MIXED, true, speaker.nextHops, '2001:db8::9'],
    ['the same, not negotiated', MIXED, false, speaker.nextHops, 'nothing'],
  ])('RFC 8950: %s', (_, of, extendedNextHop, nextHops, expected) => {
    expect(hop(of, { ...ibgp, extendedNextHop }, { ...speaker, nextHops })).toBe(expected);
  });
});

describe('roles (RFC 9234 §5, egress)', () => {
  const MARKED = path(internal(9), [7], { onlyToCustomer: 7 });
  // Our role; what an unmarked and a marked route become.
  test.each<readonly [Role | undefined, string, string]>([
    [undefined, '10.0.0.1 path 64512', '10.0.0.1 path 64512 7 otc 7'],
    ['provider', '10.0.0.1 path 64512 otc 64512', '10.0.0.1 path 64512 7 otc 7'],
    ['route-server', '10.0.0.1 path 64512 otc 64512', '10.0.0.1 path 64512 7 otc 7'],
    ['peer', '10.0.0.1 path 64512 otc 64512', 'nothing'],
    ['customer', '10.0.0.1 path 64512', 'nothing'],
    ['route-server-client', '10.0.0.1 path 64512', 'nothing'],
  ])('we are its %s', (role, unmarked, marked) => {
    const peer: ExportPeer = role === undefined ? ebgp : { ...ebgp, role };
    expect([LOCAL, MARKED].map((of) => told(of, peer))).toEqual([unmarked, marked]);
  });

  test('mean nothing inside the AS', () => {
    expect(told(LOCAL, { ...ibgp, role: 'provider' })).toBe('10.0.0.1 pref 100');
    expect(told(path(external(9), [7], { onlyToCustomer: 7 }), { ...ibgp, role: 'customer' })).toBe(
      '192.0.2.9 path 7 pref 100 otc 7',
    );
  });
});

describe('long-lived stale routes (RFC 9494)', () => {
  const STALE = path(external(9), [7], { communities: [well['llgr-stale']] });
  const unaware = { longLived: false };
  test.each<readonly [string, ExportPeer, string]>([
    ['§4.3: inside, to who knows them', ibgp, '192.0.2.9 path 7 pref 100 llgr-stale'],
    ['§4.3: outside, to who knows them', ebgp, '10.0.0.1 path 64512 7 llgr-stale'],
    ['§4.3: outside, to others', { ...ebgp, ...unaware }, 'nothing'],
    ['§4.6: inside, to others', { ...ibgp, ...unaware }, '192.0.2.9 path 7 pref 0 llgr-stale no-export'],
  ])('%s', (_, peer, expected) => {
    expect(told(STALE, peer)).toBe(expected);
  });
});

describe('graceful shutdown of this node (RFC 8326)', () => {
  const leaving = { ...speaker, gracefulShutdown: true };
  test.each<readonly [string, Path, ExportPeer, string]>([
    ['ours, inside', LOCAL, ibgp, '10.0.0.1 pref 0 graceful-shutdown'],
    ['ours, outside', LOCAL, ebgp, '10.0.0.1 path 64512 graceful-shutdown'],
    ['of others, inside', FROM_OUTSIDE, ibgp, '192.0.2.9 path 7 8 pref 0 med 5 graceful-shutdown'],
    [
      'reflected',
      FROM_CLIENT,
      ibgp,
      '192.0.2.9 path 7 pref 0 graceful-shutdown originator 192.0.2.9 clusters 10.0.0.1',
    ],
    [
      'said already',
      path(external(9), [7], { communities: [well['graceful-shutdown']] }),
      ebgp,
      '10.0.0.1 path 64512 7 graceful-shutdown',
    ],
  ])('%s', (_, of, peer, expected) => {
    expect(told(of, peer, leaving)).toBe(expected);
  });
});

describe('policy', () => {
  const rule = (match: FilterMatch, overrides: Partial<FilterRule> = {}): FilterRule => ({
    name: 'a rule',
    family: 'ipv4-unicast',
    match,
    action: 'accept',
    operations: [],
    ...overrides,
  });
  const within = (text: string): FilterMatch => ({ cidr: { prefix: prefix(text), operator: 'In' } });
  const ask = (policy: ExportPolicy, text: string, of: Path, peer = ebgp): string => {
    const exporter = makeExporter({ ...peer, export: policy }, speaker);
    const general = exporter.path(of);
    return show(exporter.perPrefix ? exporter.prefix(prefix(text), of, general) : general);
  };

  test.each<readonly [ExportPolicy['kind'], boolean, boolean]>([
    ['none', false, false],
    ['originated', true, false],
    ['all', true, true],
  ])('%s', (kind, ours, learned) => {
    expect([LOCAL, FROM_OUTSIDE].map((of) => ask({ kind }, '10.1.0.0/16', of) !== 'nothing')).toEqual([
      ours,
      learned,
    ]);
  });

  test.each<readonly [string, Path, string, string]>([
    [
      'a rule tells what the default would not',
      FROM_OUTSIDE,
      '10.1.0.0/16',
      '10.0.0.1 path 64512 65009 7 8 65512:1',
    ],
    ['a rule keeps back what the default would tell', LOCAL, '10.2.0.0/16', 'nothing'],
    ['the default, for ours', LOCAL, '11.0.0.0/8', '10.0.0.1 path 64512'],
    ['the default, for others', FROM_OUTSIDE, '11.0.0.0/8', 'nothing'],
    [
      'no rule tells what the protocol forbids',
      path(external(9), [7], { communities: [well['no-export']] }),
      '10.1.0.0/16',
      'nothing',
    ],
    [
      'no rule tells the peer its own',
      path(external(9, { name: 'peer/tor' }), [65000]),
      '10.1.0.0/16',
      'nothing',
    ],
  ])('rules come first: %s', (_, of, text, expected) => {
    const rules = [
      rule(within('10.2.0.0/16'), { action: 'reject' }),
      rule(within('10.0.0.0/8'), {
        operations: [
          { kind: 'add-community', community: { kind: 'standard', value: 0xffe80001 } },
          { kind: 'prepend-as-path', asns: [65009] },
        ],
      }),
    ];
    expect(ask({ kind: 'originated', rules }, text, of)).toBe(expected);
  });

  test('what a rule attaches is for the peer: it does not keep the route back', () => {
    const rules = [
      rule(
        {},
        {
          operations: [{ kind: 'add-community', community: { kind: 'standard', value: well['no-export'] } }],
        },
      ),
    ];
    expect(ask({ kind: 'none', rules }, '10.1.0.0/16', FROM_OUTSIDE)).toBe(
      '10.0.0.1 path 64512 7 8 no-export',
    );
  });

  test('LOCAL_PREF set by a rule goes to internal peers', () => {
    const rules = [rule({}, { operations: [{ kind: 'set-local-pref', value: 400 }] })];
    expect(ask({ kind: 'none', rules }, '10.1.0.0/16', LOCAL, ibgp)).toBe('10.0.0.1 pref 400');
    expect(ask({ kind: 'none', rules }, '10.1.0.0/16', LOCAL, ebgp)).toBe('10.0.0.1 path 64512');
  });

  test('a rule for learned routes leaves ours alone', () => {
    const rules = [rule({ source: 'RemotePeers' }, { action: 'reject' })];
    expect([LOCAL, FROM_OUTSIDE].map((of) => ask({ kind: 'all', rules }, '10.1.0.0/16', of))).toEqual([
      '10.0.0.1 path 64512',
      'nothing',
    ]);
  });

  test('the same path gives the same object, whichever way it is asked', () => {
    const rules = [
      rule(within('10.0.0.0/8')),
      rule(within('11.0.0.0/8'), { operations: [{ kind: 'prepend-as-path', asns: [9] }] }),
    ];
    const exporter = makeExporter({ ...ebgp, export: { kind: 'all', rules } }, speaker);
    const general = exporter.path(FROM_OUTSIDE);
    const one = (text: string): Outbound | undefined => exporter.prefix(prefix(text), FROM_OUTSIDE, general);
    expect(general).toBeDefined();
    expect(exporter.path(FROM_OUTSIDE)).toBe(general);
    expect([one('10.1.0.0/16'), one('12.0.0.0/8')]).toEqual([general, general]);
    expect(one('10.1.0.0/16')).toBe(general);
    expect(one('11.1.0.0/16')).toBe(one('11.2.0.0/16'));
    expect(one('11.1.0.0/16')).not.toBe(general);
  });

  test('prefixes are asked for only where a rule looks at them', () => {
    const perPrefix = (...rules: readonly FilterRule[]): boolean =>
      makeExporter({ ...ebgp, export: { kind: 'all', rules } }, speaker).perPrefix;
    expect([perPrefix(), perPrefix(rule({})), perPrefix(rule(within('10.0.0.0/8')))]).toEqual([
      false,
      false,
      true,
    ]);
  });
});

describe('what this node originates', () => {
  const originated = [
    { prefix: prefix('10.244.1.0/24') },
    {
      prefix: prefix('10.244.9.0/24'),
      communities: [5],
      largeCommunities: [{ global: 1, local1: 2, local2: 3 }],
    },
    {
      prefix: prefix('10.244.8.0/24'),
      communities: [5],
      largeCommunities: [{ global: 1, local1: 2, local2: 3 }],
    },
    { prefix: prefix('10.244.7.0/24'), communities: [5] },
    { prefix: prefix('fd00:244:1::/64') },
  ];
  const all = (peer: ExportPeer): readonly string[] =>
    [...announcements(originatedPaths(originated), makeExporter(peer, speaker))].map(
      ([text, outbound]) => `${text} ${show(outbound)}`,
    );

  test('is announced in both families, with its communities', () => {
    expect(all({ ...ebgp, export: { kind: 'originated' } })).toEqual([
      '10.244.1.0/24 10.0.0.1 path 64512',
      '10.244.9.0/24 10.0.0.1 path 64512 0:5',
      '10.244.8.0/24 10.0.0.1 path 64512 0:5',
      '10.244.7.0/24 10.0.0.1 path 64512 0:5',
      'fd00:244:1::/64 fd00::1 path 64512',
    ]);
  });

  test('shares a path where the communities are the same', () => {
    const paths = originatedPaths(originated);
    const of = (text: string): Path | undefined => paths.get(prefix(text));
    expect(of('10.244.9.0/24')).toBe(of('10.244.8.0/24'));
    expect(new Set(paths.values()).size).toBe(4);
    expect(of('10.244.9.0/24')?.attributes.largeCommunities).toEqual([{ global: 1, local1: 2, local2: 3 }]);
  });

  test('is announced by prefix where rules ask for it', () => {
    const rules = [
      {
        name: 'r',
        family: 'ipv4-unicast' as const,
        match: { cidr: { prefix: prefix('10.244.1.0/24'), operator: 'Equal' as const } },
        action: 'accept' as const,
        operations: [],
      },
    ];
    expect(all({ ...ibgp, export: { kind: 'none', rules } })).toEqual(['10.244.1.0/24 10.0.0.1 pref 100']);
  });
});
