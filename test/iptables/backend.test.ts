import { describe, expect, test } from 'vitest';
import {
  type Backend,
  BackendProbe,
  chooseBackend,
  programName,
  type Saves,
} from '../../src/iptables/backend.ts';
import { silentLog } from '../../src/ports/log.ts';
import { FakeIptables } from '../support/fake-iptables.ts';

const hint = '*mangle\n:KUBE-IPTABLES-HINT - [0:0]\nCOMMIT\n';
const canary = '*mangle\n:KUBE-KUBELET-CANARY - [0:0]\nCOMMIT\n';
const rules = (count: number) =>
  `*filter\n:INPUT ACCEPT [0:0]\n${'-A INPUT -j ACCEPT\n'.repeat(count)}COMMIT\n`;

describe('chooseBackend', () => {
  test.each<[string, Saves, Saves, Backend]>([
    ['no variants installed', undefined, undefined, 'default'],
    ['only nft', '', undefined, 'nft'],
    ['only legacy', undefined, '', 'legacy'],
    ['no rules at all', '', '', 'nft'],
    ['hint of the kubelet in nft', hint, rules(9), 'nft'],
    ['older hint in nft', canary, rules(9), 'nft'],
    ['hint in legacy', rules(9), hint, 'legacy'],
    ['hint in both', hint, hint, 'nft'],
    [
      'a hint in a comment is none',
      '-A INPUT -m comment --comment ":KUBE-IPTABLES-HINT "\n',
      rules(2),
      'legacy',
    ],
    ['more rules in legacy', rules(1), rules(2), 'legacy'],
    ['as many in both', rules(2), rules(2), 'nft'],
    ['more rules in nft', rules(2), rules(1), 'nft'],
  ])('%s', (_, nft, legacy, expected) => {
    expect(chooseBackend(nft, legacy)).toBe(expected);
  });
});

test.each<[Backend, 4 | 6, string]>([
  ['nft', 4, 'iptables-nft-save'],
  ['legacy', 6, 'ip6tables-legacy-save'],
  ['default', 6, 'ip6tables-save'],
])('%s, IPv%i: %s', (backend, family, name) => {
  expect(programName(backend, family, 'save')).toBe(name);
});

describe('BackendProbe', () => {
  const variants = ['iptables-nft', 'ip6tables-nft', 'iptables-legacy', 'ip6tables-legacy'].map(
    (v) => `${v}-save`,
  );
  const signal = new AbortController().signal;

  test('looks at both families of both variants once, naming no table', async () => {
    const runner = new FakeIptables();
    runner.restore('6-legacy', hint);
    const probe = new BackendProbe({ runner, log: silentLog });
    expect([await probe.detect(signal), await probe.detect(signal)]).toEqual(['legacy', 'legacy']);
    expect(runner.calls).toEqual(variants);
  });

  test('a variant that does not work on this kernel has no rules', async () => {
    const runner = new FakeIptables();
    runner.failNext(/nft/, { exitCode: 4, stderr: 'Could not fetch rule set generation id' });
    runner.restore('4-legacy', rules(1));
    expect(await new BackendProbe({ runner, log: silentLog }).detect(signal)).toBe('legacy');
  });

  test('looks again while nothing is installed', async () => {
    const runner = new FakeIptables();
    for (const program of variants) runner.missing.add(program);
    const probe = new BackendProbe({ runner, log: silentLog });
    expect(await probe.detect(signal)).toBe('default');
    runner.missing.clear();
    expect(await probe.detect(signal)).toBe('nft');
  });

  test('gives way to a stop', async () => {
    const probe = new BackendProbe({ runner: new FakeIptables(), log: silentLog });
    await expect(probe.detect(AbortSignal.abort(new Error('stopping')))).rejects.toThrow('stopping');
  });
});
