import { describe, expect, test } from 'vitest';
import type { Match, TableIntent, Target } from '../../src/iptables/model.ts';
import { renderTable } from '../../src/iptables/render.ts';
import { type Prefix, prefix } from '../../src/net/prefix.ts';
import { accept, filterTable, forwardJump, natTable } from './intents.ts';

const rule = (matches: readonly Match[], target: Target = { kind: 'accept' }, reason = 'why') =>
  filterTable({ matches, target, reason });
const only = (table: TableIntent): string =>
  (renderTable(table).chains.get('GRY-FORWARD')?.[0]?.spec ?? '').replace(/gry:\S{16}/, 'gry:HASH');
const why = '-m comment --comment "gry:HASH why"';

describe('renderTable', () => {
  test.each<[Match, string, string]>([
    [{ kind: 'in-interface', name: 'gryp+' }, '-i gryp+', '! -i gryp+'],
    [{ kind: 'out-interface', name: 'eth0.5' }, '-o eth0.5', '! -o eth0.5'],
    [{ kind: 'source', prefix: prefix('10.0.0.0/8') }, '-s 10.0.0.0/8', '! -s 10.0.0.0/8'],
    [{ kind: 'destination', prefix: prefix('fd00::/8') }, '-d fd00::/8', '! -d fd00::/8'],
    [
      { kind: 'set', set: 'gry4-a', side: 'src' },
      '-m set --match-set gry4-a src',
      '-m set ! --match-set gry4-a src',
    ],
    [
      { kind: 'conntrack', states: ['NEW', 'DNAT'] },
      '-m conntrack --ctstate NEW,DNAT',
      '-m conntrack ! --ctstate NEW,DNAT',
    ],
    [{ kind: 'reverse-path' }, '-m rpfilter --validmark', '-m rpfilter --validmark --invert'],
  ])('match %j', (match, plain, negated) => {
    expect(only(rule([match]))).toBe(`${plain} ${why} -j ACCEPT`);
    expect(only(rule([{ ...match, negate: true }]))).toBe(`${negated} ${why} -j ACCEPT`);
  });

  test.each<[Target, string]>([
    [{ kind: 'accept' }, '-j ACCEPT'],
    [{ kind: 'drop' }, '-j DROP'],
    [{ kind: 'return' }, '-j RETURN'],
    [{ kind: 'masquerade' }, '-j MASQUERADE --random-fully'],
    [{ kind: 'jump', chain: 'GRY-FORWARD' }, '-j GRY-FORWARD'],
  ])('target %j', (target, words) => {
    expect(only(rule([], target))).toBe(`${why} ${words}`);
  });

  test('jumps are sorted by chain of the kernel and by end', () => {
    const table = natTable();
    const jumps = renderTable({
      ...table,
      jumps: [...table.jumps, { ...table.jumps[0]!, position: 'insert' }],
    }).jumps;
    expect(jumps.get('POSTROUTING')).toMatchObject({
      inserted: [
        { spec: expect.stringMatching(/^-m comment --comment "gry:\S{16} last" -j GRY-POSTROUTING$/) },
      ],
      appended: [{ spec: expect.stringMatching(/ -j GRY-POSTROUTING$/) }],
      after: new Set(['KUBE-POSTROUTING']),
    });
  });

  test('the hash covers everything that is written', () => {
    const variants = [
      filterTable(accept('a')),
      filterTable(accept('b')),
      filterTable({ ...accept('a'), reason: 'else' }),
      filterTable({ ...accept('a'), target: { kind: 'drop' } }),
    ];
    const hashes = variants.map((v) => renderTable(v).chains.get('GRY-FORWARD')?.[0]?.hash);
    expect(new Set(hashes).size).toBe(variants.length);
  });

  const injected = '0.0.0.0/0 -j ACCEPT\n-F INPUT\n' as Prefix;
  test.each<[string, TableIntent, string]>([
    ['a chain with another name', { chains: [{ name: 'INPUT', rules: [] }], jumps: [] }, 'GRY_IPTABLES_NAME'],
    ['a line break in an interface', rule([{ kind: 'in-interface', name: 'a\n-F' }]), 'GRY_IPTABLES_NAME'],
    ['a quote in a reason', rule([], { kind: 'drop' }, 'a" -j ACCEPT'), 'GRY_IPTABLES_NAME'],
    ['a foreign set', rule([{ kind: 'set', set: 'cali40x', side: 'src' }]), 'GRY_IPTABLES_NAME'],
    ['a prefix that is none', rule([{ kind: 'source', prefix: injected }]), 'GRY_IPTABLES_MODEL'],
    ['a jump to nowhere', { chains: [], jumps: [forwardJump] }, 'GRY_IPTABLES_MODEL'],
    ['a rule that leads nowhere', rule([], { kind: 'jump', chain: 'GRY-NONE' }), 'GRY_IPTABLES_MODEL'],
    [
      'a chain that comes twice',
      { chains: [...filterTable().chains, ...filterTable().chains], jumps: [] },
      'GRY_IPTABLES_MODEL',
    ],
  ])('refuses %s', (_, table, code) => {
    expect(() => renderTable(table)).toThrow(expect.objectContaining({ code }));
  });
});
