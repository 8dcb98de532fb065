import { describe, expect, test } from 'vitest';
import type { ImportPolicy, Role } from '../../../src/bgp/config.ts';
import type { FilterMatch, FilterRule } from '../../../src/bgp/filter.ts';
import {
  type ImportPeer,
  makeImporter,
  type Rejection,
  type Self,
} from '../../../src/bgp/rib/import-policy.ts';
import { makePath, type Path, type PathSource } from '../../../src/bgp/rib/path.ts';
import type { AsPath } from '../../../src/bgp/wire/as-path.ts';
import type { PathAttributes } from '../../../src/bgp/wire/attributes/attributes.ts';
import { WELL_KNOWN_COMMUNITIES } from '../../../src/bgp/wire/communities.ts';
import { address } from '../../../src/net/address.ts';
import { prefix } from '../../../src/net/prefix.ts';
import { external, internal, path } from './paths.ts';

const AS = 64512;
const self: Self = {
  routerID: address('192.0.2.1'),
  asNumbers: new Set([AS, 64600]),
  addresses: new Set(['198.51.100.1', '2001:db8::1'].map(address)),
  originated: new Set(),
};
/** Without prefixes of its own, so that the path alone decides. */
const all: ImportPolicy = { kind: 'all' };
const ebgp: ImportPeer = { localAS: AS, remoteAS: 7 };
const ibgp: ImportPeer = { localAS: AS, remoteAS: AS };
const well = WELL_KNOWN_COMMUNITIES;

const judge = (
  path: Path,
  peer: ImportPeer = path.source.kind === 'internal' ? ibgp : ebgp,
  of = self,
): Path | Rejection => makeImporter(all, peer, of).path(path);
const withPath = (asPath: AsPath, overrides: Partial<PathAttributes> = {}): Path =>
  makePath(external(9), { origin: 'igp', asPath, ...overrides }, address('192.0.2.9'));

describe('a path is refused', () => {
  const twice = path(external(9), [7, AS, 8, AS]);
  const rows: readonly (readonly [string, Path, ImportPeer, Rejection | 'taken'])[] = [
    // RFC 4271 §9.1.2.
    ['our AS', path(external(9), [7, AS]), ebgp, 'own AS in the AS path'],
    ['an AS that we use elsewhere', path(external(9), [7, 64600]), ebgp, 'own AS in the AS path'],
    ['our AS inside', path(internal(9), [7, AS]), ibgp, 'own AS in the AS path'],
    [
      'our AS in a set',
      withPath([
        { kind: 'sequence', asns: [7] },
        { kind: 'set', asns: [8, AS] },
      ]),
      ebgp,
      'own AS in the AS path',
    ],
    ['our AS twice, once allowed', twice, { ...ebgp, allowedOwnAS: 1 }, 'own AS in the AS path'],
    ['our AS twice, twice allowed', twice, { ...ebgp, allowedOwnAS: 2 }, 'taken'],
    // RFC 4456 §8.
    [
      'our router ID',
      path(internal(9), [], { originatorID: self.routerID }),
      ibgp,
      'this node is its originator',
    ],
    [
      'our cluster',
      path(internal(9), [], { clusterList: ['192.0.2.8', '192.0.2.1'].map(address) }),
      ibgp,
      'this node is in its cluster list',
    ],
    ['another cluster', path(internal(9), [], { clusterList: [address('192.0.2.8')] }), ibgp, 'taken'],
    ['our router ID from outside', path(external(9), [7], { originatorID: self.routerID }), ebgp, 'taken'],
    // RFC 4271 §5.1.3, §6.3; RFC 2545 §3.
    ['our address', path(external(9), [7], {}, address('198.51.100.1')), ebgp, 'its next hop is this node'],
    [
      'our other address',
      path(internal(9), [], {}, address('2001:db8::1')),
      ibgp,
      'its next hop is this node',
    ],
    ['a link-local one', path(external(9), [7], {}, address('fe80::9')), ebgp, 'its next hop is link-local'],
    // RFC 4271 §6.3.
    ['another first AS', path(external(9), [8, 7]), ebgp, "its AS path does not begin with the peer's AS"],
    ['no AS', path(external(9), []), ebgp, "its AS path does not begin with the peer's AS"],
    [
      'a set in front',
      withPath([{ kind: 'set', asns: [7] }]),
      ebgp,
      "its AS path does not begin with the peer's AS",
    ],
    // RFC 7947 §2.2.2.1.
    [
      'any first AS of a route server',
      path(external(9), [8]),
      { ...ebgp, role: 'route-server-client' },
      'taken',
    ],
    ['any first AS inside', path(internal(9), [8]), ibgp, 'taken'],
    // RFC 7999 §3.3.
    [
      'a blackhole',
      path(external(9), [7], { communities: [well.blackhole] }),
      ebgp,
      'it asks for a blackhole',
    ],
    [
      'a blackhole inside',
      path(internal(9), [], { communities: [well.blackhole] }),
      ibgp,
      'it asks for a blackhole',
    ],
  ];
  test.each(rows)('with %s', (_, of, peer, expected) => {
    const judged = judge(of, peer);
    expect(typeof judged === 'string' ? judged : 'taken').toBe(expected);
  });

  test('with our cluster, where we have one that is not our router ID', () => {
    const reflector = { ...self, clusterID: address('10.9.9.9') };
    const inCluster = (id: string): Path => path(internal(9), [], { clusterList: [address(id)] });
    expect(judge(inCluster('10.9.9.9'), ibgp, reflector)).toBe('this node is in its cluster list');
    expect(judge(inCluster('192.0.2.1'), ibgp, reflector)).toMatchObject({ localPref: 100 });
  });
});

describe('roles (RFC 9234 §5, ingress)', () => {
  const LEAK = 'a route leak: it was meant for customers only';
  // Our role; what becomes of a route without OTC, with the peer's, with somebody else's.
  const rows: readonly (readonly [Role | undefined, number | undefined, number | string, number | string])[] =
    [
      [undefined, undefined, 7, 8],
      ['provider', undefined, LEAK, LEAK],
      ['route-server', undefined, LEAK, LEAK],
      ['peer', 7, 7, LEAK],
      ['customer', 7, 7, 8],
      ['route-server-client', 7, 7, 8],
    ];
  test.each(rows)('we are its %s', (role, without, ofPeer, ofOther) => {
    const peer: ImportPeer = role === undefined ? ebgp : { ...ebgp, role };
    const marker = (onlyToCustomer: number | undefined): unknown => {
      const judged = judge(
        path(external(9), [7], onlyToCustomer === undefined ? {} : { onlyToCustomer }),
        peer,
      );
      return typeof judged === 'string' ? judged : judged.attributes.onlyToCustomer;
    };
    expect([marker(undefined), marker(7), marker(8)]).toEqual([without, ofPeer, ofOther]);
  });

  test('mean nothing inside the AS', () => {
    const marked = path(internal(9), [7], { onlyToCustomer: 7 });
    expect(judge(marked, { ...ibgp, role: 'provider' })).toBe(marked);
  });
});

describe('a path is changed', () => {
  const drained = (source: PathSource): Path =>
    path(source, [7], { communities: [well['graceful-shutdown']], localPref: 300 });

  test('to the least preferred while its external peer is drained (RFC 8326 §4.1)', () => {
    expect(judge(drained(external(9)))).toMatchObject({ localPref: 0 });
    expect(judge(drained(internal(9)))).toMatchObject({ localPref: 300 });
  });

  test('into the same object every time, and not at all where nothing is to change', () => {
    const importer = makeImporter(all, ebgp, self);
    const changed = drained(external(9));
    expect(importer.path(changed)).toBe(importer.path(changed));
    const plain = path(external(9), [7]);
    expect(importer.path(plain)).toBe(plain);
  });
});

describe('prefixes', () => {
  const own: Self = { ...self, originated: new Set(['10.244.1.0/24', 'fd00:244:1::/64'].map(prefix)) };
  const route = path(external(9), [7]);
  const route6 = path(external(9), [7], {}, address('2001:db8::9'));
  const judged = (policy: ImportPolicy, text: string, of: Path = route, me = own, peer = ebgp): string => {
    const importer = makeImporter(policy, peer, me);
    const general = importer.path(of);
    const last = typeof general === 'string' ? general : importer.prefix(prefix(text), general);
    return typeof last === 'string' ? last : `taken ${last.localPref}`;
  };

  test.each([
    ['10.244.1.0/24', route, 'this node originates the prefix'],
    ['10.244.1.128/25', route, 'it lies inside a prefix of this node'],
    ['10.244.1.7/32', route, 'it lies inside a prefix of this node'],
    ['fd00:244:1::7/128', route6, 'it lies inside a prefix of this node'],
    ['10.244.2.0/24', route, 'taken 100'],
    ['10.244.0.0/16', route, 'taken 100'],
    ['0.0.0.0/0', route, 'taken 100'],
    ['::/0', route6, 'taken 100'],
  ])('%s', (text, of, expected) => {
    expect(judged(all, text, of)).toBe(expected);
  });

  test('of this node are refused although they are not announced, and although a rule would take them', () => {
    const quiet: Self = { ...self, localPrefixes: [prefix('10.244.1.0/24')] };
    const policy: ImportPolicy = { kind: 'none', rules: [rule({}, { action: 'accept' })] };
    expect(judged(policy, '10.244.1.0/24', route, quiet)).toBe('it lies inside a prefix of this node');
    expect(judged(policy, '10.244.2.0/24', route, quiet)).toBe('taken 100');
  });

  describe('without rules', () => {
    const exactly: ImportPolicy = { kind: 'exactly', prefixes: ['10.244.2.0/24'].map(prefix) };
    const nodes: ImportPolicy = {
      kind: 'originators',
      nodes: [
        { routerID: address('10.0.0.2'), prefixes: [prefix('10.244.2.0/24')] },
        { routerID: address('192.0.2.9'), prefixes: [prefix('10.244.9.0/24')] },
      ],
    };
    const reflected = path(internal(9), [], { originatorID: address('10.0.0.2') });
    const direct = path(internal(9), []);
    const FILTERED = 'filtered by import policy';
    test.each<readonly [string, ImportPolicy, Path, string, string]>([
      ['nothing', { kind: 'none' }, route, '10.244.2.0/24', FILTERED],
      ['everything', all, route, '10.244.2.0/24', 'taken 100'],
      ['exactly these', exactly, route, '10.244.2.0/24', 'taken 100'],
      ['not inside of them', exactly, route, '10.244.2.0/25', FILTERED],
      ['not around them', exactly, route, '10.244.0.0/16', FILTERED],
      ["an originator's own", nodes, reflected, '10.244.2.0/24', 'taken 100'],
      ["not another's, which is the reflector", nodes, reflected, '10.244.9.0/24', FILTERED],
      ["the reflector's own", nodes, direct, '10.244.9.0/24', 'taken 100'],
      ["not another's of the reflector", nodes, direct, '10.244.2.0/24', FILTERED],
      ['not of an unknown originator', nodes, path(internal(8), []), '10.244.2.0/24', FILTERED],
    ])('%s', (_, policy, of, text, expected) => {
      expect(judged(policy, text, of, own, of.source.kind === 'internal' ? ibgp : ebgp)).toBe(expected);
    });
  });

  describe('rules', () => {
    const rules: readonly FilterRule[] = [
      rule(
        { cidr: { prefix: prefix('10.1.0.0/16'), operator: 'In' } },
        { name: 'BGPFilter corp importV4[0]', action: 'reject' },
      ),
      rule(
        { cidr: { prefix: prefix('10.0.0.0/8'), operator: 'In' } },
        { operations: [{ kind: 'set-local-pref', value: 300 }] },
      ),
    ];
    const policy: ImportPolicy = {
      kind: 'exactly',
      prefixes: ['10.1.0.0/16', '11.0.0.0/8'].map(prefix),
      rules,
    };

    test.each([
      ['10.1.0.0/16', 'BGPFilter corp importV4[0] rejects it'],
      ['10.2.0.0/16', 'taken 300'],
      ['11.0.0.0/8', 'taken 100'],
      ['12.0.0.0/8', 'filtered by import policy'],
    ])('come before the default: %s', (text, expected) => {
      expect(judged(policy, text)).toBe(expected);
    });

    test('do not take a loop or a leak', () => {
      expect(judged(policy, '10.2.0.0/16', path(external(9), [7, AS]))).toBe('own AS in the AS path');
      const leak = path(external(9), [7], { onlyToCustomer: 7 });
      expect(judged(policy, '10.2.0.0/16', leak, own, { ...ebgp, role: 'provider' })).toMatch(
        /^a route leak/,
      );
    });

    test('do not make a peer attractive that is being drained', () => {
      expect(
        judged(policy, '10.2.0.0/16', path(external(9), [7], { communities: [well['graceful-shutdown']] })),
      ).toBe('taken 0');
    });

    test('see what was attached on the way in', () => {
      const marked = rule(
        { communities: [{ kind: 'standard', value: well['no-export'] }] },
        { action: 'reject', name: 'r' },
      );
      const hole = path(external(9), [7], { communities: [well.blackhole] });
      expect(judged({ kind: 'all', rules: [marked] }, '10.2.0.0/16', hole)).toBe('r rejects it');
    });

    test('take a blackhole, which then stays in our AS (RFC 7999 §3.2)', () => {
      const importer = makeImporter({ kind: 'none', rules: [rule({})] }, ebgp, self);
      expect(importer.perPrefix).toBe(false);
      const take = (...communities: readonly number[]): unknown => {
        const judged = importer.path(
          path(external(9), [7], { communities: [well.blackhole, ...communities] }),
        );
        return typeof judged === 'string' ? judged : judged.attributes.communities;
      };
      expect(take()).toEqual([well.blackhole, well['no-export']]);
      expect(take(well['no-advertise'])).toEqual([well.blackhole, well['no-advertise']]);
    });

    test('give one object for one path', () => {
      const importer = makeImporter(policy, ebgp, own);
      expect(importer.prefix(prefix('10.2.0.0/16'), route)).toBe(
        importer.prefix(prefix('10.3.0.0/16'), route),
      );
    });
  });

  test.each<readonly [string, ImportPolicy, Self, boolean]>([
    ['everything is taken', all, self, false],
    ['nothing is', { kind: 'none' }, self, false],
    ['rules look at the path only', { kind: 'none', rules: [rule({ asPathPrefix: [7] })] }, self, false],
    ['rules look at it', { kind: 'none', rules: [rule({ prefixLength: { max: 24 } })] }, self, true],
    ['there is a list', { kind: 'exactly', prefixes: [] }, self, true],
    ['there are originators', { kind: 'originators', nodes: [] }, self, true],
    ['some are ours', all, own, true],
    ['one is announced, though it is not local', all, { ...own, localPrefixes: [] }, true],
  ])('are asked for or not where %s', (_, policy, me, expected) => {
    expect(makeImporter(policy, ebgp, me).perPrefix).toBe(expected);
  });
});

function rule(match: FilterMatch, overrides: Partial<FilterRule> = {}): FilterRule {
  return { name: 'a rule', family: 'ipv4-unicast', match, action: 'accept', operations: [], ...overrides };
}
