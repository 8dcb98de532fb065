import { describe, expect, test } from 'vitest';
import { IptablesDriver } from '../../src/iptables/driver.ts';
import type { RulesIntent } from '../../src/iptables/model.ts';
import { silentLog } from '../../src/ports/log.ts';
import { RunError } from '../../src/ports/runner.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { FakeIptables } from '../support/fake-iptables.ts';
import { accept, filterTable, natTable } from './intents.ts';

const signal = new AbortController().signal;
const both: RulesIntent = { filter: filterTable(accept('a+')), nat: natTable(accept('b+')) };
const done = { written: 0, failures: [] };

/** An agent's driver on a node; `fresh()` is the agent after a restart, without memory. */
function setup(family: 4 | 6 = 4) {
  const node = new FakeIptables();
  const clock = new FakeClock();
  const fresh = () =>
    new IptablesDriver({
      family,
      runner: node,
      backend: { detect: async () => 'nft' },
      clock,
      log: silentLog,
    });
  const variant = family === 4 ? '4-nft' : '6-nft';
  return {
    node,
    clock,
    fresh,
    driver: fresh(),
    save: () => node.save(variant),
    somebody: (table: string, ...lines: string[]) =>
      node.restore(variant, `*${table}\n${lines.join('\n')}\nCOMMIT\n`),
  };
}

describe('IptablesDriver', () => {
  test.each([4, 6] as const)('IPv%i: writes each table in one run, then nothing', async (family) => {
    const { node, driver } = setup(family);
    driver.set(both);
    expect(await driver.apply(signal)).toEqual({ written: 4, failures: [] });
    expect(await driver.apply(signal)).toEqual(done);
    const restore = `ip${family === 4 ? '' : '6'}tables-nft-restore --noflush --wait 5 --wait-interval 50000`;
    expect(node.calls).toEqual([restore.replace(/restore.*/, 'save'), restore, restore]);
  });

  test('the input of iptables-restore', async () => {
    const { node, driver } = setup();
    driver.set({ filter: filterTable(accept('gryp+')) });
    await driver.apply(signal);
    expect(node.inputs).toMatchInlineSnapshot(`
      [
        "*filter
      :GRY-FORWARD - [0:0]
      -A GRY-FORWARD -i gryp+ -m comment --comment "gry:18XknKS8I4LtwmOK from gryp" -j ACCEPT
      -I FORWARD 1 -m comment --comment "gry:GMXKNIKX1Cxt0bQx first" -j GRY-FORWARD
      COMMIT
      ",
      ]
    `);
  });

  test('before anything was set it does nothing, not even read', async () => {
    const { node, driver } = setup();
    expect(await driver.apply(signal)).toEqual(done);
    expect(node.calls).toEqual([]);
  });

  test('a new agent finds the rules of the old one and writes nothing', async () => {
    const { node, driver, fresh } = setup();
    driver.set(both);
    await driver.apply(signal);
    node.inputs.length = 0;
    const next = fresh();
    next.set(both);
    expect(await next.apply(signal)).toEqual(done);
    expect(node.inputs).toEqual([]);
  });

  test('an equal intent is not looked at; a changed one writes its table only', async () => {
    const { node, driver } = setup();
    driver.set(both);
    await driver.apply(signal);
    node.calls.length = 0;
    driver.set(structuredClone(both));
    await driver.apply(signal);
    expect(node.calls).toEqual([]);
    node.inputs.length = 0;
    driver.set({ ...both, nat: natTable(accept('c+')) });
    expect(await driver.apply(signal)).toEqual({ written: 1, failures: [] });
    expect(node.inputs.map((i) => i.split('\n', 1)[0])).toEqual(['*nat']);
    expect(driver.repaired).toBe(0);
  });

  test('what somebody flushed is repaired at the next look, and counted', async () => {
    const { driver, save, somebody } = setup();
    driver.set(both);
    await driver.apply(signal);
    const right = save();
    somebody('filter', '-F FORWARD', '-F GRY-FORWARD', '-X GRY-FORWARD');
    expect(await driver.apply(signal)).toEqual(done);
    driver.invalidate();
    expect(await driver.apply(signal)).toEqual({ written: 2, failures: [] });
    expect(save()).toBe(right);
    expect(driver.repaired).toBe(2);
  });

  test('invalidated in the middle of an apply, it looks again', async () => {
    const { node, driver } = setup();
    driver.set(both);
    const running = driver.apply(signal);
    driver.invalidate();
    await running;
    node.calls.length = 0;
    await driver.apply(signal);
    expect(node.calls).toEqual(['iptables-nft-save']);
  });

  test('what is set in the middle of an apply is written by the next, and is no repair', async () => {
    const { driver, save } = setup();
    driver.set(both);
    const running = driver.apply(signal);
    driver.set({ nat: natTable(accept('c+')) });
    await running;
    await driver.apply(signal);
    expect(save()).toContain('-i c+');
    expect(save()).not.toContain('-i a+');
    expect(driver.repaired).toBe(0);
  });

  test('an empty intent leaves no trace, also of what an earlier agent wrote', async () => {
    const { driver, fresh, save, somebody } = setup();
    somebody('nat', ':KUBE-POSTROUTING - [0:0]', '-A POSTROUTING -j KUBE-POSTROUTING');
    somebody('filter', '-A FORWARD -j ACCEPT');
    const before = save();
    driver.set(both);
    await driver.apply(signal);
    const cleaner = fresh();
    cleaner.set({});
    expect(await cleaner.apply(signal)).toEqual({ written: 4, failures: [] });
    expect(save()).toBe(before);
  });
});

describe('IptablesDriver: failures', () => {
  const locked = { exitCode: 4, stderr: 'Another app is currently holding the xtables lock.\n' };

  test('a table that is refused does not hold up the other; it waits longer each time, and says since when', async () => {
    const { node, clock, driver } = setup();
    driver.set({
      ...both,
      nat: natTable({ ...accept('b+'), matches: [{ kind: 'set', set: 'gry4-a', side: 'src' }] }),
    });
    const waits: number[] = [];
    for (let i = 0; i < 9; i++) {
      const { written, failures, retryAfter = 0 } = await driver.apply(signal);
      expect({ written, failures }).toMatchObject({
        written: i === 0 ? 2 : 0,
        failures: [{ item: 'iptables table nat', code: 'GRY_IPTABLES_SET', since: clock.epoch }],
      });
      waits.push(retryAfter);
      node.calls.length = 0;
      clock.advance(retryAfter / 2);
      expect(await driver.apply(signal)).toMatchObject({ written: 0, failures });
      expect(node.calls).toEqual([]);
      clock.advance(retryAfter / 2);
    }
    const ceilings = [0.5, 1, 2, 4, 8, 16, 32, 60, 60].map((s) => s * 1000);
    for (const [i, ceiling] of ceilings.entries()) {
      expect(waits[i]).toBeGreaterThanOrEqual(ceiling * 0.75);
      expect(waits[i]).toBeLessThanOrEqual(ceiling);
    }
    node.ipset.run(['restore'], 'create gry4-a hash:ip family inet\n');
    expect(await driver.apply(signal)).toEqual({ written: 2, failures: [] });
  });

  test('the lock is held by others', async () => {
    const { node, clock, driver } = setup();
    driver.set({ filter: both.filter! });
    node.failNext(/restore/, locked);
    expect(await driver.apply(signal)).toMatchObject({
      written: 0,
      failures: [
        {
          item: 'iptables table filter',
          code: 'GRY_IPTABLES_LOCKED',
          reason: expect.stringContaining('fuser'),
        },
      ],
      retryAfter: expect.any(Number),
    });
    clock.advance(500);
    expect(await driver.apply(signal)).toEqual({ written: 2, failures: [] });
    expect(driver.repaired).toBe(0);
  });

  test.each<[string, string, Partial<{ exitCode: number; stderr: string }> | Error]>([
    [
      'GRY_IPTABLES_PERMISSION',
      'CAP_NET_ADMIN is missing',
      { exitCode: 4, stderr: 'Permission denied (you must be root)' },
    ],
    [
      'GRY_IPTABLES_TIMEOUT',
      'the program hangs',
      new RunError('GRY_RUN_TIMEOUT', 'iptables-nft-save: still running'),
    ],
    ['GRY_INTERNAL', 'something unforeseen', new TypeError('oops')],
  ])('%s: %s', async (code, _, outcome) => {
    const { node, clock, driver } = setup();
    driver.set(both);
    node.failNext(/save/, outcome);
    expect(await driver.apply(signal)).toMatchObject({ failures: [{ item: 'iptables', code }] });
    clock.advance(500);
    expect((await driver.apply(signal)).failures).toEqual([]);
  });

  test('no iptables: named with its package, unless nothing is wanted', async () => {
    const { node, driver } = setup(6);
    for (const verb of ['save', 'restore']) node.missing.add(`ip6tables-nft-${verb}`);
    driver.set(both);
    expect(await driver.apply(signal)).toMatchObject({
      failures: [
        {
          item: 'ip6tables',
          code: 'GRY_IPTABLES_MISSING',
          reason: expect.stringContaining('package iptables'),
        },
      ],
    });
    driver.set({});
    expect(await driver.apply(signal)).toEqual(done);
  });

  test('a table with native nft rules is not written blindly', async () => {
    const { node, driver } = setup();
    const save = node.save.bind(node);
    node.save = (variant) => `# Table \`nat' is incompatible, use 'nft' tool.\n${save(variant)}`;
    driver.set(both);
    expect(await driver.apply(signal)).toMatchObject({
      written: 2,
      failures: [{ item: 'iptables table nat', code: 'GRY_IPTABLES_FOREIGN_TABLE' }],
    });
  });

  test('gives way to a stop', async () => {
    const { driver } = setup();
    driver.set(both);
    await expect(driver.apply(AbortSignal.abort(new Error('stopping')))).rejects.toThrow('stopping');
  });
});
