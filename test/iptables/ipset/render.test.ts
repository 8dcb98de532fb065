import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SetIntent } from '../../../src/iptables/ipset/model.ts';
import { parseNames, parseSet } from '../../../src/iptables/ipset/parse-save.ts';
import { MAX_MEMBERS, planSet } from '../../../src/iptables/ipset/render.ts';
import { type Address, address, addressFromBigInt } from '../../../src/net/address.ts';
import { type Prefix, prefix } from '../../../src/net/prefix.ts';

const nets = (...members: string[]): SetIntent => ({
  name: 'gry4-n',
  type: 'hash:net',
  family: 4,
  members: members.map(prefix),
  reason: 'test',
});
const nets6 = (...members: string[]): SetIntent => ({
  name: 'gry6-n',
  type: 'hash:net',
  family: 6,
  members: members.map(prefix),
  reason: 'test',
});
const hosts = (...members: string[]): SetIntent => ({
  name: 'gry4-h',
  type: 'hash:ip',
  family: 4,
  members: members.map(address),
  reason: 'test',
});
const hosts6 = (...members: string[]): SetIntent => ({
  name: 'gry6-h',
  type: 'hash:ip',
  family: 6,
  members: members.map(address),
  reason: 'test',
});

/** As `ipset save` prints a set that ipset 7 made. */
const saved = (set: SetIntent, members: readonly string[], options = `maxelem ${MAX_MEMBERS}`) =>
  parseSet(
    [
      `create ${set.name} ${set.type} family ${set.family === 4 ? 'inet' : 'inet6'} hashsize 1024 ${options} bucketsize 12 initval 0x9bd292c6`,
      ...members.map((m) => `add ${set.name} ${m}`),
      '',
    ].join('\n'),
  );

describe('planSet', () => {
  test.each<[string, SetIntent, string[]]>([
    [
      'networks',
      nets('10.0.0.0/8', '10.1.0.0/16'),
      [
        'create gry4-n hash:net family inet maxelem 1048576',
        'add gry4-n 10.0.0.0/8',
        'add gry4-n 10.1.0.0/16',
      ],
    ],
    [
      'addresses',
      hosts6('2001:db8::1'),
      ['create gry6-h hash:ip family inet6 maxelem 1048576', 'add gry6-h 2001:db8::1'],
    ],
    ['nothing in it', hosts(), ['create gry4-h hash:ip family inet maxelem 1048576']],
    [
      'the whole of IPv4, which hash:net takes in halves only',
      nets('0.0.0.0/0'),
      [
        'create gry4-n hash:net family inet maxelem 1048576',
        'add gry4-n 0.0.0.0/1',
        'add gry4-n 128.0.0.0/1',
      ],
    ],
    [
      'the whole of IPv6',
      nets6('::/0'),
      ['create gry6-n hash:net family inet6 maxelem 1048576', 'add gry6-n ::/1', 'add gry6-n 8000::/1'],
    ],
  ])('makes a set with %s', (_, set, lines) => {
    expect(planSet(set, undefined)).toEqual(lines);
  });

  test.each<[string, SetIntent, string[], string[]]>([
    ['equal', nets('10.0.0.0/8'), ['10.0.0.0/8'], []],
    ['a host network, printed as an address', nets('10.0.0.1/32'), ['10.0.0.1'], []],
    [
      'IPv6 as the C library prints it',
      hosts6('::102:304', '::ffff:1.2.3.4'),
      ['::1.2.3.4', '::ffff:1.2.3.4'],
      [],
    ],
    ['IPv6 networks likewise', nets6('::102:0/112', '::102:304/128'), ['::1.2.0.0/112', '::1.2.3.4'], []],
    ['one missing', hosts('10.0.0.1', '10.0.0.2'), ['10.0.0.1'], ['add gry4-h 10.0.0.2']],
    ['one too many', hosts('10.0.0.1'), ['10.0.0.2', '10.0.0.1'], ['del gry4-h 10.0.0.2']],
    [
      'exchanged: comes before it goes',
      hosts('10.0.0.1'),
      ['10.0.0.2'],
      ['add gry4-h 10.0.0.1', 'del gry4-h 10.0.0.2'],
    ],
    ['members with options', hosts('10.0.0.1'), ['10.0.0.1 comment "x"'], []],
    [
      'an exception of somebody else',
      nets('10.0.0.0/8'),
      ['10.0.0.0/8', '10.1.0.0/16 nomatch'],
      ['del gry4-n 10.1.0.0/16'],
    ],
  ])('difference: %s', (_, set, members, lines) => {
    expect(planSet(set, saved(set, members))).toEqual(lines);
  });

  test('another size limit: filled aside and swapped, with room for the name', () => {
    const set = { ...hosts('10.0.0.1'), name: `gry4-${'x'.repeat(24)}` };
    const aside = `${set.name}-t`;
    expect(aside).toHaveLength(31);
    expect(planSet(set, saved(set, ['10.0.0.1'], 'maxelem 65536'))).toEqual([
      `create ${aside} hash:ip family inet maxelem 1048576`,
      `flush ${aside}`,
      `add ${aside} 10.0.0.1`,
      `swap ${aside} ${set.name}`,
      `destroy ${aside}`,
    ]);
  });

  test('another type: made anew', () => {
    expect(planSet(hosts('10.0.0.1'), saved({ ...nets(), name: 'gry4-h' }, []))).toEqual([
      'destroy gry4-h',
      'create gry4-h hash:ip family inet maxelem 1048576',
      'add gry4-h 10.0.0.1',
    ]);
  });

  test.each<[string, SetIntent, string]>([
    ['a foreign name', { ...hosts(), name: 'cali40x' }, 'GRY_IPTABLES_NAME'],
    [
      'a line break',
      { ...hosts(), members: ['10.0.0.1\ndestroy x' as Address] } as SetIntent,
      'GRY_IPSET_MEMBER',
    ],
    [
      'words after a network',
      { ...nets(), members: ['10.0.0.0/8 nomatch' as Prefix] } as SetIntent,
      'GRY_IPSET_MEMBER',
    ],
    [
      'more than fit',
      {
        ...hosts(),
        members: Array.from({ length: MAX_MEMBERS + 1 }, (_, i) => addressFromBigInt(BigInt(i), 4)),
      } as SetIntent,
      'GRY_IPSET_FULL',
    ],
  ])('refuses %s', (_, set, code) => {
    expect(() => planSet(set, undefined)).toThrow(expect.objectContaining({ code }));
  });

  test('what the lines make of the old members is the new members', () => {
    const member = fc.nat(40).map((n) => `10.0.0.${n}`);
    fc.assert(
      fc.property(fc.uniqueArray(member), fc.uniqueArray(member), (before, after) => {
        const set = new Set(before);
        for (const line of planSet(hosts(...after), saved(hosts(), before))) {
          const [verb, , value = ''] = line.split(' ');
          if (verb === 'add') set.add(value);
          else set.delete(value);
        }
        expect([...set].sort()).toEqual([...after].sort());
      }),
    );
  });
});

describe('parseSet', () => {
  test.each([
    ['nothing', ''],
    ['an add without its set', 'add gry4-a 10.0.0.1\n'],
  ])('%s is no set', (_, text) => {
    expect(parseSet(text)).toBeUndefined();
  });

  test('of an older ipset, without a limit', () => {
    expect(parseSet('create gry6-a hash:ip family inet6\nadd gry6-a ::1\nadd other ::2\n')).toEqual({
      name: 'gry6-a',
      type: 'hash:ip',
      family: 6,
      maxMembers: 0,
      members: ['::1'],
    });
  });
});

test('parseNames', () => {
  expect(parseNames('KUBE-CLUSTER-IP\ngry4-a\n')).toEqual(['KUBE-CLUSTER-IP', 'gry4-a']);
});
