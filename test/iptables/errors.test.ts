import { describe, expect, test } from 'vitest';
import { ipsetError, iptablesError, runFailure } from '../../src/iptables/errors.ts';
import { RunError } from '../../src/ports/runner.ts';

const input = '*nat\n-A POSTROUTING -m set --match-set gry4-none src -j MASQUERADE\nCOMMIT\n';

/** What iptables 1.8.9 and ipset 7.17 print, both variants. */
describe('iptablesError', () => {
  test.each<[number, string, string, string]>([
    [
      4,
      'Another app is currently holding the xtables lock. Perhaps you want to use the -w option?\n',
      'GRY_IPTABLES_LOCKED',
      'iptables-restore: Another app is currently holding the xtables lock. Perhaps you want to use the -w option?',
    ],
    [
      1,
      "# Warning: iptables-legacy tables present, use iptables-legacy-save to see them\niptables-restore v1.8.9 (nf_tables): Set gry4-none doesn't exist.\n\nError occurred at line: 2\nTry `iptables-restore -h' or 'iptables-restore --help' for more information.\n",
      'GRY_IPTABLES_SET',
      "iptables-restore: Set gry4-none doesn't exist. (in: -A POSTROUTING -m set --match-set gry4-none src -j MASQUERADE)",
    ],
    [
      2,
      "iptables-restore v1.8.9 (nf_tables): Chain 'GRY-NONE' does not exist\nError occurred at line: 3\n",
      'GRY_IPTABLES_REFUSED',
      "iptables-restore: Chain 'GRY-NONE' does not exist (in: COMMIT)",
    ],
    [
      1,
      'iptables-save v1.8.9 (nf_tables): Could not fetch rule set generation id: Permission denied (you must be root)\n',
      'GRY_IPTABLES_PERMISSION',
      'iptables-restore: Could not fetch rule set generation id: Permission denied (you must be root)',
    ],
    [
      4,
      "Fatal: can't open lock file /run/xtables.lock: Permission denied\n",
      'GRY_IPTABLES_PERMISSION',
      "iptables-restore: Fatal: can't open lock file /run/xtables.lock: Permission denied",
    ],
    [
      3,
      "iptables-restore v1.8.9 (legacy): iptables-restore: unable to initialize table 'nat'\n",
      'GRY_IPTABLES_KERNEL',
      "iptables-restore: iptables-restore: unable to initialize table 'nat'",
    ],
    [
      2,
      'Warning: Extension set revision 0 not supported, missing kernel module?\niptables-restore v1.8.9 (nf_tables): Could not fetch\n',
      'GRY_IPTABLES_KERNEL',
      'iptables-restore: Warning: Extension set revision 0 not supported, missing kernel module?',
    ],
    [1, '', 'GRY_IPTABLES_REFUSED', 'iptables-restore: exit code 1'],
  ])('exit code %i, %j', (exitCode, stderr, code, message) => {
    const error = iptablesError('iptables-restore', { exitCode, stdout: '', stderr }, input);
    expect(error).toMatchObject({ code, message });
  });
});

describe('ipsetError', () => {
  test.each<[string, string]>([
    ['ipset v7.17: Set cannot be destroyed: it is in use by a kernel component', 'GRY_IPSET_IN_USE'],
    ['ipset v7.17: Kernel error received: Operation not permitted', 'GRY_IPSET_PERMISSION'],
    ['ipset v7.17: Cannot open session to kernel.', 'GRY_IPSET_KERNEL'],
    ['ipset v7.17: Error in line 1: Kernel error received: set type not supported', 'GRY_IPSET_KERNEL'],
    ['ipset v7.17: Error in line 3: Hash is full, cannot add more elements', 'GRY_IPSET_REFUSED'],
  ])('%s', (stderr, code) => {
    expect(ipsetError({ exitCode: 1, stdout: '', stderr })).toMatchObject({ code });
  });

  test('quotes the refused line', () => {
    const stderr = 'ipset v7.17: Error in line 2: Hash is full, cannot add more elements\n';
    const error = ipsetError({ exitCode: 1, stdout: '', stderr }, 'create gry4-a\nadd gry4-a 10.0.0.1\n');
    expect(error.message).toBe(
      'ipset: Error in line 2: Hash is full, cannot add more elements (in: add gry4-a 10.0.0.1)',
    );
  });
});

describe('runFailure', () => {
  test.each<[string, 'iptables' | 'ipset', string]>([
    ['GRY_RUN_MISSING', 'iptables', 'GRY_IPTABLES_MISSING'],
    ['GRY_RUN_MISSING', 'ipset', 'GRY_IPSET_MISSING'],
    ['GRY_RUN_TIMEOUT', 'iptables', 'GRY_IPTABLES_TIMEOUT'],
    ['GRY_RUN_OUTPUT', 'ipset', 'GRY_IPSET_BROKEN'],
    ['GRY_RUN_FAILED', 'iptables', 'GRY_IPTABLES_BROKEN'],
  ])('%s of %s', (code, program, expected) => {
    expect(runFailure(new RunError(code, 'it'), program)).toMatchObject({ code: expected, message: 'it' });
  });

  test('a missing program names the package', () => {
    expect(
      runFailure(new RunError('GRY_RUN_MISSING', 'ipset: there is no such program'), 'ipset'),
    ).toMatchObject({
      remedy: 'install ipset where the agent runs (Debian and Alpine: package ipset)',
    });
  });

  test('anything else passes', () => {
    const error = new Error('stopping');
    expect(runFailure(error, 'ipset')).toBe(error);
  });
});
