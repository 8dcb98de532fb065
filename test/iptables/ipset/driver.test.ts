import { describe, expect, test } from 'vitest';
import { IpsetDriver } from '../../../src/iptables/ipset/driver.ts';
import type { SetIntent } from '../../../src/iptables/ipset/model.ts';
import { address } from '../../../src/net/address.ts';
import { silentLog } from '../../../src/ports/log.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { FakeIptables } from '../../support/fake-iptables.ts';

const signal = new AbortController().signal;
const done = { written: 0, failures: [] };
const set = (name: string, ...members: string[]): SetIntent => ({
  name,
  type: 'hash:ip',
  family: 4,
  members: members.map(address),
  reason: 'test',
});

function setup() {
  const node = new FakeIptables();
  const clock = new FakeClock();
  node.ipset.run(['restore'], 'create KUBE-X hash:ip family inet\nadd KUBE-X 192.0.2.1\n');
  const fresh = () => new IpsetDriver({ runner: node, clock, log: silentLog });
  return { node, clock, fresh, driver: fresh(), foreign: node.ipset.dump() };
}

describe('IpsetDriver', () => {
  test('makes sets, then does nothing; a new agent does nothing either', async () => {
    const { node, driver, fresh } = setup();
    driver.set([set('gry4-a', '10.0.0.1'), set('gry4-b')]);
    expect(await driver.apply(signal)).toEqual({ written: 2, failures: [] });
    expect(node.inputs).toEqual([
      'create gry4-a hash:ip family inet maxelem 1048576\nadd gry4-a 10.0.0.1\n',
      'create gry4-b hash:ip family inet maxelem 1048576\n',
    ]);
    node.calls.length = 0;
    expect([await driver.apply(signal), await driver.sweep(signal)]).toEqual([done, done]);
    expect(node.calls).toEqual(['ipset list -name']);
    const next = fresh();
    next.set([set('gry4-a', '10.0.0.1'), set('gry4-b')]);
    expect([await next.apply(signal), await next.sweep(signal)]).toEqual([done, done]);
    expect(node.inputs).toHaveLength(2);
  });

  test('before anything was set, both phases do nothing', async () => {
    const { node, driver } = setup();
    expect([await driver.apply(signal), await driver.sweep(signal)]).toEqual([done, done]);
    expect(node.calls).toEqual([]);
  });

  test('destroys in the second phase only, and nothing of others', async () => {
    const { node, driver, fresh, foreign } = setup();
    driver.set([set('gry4-a'), set('gry4-b')]);
    await driver.apply(signal);
    const cleaner = fresh();
    cleaner.set([]);
    expect(await cleaner.apply(signal)).toEqual(done);
    expect([...node.ipset.sets.keys()]).toEqual(['KUBE-X', 'gry4-a', 'gry4-b']);
    expect(await cleaner.sweep(signal)).toEqual({ written: 2, failures: [] });
    expect(node.ipset.dump()).toBe(foreign);
  });

  test('what was left aside by a death in the middle of a swap goes too', async () => {
    const { node, driver } = setup();
    node.ipset.run(
      ['restore'],
      'create gry4-a hash:ip family inet maxelem 9\ncreate gry4-a-t hash:ip family inet maxelem 1048576\nadd gry4-a-t 10.9.9.9\n',
    );
    driver.set([set('gry4-a', '10.0.0.1')]);
    await driver.apply(signal);
    await driver.sweep(signal);
    expect([...node.ipset.sets.keys()]).toEqual(['KUBE-X', 'gry4-a']);
    expect([...(node.ipset.sets.get('gry4-a')?.members ?? [])]).toEqual(['10.0.0.1']);
  });

  test('repairs what somebody changed, and counts it; our own changes do not count', async () => {
    const { node, driver } = setup();
    driver.set([set('gry4-a', '10.0.0.1'), set('gry4-b')]);
    await driver.apply(signal);
    driver.set([set('gry4-a', '10.0.0.2'), set('gry4-b')]);
    expect(await driver.apply(signal)).toEqual({ written: 1, failures: [] });
    expect(driver.repaired).toBe(0);
    node.ipset.run(['restore'], 'flush gry4-a\n');
    node.ipset.run(['destroy', 'gry4-b'], '');
    driver.invalidate();
    expect(await driver.apply(signal)).toEqual({ written: 2, failures: [] });
    expect(driver.repaired).toBe(2);
  });

  test('what is set in the middle of an apply is written by the next, and is no repair', async () => {
    const { node, driver } = setup();
    driver.set([set('gry4-a', '10.0.0.1')]);
    const running = driver.apply(signal);
    driver.set([set('gry4-a', '10.0.0.2')]);
    await running;
    await driver.apply(signal);
    expect([...(node.ipset.sets.get('gry4-a')?.members ?? [])]).toEqual(['10.0.0.2']);
    expect(driver.repaired).toBe(0);
  });

  test('a set that is refused does not hold up the others', async () => {
    const { node, driver } = setup();
    driver.set([{ ...set('gry4-a'), name: 'nobody' }, set('gry4-b')]);
    expect(await driver.apply(signal)).toMatchObject({
      written: 1,
      failures: [{ item: 'ipset nobody', code: 'GRY_IPTABLES_NAME' }],
      retryAfter: expect.any(Number),
    });
    expect(node.ipset.sets.has('gry4-b')).toBe(true);
  });

  test('a set in use is tried again quietly at first, and then reported', async () => {
    const { node, clock, driver } = setup();
    driver.set([set('gry4-a')]);
    await driver.apply(signal);
    driver.set([]);
    node.ipset.lateReleases = 1;
    const first = await driver.sweep(signal);
    expect(first).toMatchObject({ written: 0, failures: [] });
    expect(first.retryAfter).toBeLessThanOrEqual(200);
    clock.advance(200);
    expect(await driver.sweep(signal)).toEqual({ written: 1, failures: [] });

    driver.set([set('gry4-a')]);
    await driver.apply(signal);
    driver.set([]);
    node.ipset.lateReleases = 100;
    const since = clock.now();
    await driver.sweep(signal);
    clock.advance(2999);
    expect(await driver.sweep(signal)).toMatchObject({ failures: [] });
    clock.advance(1);
    expect(await driver.sweep(signal)).toMatchObject({
      failures: [{ item: 'ipset gry4-a', code: 'GRY_IPSET_IN_USE', since }],
    });
    driver.set([set('gry4-a')]);
    expect(await driver.sweep(signal)).toEqual(done);
  });

  test('no ipset: named with its package, unless nothing is wanted', async () => {
    const { node, driver } = setup();
    node.missing.add('ipset');
    driver.set([set('gry4-a')]);
    expect(await driver.apply(signal)).toMatchObject({
      failures: [
        { item: 'ipset', code: 'GRY_IPSET_MISSING', reason: expect.stringContaining('package ipset') },
      ],
    });
    expect((await driver.sweep(signal)).failures).toHaveLength(1);
    driver.set([]);
    expect([await driver.apply(signal), await driver.sweep(signal)]).toEqual([done, done]);
  });

  test('a set that vanishes between the look and the read is made at the next attempt', async () => {
    const { node, clock, driver, fresh } = setup();
    driver.set([set('gry4-a', '10.0.0.1')]);
    await driver.apply(signal);
    const next = fresh();
    next.set([set('gry4-a', '10.0.0.1')]);
    const list = node.ipset.run.bind(node.ipset);
    node.ipset.run = (args, input) => {
      const result = list(args, input);
      if (args[0] === 'list') list(['destroy', 'gry4-a'], '');
      return result;
    };
    expect((await next.apply(signal)).failures).toMatchObject([{ item: 'ipset gry4-a' }]);
    clock.advance(500);
    expect(await next.apply(signal)).toEqual({ written: 1, failures: [] });
  });

  test('gives way to a stop', async () => {
    const { driver } = setup();
    driver.set([set('gry4-a')]);
    const stopped = AbortSignal.abort(new Error('stopping'));
    await expect(driver.apply(stopped)).rejects.toThrow('stopping');
    await expect(driver.sweep(stopped)).rejects.toThrow('stopping');
  });
});
