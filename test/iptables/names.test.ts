import { describe, expect, test } from 'vitest';
import { checked, isOurChain, isOurSet } from '../../src/iptables/names.ts';

describe('checked', () => {
  test.each<[Parameters<typeof checked>[0], readonly string[], readonly string[]]>([
    [
      'chain',
      ['GRY-A', `GRY-${'x'.repeat(24)}`, 'GRY-pol_0-9'],
      ['', 'GRY-', 'KUBE-A', `GRY-${'x'.repeat(25)}`, 'GRY-A B', 'GRY-A\n-F'],
    ],
    ['foreign chain', ['KUBE-POSTROUTING', 'x'.repeat(28)], ['', 'x'.repeat(29), 'a b', 'a"b']],
    [
      'set',
      ['gry4-a', `gry6-${'z'.repeat(24)}`],
      ['gry4-', 'gry5-a', 'gry4-A', `gry4-${'z'.repeat(25)}`, 'gry4-a\ndestroy x'],
    ],
    [
      'interface',
      ['gryp+', 'eth0.100', 'x'.repeat(15)],
      ['', '+', 'gryp++', 'x'.repeat(16), 'a b', 'a\nb', '-i'],
    ],
    [
      'reason',
      ['why, (so).', 'a'.repeat(200)],
      ['', 'a'.repeat(201), 'say "no"', "it's", 'a\\', 'a\nb', 'ä'],
    ],
  ])('%s', (kind, good, bad) => {
    for (const text of good) expect(checked(kind, text)).toBe(text);
    for (const text of bad)
      expect(() => checked(kind, text), JSON.stringify(text)).toThrow(
        expect.objectContaining({ code: 'GRY_IPTABLES_NAME' }),
      );
  });

  test('ours is known by its beginning', () => {
    expect(['GRY-A', 'KUBE-GRY-A', 'gry-a'].map(isOurChain)).toEqual([true, false, false]);
    expect(['gry4-a', 'gry6-a', 'gry-a', 'cali40gry4-'].map(isOurSet)).toEqual([true, true, false, false]);
  });
});
