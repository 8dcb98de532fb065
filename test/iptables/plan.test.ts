import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { emptyFirewallIntent, type TableIntent, type TableName } from '../../src/iptables/model.ts';
import { parseSave } from '../../src/iptables/parse-save.ts';
import { planTable } from '../../src/iptables/plan.ts';
import { renderTable } from '../../src/iptables/render.ts';
import { FakeIptables } from '../support/fake-iptables.ts';
import { accept, anyFirewall, filterTable, forwardJump, natTable } from './intents.ts';

const empty: TableIntent = { chains: [], jumps: [] };

/** One table of a fake node: brings it to an intent and tells the lines that were needed. */
function node(table: TableName) {
  const fake = new FakeIptables();
  const plan = (wanted: TableIntent) =>
    planTable(renderTable(wanted), parseSave(fake.save('4-nft')).tables.get(table) ?? new Map());
  const write = (lines: readonly string[]) =>
    fake.restore('4-nft', `*${table}\n${lines.join('\n')}\nCOMMIT\n`);
  return {
    fake,
    plan,
    write,
    bring: (wanted: TableIntent): string[] => {
      const { lines } = plan(wanted);
      write(lines);
      expect(plan(wanted)).toEqual({ lines: [], changes: 0 });
      return lines.map((l) => l.replace(/-m comment --comment "gry:\S{16} [^"]*" /, ''));
    },
    chain: (name: string) =>
      fake
        .save('4-nft')
        .split('\n')
        .filter((l) => l.startsWith(`-A ${name} `))
        .map((l) => l.split(' ').at(-1)),
  };
}

const [a, b, c, x] = [accept('a+'), accept('b+'), accept('c+'), accept('x+')];

describe('planTable: chains of ours', () => {
  test.each<[string, TableIntent, string[]]>([
    ['the same', filterTable(a, b, c), []],
    ['one more at the end', filterTable(a, b, c, x), ['-A GRY-FORWARD -i x+ -j ACCEPT']],
    ['one fewer at the end', filterTable(a, b), ['-D GRY-FORWARD 3']],
    [
      'the second changed: the first keeps its counters',
      filterTable(a, x, c),
      [
        '-D GRY-FORWARD 2',
        '-D GRY-FORWARD 2',
        '-A GRY-FORWARD -i x+ -j ACCEPT',
        '-A GRY-FORWARD -i c+ -j ACCEPT',
      ],
    ],
    ['nothing', empty, ['-D FORWARD -j GRY-FORWARD', '-F GRY-FORWARD', '-X GRY-FORWARD']],
    [
      'a second chain, which the first uses',
      {
        chains: [
          { name: 'GRY-NEW', rules: [x] },
          { name: 'GRY-FORWARD', rules: [a, b, c, { ...x, target: { kind: 'jump', chain: 'GRY-NEW' } }] },
        ],
        jumps: [forwardJump],
      },
      [':GRY-NEW - [0:0]', '-A GRY-NEW -i x+ -j ACCEPT', '-A GRY-FORWARD -i x+ -j GRY-NEW'],
    ],
  ])('from three rules to %s', (_, wanted, lines) => {
    const it = node('filter');
    it.bring(filterTable(a, b, c));
    expect(it.bring(wanted)).toEqual(lines);
  });

  test.each<[string, string[]]>([
    ['emptied', ['-F GRY-FORWARD']],
    ['deleted with its jump', ['-F FORWARD', '-F GRY-FORWARD', '-X GRY-FORWARD']],
    ['one rule gone from the middle', ['-D GRY-FORWARD 2']],
    ['a rule of somebody else in front', ['-I GRY-FORWARD 1 -j DROP']],
    ['a rule of somebody else at the end', ['-A GRY-FORWARD -j DROP']],
    ['a copy of our jump', ['-A FORWARD -m comment --comment "gry:AAAAAAAAAAAAAAAA old" -j GRY-FORWARD']],
    [
      'a chain of an earlier version',
      [':GRY-OLD - [0:0]', '-A GRY-OLD -j RETURN', '-A FORWARD -m comment --comment "gry:x" -j GRY-OLD'],
    ],
  ])('%s by somebody: put right', (_, deed) => {
    const it = node('filter');
    it.bring(filterTable(a, b, c));
    const before = it.fake.save('4-nft');
    it.write(deed);
    expect(it.fake.save('4-nft')).not.toBe(before);
    it.bring(filterTable(a, b, c));
    expect(it.fake.save('4-nft')).toBe(before);
  });
});

describe('planTable: jumps among the rules of others', () => {
  const kube = [
    ':KUBE-POSTROUTING - [0:0]',
    '-I POSTROUTING 1 -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING',
  ];
  const kubeAtEnd = [':KUBE-POSTROUTING - [0:0]', '-A POSTROUTING -j KUBE-POSTROUTING'];
  const docker = (place: string) => [':DOCKER - [0:0]', `-${place} -j DOCKER`];

  test.each<[string, TableName, string, TableIntent, string[], string[]]>([
    [
      'an appended jump stays behind kube-proxy',
      'nat',
      'POSTROUTING',
      natTable(a),
      kube,
      ['KUBE-POSTROUTING', 'GRY-POSTROUTING'],
    ],
    [
      'and moves behind it',
      'nat',
      'POSTROUTING',
      natTable(a),
      kubeAtEnd,
      ['KUBE-POSTROUTING', 'GRY-POSTROUTING'],
    ],
    [
      'but lets others stand behind',
      'nat',
      'POSTROUTING',
      natTable(a),
      docker('A POSTROUTING'),
      ['GRY-POSTROUTING', 'DOCKER'],
    ],
    [
      'an inserted jump stays first',
      'filter',
      'FORWARD',
      filterTable(a),
      docker('A FORWARD'),
      ['GRY-FORWARD', 'DOCKER'],
    ],
    [
      'and goes back to the first place',
      'filter',
      'FORWARD',
      filterTable(a),
      docker('I FORWARD 1'),
      ['GRY-FORWARD', 'DOCKER'],
    ],
  ])('%s', (_, table, chain, wanted, deed, order) => {
    const it = node(table);
    it.bring(wanted);
    it.write(deed);
    it.bring(wanted);
    expect(it.chain(chain)).toEqual(order);
  });

  test('a rule of somebody else that mentions our chain in its comment is left alone', () => {
    const it = node('filter');
    it.write(['-A FORWARD -m comment --comment "like -j GRY-FORWARD" -j ACCEPT']);
    it.bring(filterTable(a));
    it.bring(empty);
    expect(it.chain('FORWARD')).toEqual(['ACCEPT']);
  });

  test('our jump is deleted by its words: a rule that came in meanwhile is not hit', () => {
    const it = node('filter');
    it.bring(filterTable(a));
    const { lines } = it.plan(empty);
    it.write(['-I FORWARD 1 -j DROP']);
    it.write(lines);
    expect(it.chain('FORWARD')).toEqual(['DROP']);
  });
});

test('a walk between any intents: every hash is found again, the rules of others stay as they were', () => {
  fc.assert(
    fc.property(fc.array(anyFirewall, { minLength: 1, maxLength: 5 }), (walk) => {
      for (const table of ['filter', 'nat'] as const) {
        const it = node(table);
        const chain = table === 'nat' ? 'POSTROUTING' : 'FORWARD';
        it.write([
          ':KUBE-POSTROUTING - [0:0]',
          `-A ${chain} -s 192.0.2.0/24 -j KUBE-POSTROUTING`,
          `-A ${chain} -j RETURN`,
        ]);
        const foreign = it.fake.save('4-nft');
        for (const intent of [...walk, emptyFirewallIntent]) {
          for (const set of intent.sets) it.fake.ipset.run(['restore'], `create ${set.name} ${set.type}\n`);
          it.bring(intent.rules[4][table] ?? empty);
          const theirs = it.fake
            .save('4-nft')
            .split('\n')
            .filter((l) => !/GRY-/.test(l))
            .join('\n');
          expect(theirs).toBe(foreign);
        }
      }
    }),
    { numRuns: 60 },
  );
});
