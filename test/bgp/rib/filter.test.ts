import { describe, expect, test } from 'vitest';
import type { FilterCommunity, FilterMatch, FilterOperation, FilterRule } from '../../../src/bgp/filter.ts';
import { compileFilter } from '../../../src/bgp/rib/filter.ts';
import { makePath, type Path } from '../../../src/bgp/rib/path.ts';
import { prefixBits } from '../../../src/bgp/rib/prefix-bits.ts';
import { asPathText } from '../../../src/bgp/wire/as-path.ts';
import { prefix } from '../../../src/net/prefix.ts';
import { external, internal, LOCAL, path } from './paths.ts';

const rule = (
  match: FilterMatch,
  operations: readonly FilterOperation[] = [],
  overrides: Partial<FilterRule> = {},
): FilterRule => ({
  name: 'the rule',
  family: 'ipv4-unicast',
  match,
  action: 'accept',
  operations,
  ...overrides,
});

const cidr = (text: string, operator: NonNullable<FilterMatch['cidr']>['operator']): FilterMatch => ({
  cidr: { prefix: prefix(text), operator },
});
const standard = (value: number): FilterCommunity => ({ kind: 'standard', value });
const large = (global: number, local1: number, local2: number): FilterCommunity => ({
  kind: 'large',
  value: { global, local1, local2 },
});

const learned = path(external(9, { link: 'eth0.20' }), [65001, 65002], {
  communities: [0xfde80001],
  largeCommunities: [{ global: 64512, local1: 1, local2: 2 }],
});

const matches = (match: FilterMatch, route: string, of: Path = learned): boolean =>
  compileFilter([rule(match)], 'eBGP').find(prefixBits(prefix(route)), of) !== undefined;

describe('cidr', () => {
  // Operator by operator, against 10.0.0.0/8 and routes that equal it, lie inside, around and outside of it.
  const routes = ['10.0.0.0/8', '10.1.0.0/16', '10.1.2.3/32', '0.0.0.0/0', '11.0.0.0/8'] as const;
  test.each([
    ['Equal', [true, false, false, false, false]],
    ['NotEqual', [false, true, true, true, true]],
    ['In', [true, true, true, false, false]],
    ['NotIn', [false, false, false, true, true]],
  ] as const)('%s', (operator, expected) => {
    expect(routes.map((route) => matches(cidr('10.0.0.0/8', operator), route))).toEqual(expected);
  });

  // Calico compares with the set [ 10.0.0.0/8{16,24} ]: the bounds belong to what is negated.
  const lengths = ['10.0.0.0/8', '10.1.0.0/16', '10.1.1.0/24', '10.1.1.0/25', '11.1.0.0/16'] as const;
  test.each([
    ['In', { min: 16, max: 24 }, [false, true, true, false, false]],
    ['In', { min: 16 }, [false, true, true, true, false]],
    ['In', { max: 16 }, [true, true, false, false, false]],
    ['NotIn', { min: 16, max: 24 }, [true, false, false, true, true]],
    ['Equal', { min: 16 }, [false, false, false, false, false]],
    ['Equal', { max: 8 }, [true, false, false, false, false]],
    ['NotEqual', { min: 16 }, [true, true, true, true, true]],
  ] as const)('%s with prefix lengths %o', (operator, prefixLength, expected) => {
    const match = { ...cidr('10.0.0.0/8', operator), prefixLength };
    expect(lengths.map((route) => matches(match, route))).toEqual(expected);
  });

  test('prefix lengths alone', () => {
    const match = { prefixLength: { min: 24, max: 28 } };
    expect(
      ['10.0.0.0/23', '10.0.0.0/24', '10.0.0.0/28', '10.0.0.0/29'].map((r) => matches(match, r)),
    ).toEqual([false, true, true, false]);
  });
});

describe('the path', () => {
  const route = '10.1.0.0/16';
  const split = makePath(external(9), {
    origin: 'igp',
    asPath: [
      { kind: 'sequence', asns: [65001] },
      { kind: 'sequence', asns: [65002] },
      { kind: 'set', asns: [65003] },
    ],
  });
  const unlinked = path(external(9), [65001]);

  test.each<readonly [string, FilterMatch, Path, boolean]>([
    ['nothing asked', {}, learned, true],
    ['source: learned', { source: 'RemotePeers' }, learned, true],
    ['source: learned inside', { source: 'RemotePeers' }, path(internal(9), []), true],
    ['source: ours', { source: 'RemotePeers' }, LOCAL, false],
    ['AS path: all of it', { asPathPrefix: [65001, 65002] }, learned, true],
    ['AS path: its first', { asPathPrefix: [65001] }, learned, true],
    ['AS path: nothing', { asPathPrefix: [] }, learned, true],
    ['AS path: a later one', { asPathPrefix: [65002] }, learned, false],
    ['AS path: longer', { asPathPrefix: [65001, 65002, 65003] }, learned, false],
    ['AS path: of an empty one', { asPathPrefix: [65001] }, LOCAL, false],
    ['AS path: over two segments', { asPathPrefix: [65001, 65002] }, split, true],
    ['AS path: not into a set', { asPathPrefix: [65001, 65002, 65003] }, split, false],
    ['community', { communities: [standard(0xfde80001)] }, learned, true],
    ['community: another', { communities: [standard(0xfde80002)] }, learned, false],
    ['community: none there', { communities: [standard(0xfde80001)] }, LOCAL, false],
    ['large community', { communities: [large(64512, 1, 2)] }, learned, true],
    ['large community: another', { communities: [large(64512, 1, 3)] }, learned, false],
    ['communities: all', { communities: [standard(0xfde80001), large(64512, 1, 2)] }, learned, true],
    ['communities: not all', { communities: [standard(0xfde80001), large(64512, 9, 2)] }, learned, false],
    ['interface', { interface: 'eth0.20' }, learned, true],
    ['interface: a dot is a dot', { interface: 'eth0x20' }, learned, false],
    ['interface: a dot in the rule too', { interface: 'eth..20' }, learned, false],
    ['interface: glob', { interface: 'eth*' }, learned, true],
    ['interface: glob inside', { interface: 'e*.2*' }, learned, true],
    ['interface: glob for nothing', { interface: '*eth0.20*' }, learned, true],
    ['interface: the whole name', { interface: 'eth0' }, learned, false],
    ['interface: unknown', { interface: '*' }, unlinked, false],
    ['interface: ours', { interface: '*' }, LOCAL, false],
    [
      'everything at once',
      { ...cidr('10.0.0.0/8', 'In'), source: 'RemotePeers', interface: 'eth*' },
      learned,
      true,
    ],
    [
      'all but one',
      { ...cidr('11.0.0.0/8', 'In'), source: 'RemotePeers', interface: 'eth*' },
      learned,
      false,
    ],
  ])('%s', (_, match, of, expected) => {
    expect(matches(match, route, of)).toBe(expected);
  });
});

describe('rules', () => {
  const find = (rules: readonly FilterRule[], route: string, of = learned, type: 'eBGP' | 'iBGP' = 'eBGP') =>
    compileFilter(rules, type).find(prefixBits(prefix(route)), of)?.name;
  const named = (name: string, match: FilterMatch, overrides: Partial<FilterRule> = {}): FilterRule =>
    rule(match, [], { name, ...overrides });

  test('the first that matches decides, over all filters', () => {
    const rules = [
      named('a[0]', cidr('10.1.0.0/16', 'In'), { action: 'reject' }),
      named('a[1]', cidr('10.0.0.0/8', 'In')),
      named('b[0]', cidr('10.1.0.0/16', 'In')),
      named('b[1]', {}, { action: 'reject' }),
    ];
    expect(['10.1.2.0/24', '10.2.0.0/16', '11.0.0.0/8'].map((r) => find(rules, r))).toEqual([
      'a[0]',
      'a[1]',
      'b[1]',
    ]);
    expect(find(rules.slice(0, 3), '11.0.0.0/8')).toBeUndefined();
  });

  test('those of the other family are not asked', () => {
    const rules = [named('v6', {}, { family: 'ipv6-unicast' }), named('v4', {})];
    expect(find(rules, '10.0.0.0/8')).toBe('v4');
    expect(find(rules, 'fd00::/64', path(external(9), [7], {}, undefined, 'ipv6-unicast'))).toBe('v6');
  });

  test('those of the other kind of peer are not asked', () => {
    const rules = [named('inside', { peerType: 'iBGP' }), named('outside', { peerType: 'eBGP' })];
    expect(find(rules, '10.0.0.0/8', learned, 'eBGP')).toBe('outside');
    expect(find(rules, '10.0.0.0/8', learned, 'iBGP')).toBe('inside');
  });

  test.each([
    ['no rule', [], false],
    ['a community', [rule({ communities: [standard(1)] })], false],
    ['a CIDR', [rule({}), rule(cidr('10.0.0.0/8', 'In'))], true],
    ['a length', [rule({ prefixLength: { max: 24 } })], true],
    ['a CIDR for other peers', [rule({ ...cidr('10.0.0.0/8', 'In'), peerType: 'iBGP' })], false],
  ] as const)('%s: looks at the prefix or not', (_, rules, expected) => {
    expect(compileFilter(rules, 'eBGP').perPrefix).toBe(expected);
  });
});

describe('operations', () => {
  const revise = (operations: readonly FilterOperation[], of: Path): Path | undefined =>
    compileFilter([rule({}, operations)], 'eBGP')
      .find(prefixBits(prefix('10.0.0.0/8')), of)
      ?.revise(of);
  const GSHUT = 0xffff0000;

  test('add communities, each once, behind those that are there', () => {
    const made = revise(
      [standard(5), standard(0xfde80001), large(1, 2, 3), large(64512, 1, 2)].map((community) => ({
        kind: 'add-community',
        community,
      })),
      learned,
    );
    expect(made?.attributes.communities).toEqual([0xfde80001, 5]);
    expect(made?.attributes.largeCommunities).toEqual([
      { global: 64512, local1: 1, local2: 2 },
      { global: 1, local1: 2, local2: 3 },
    ]);
    expect(
      revise([{ kind: 'add-community', community: standard(5) }], LOCAL)?.attributes.communities,
    ).toEqual([5]);
  });

  test('prepend ASes, so that the path begins with them as they are listed', () => {
    const made = revise([{ kind: 'prepend-as-path', asns: [65009, 65008] }], learned);
    expect(asPathText(made?.attributes.asPath ?? [])).toBe('65009 65008 65001 65002');
    expect([made?.asPathLength, made?.neighborAS]).toEqual([4, 65009]);
  });

  test('set LOCAL_PREF, of an external path too', () => {
    expect(revise([{ kind: 'set-local-pref', value: 400 }], learned)?.localPref).toBe(400);
    expect(revise([{ kind: 'set-local-pref', value: 400 }], path(internal(9), []))?.localPref).toBe(400);
  });

  test('do not make a router attractive that is being drained', () => {
    const drained = path(internal(9), [], { localPref: 0, communities: [GSHUT] });
    expect(revise([{ kind: 'set-local-pref', value: 400 }], drained)?.localPref).toBe(0);
  });

  test('are carried out in their order, and what one did is kept by the next', () => {
    const made = revise(
      [
        { kind: 'set-local-pref', value: 300 },
        { kind: 'prepend-as-path', asns: [65009] },
        { kind: 'set-local-pref', value: 200 },
        { kind: 'add-community', community: standard(7) },
      ],
      learned,
    );
    expect([made?.localPref, made?.asPathLength, made?.attributes.communities]).toEqual([
      200,
      3,
      [0xfde80001, 7],
    ]);
  });

  test('give the same object for the same path, and the path itself where there are none', () => {
    const filter = compileFilter([rule({}, [{ kind: 'set-local-pref', value: 1 }])], 'eBGP');
    const found = filter.find(prefixBits(prefix('10.0.0.0/8')), learned);
    expect(found?.revise(learned)).toBe(found?.revise(learned));
    expect(found?.revise(learned)).not.toBe(learned);
    expect(revise([], learned)).toBe(learned);
  });
});
