import { expect, test } from 'vitest';
import { keepNothing, type RouteIntent } from '../../src/dataplane/route-intent.ts';
import { address } from '../../src/net/address.ts';
import { prefix } from '../../src/net/prefix.ts';
import type { NextHopRecord } from '../../src/netlink/wire/records.ts';
import { FakeChanges, type RouteChange } from '../support/changes.ts';
import { record, setUp, via, want } from './route-setup.ts';

const change = (p: string, ...nextHops: readonly NextHopRecord[]): RouteChange => ({
  prefix: prefix(p),
  route:
    nextHops.length === 0 ? undefined : { prefix: prefix(p), origin: 'remote', nextHops, from: 'bgp peer/r' },
});

/** An intent with changes beside its table. */
const changing = (table: RouteIntent) => {
  const changes = new FakeChanges();
  return { waiting: changes.queue, intent: { ...table, changes } };
};

test('changes come and go beside the table, with the same intent', async () => {
  const { kernel, driver, apply } = setUp();
  const { waiting, intent } = changing(want({ '10.244.0.0/24': [] }));
  driver.set(intent);
  waiting.push(change('10.1.0.0/16', via('192.0.2.7')), change('10.2.0.0/16', via('192.0.2.7')));
  expect(await apply()).toEqual({ written: 3, failures: [] });
  expect(driver.state(prefix('10.1.0.0/16'))).toMatchObject({ state: 'installed', from: 'bgp peer/r' });
  waiting.push(change('10.1.0.0/16', via('192.0.2.8')), change('10.2.0.0/16'));
  driver.set({ ...intent, routes: want({}).routes });
  expect(await apply()).toEqual({ written: 3, failures: [] });
  expect(kernel.text()).toBe('10.1.0.0/16 via 192.0.2.8 dev eth0 proto 71');
  expect(await apply()).toEqual({ written: 0, failures: [] });
  driver.invalidate();
  expect(await apply()).toEqual({ written: 0, failures: [] });
  expect(driver.counts()).toEqual({ desired: 1, installed: 1, failed: 0, held: 0 });
});

test('changes take over what an earlier run left', async () => {
  const { kernel, driver, apply } = setUp();
  kernel.other('route.create', record('10.1.0.0/16', [via('192.0.2.7')]));
  kernel.other('route.create', record('10.2.0.0/16', [via('192.0.2.7')]));
  const { waiting, intent } = changing(want({}, { ...keepNothing, remote: true }));
  driver.set(intent);
  await apply();
  expect(driver.counts().held).toBe(2);
  waiting.push(change('10.1.0.0/16', via('192.0.2.7')));
  expect(await apply()).toEqual({ written: 0, failures: [] });
  expect(driver.counts()).toEqual({ desired: 1, installed: 1, failed: 0, held: 1 });
  driver.set({ ...intent, keep: keepNothing });
  await apply();
  expect(kernel.text()).toBe('10.1.0.0/16 via 192.0.2.7 dev eth0 proto 71');
});

test('a wish that changed does not wait for the delay of the one that failed', async () => {
  const { kernel, driver, apply } = setUp();
  const { waiting, intent } = changing(want({}));
  driver.set(intent);
  waiting.push(change('10.1.0.0/16', { gateway: address('203.0.113.7') }));
  expect((await apply()).failures).toHaveLength(1);
  waiting.push(change('10.1.0.0/16', via('192.0.2.7')));
  expect(await apply()).toEqual({ written: 1, failures: [] });
  expect(kernel.text()).toBe('10.1.0.0/16 via 192.0.2.7 dev eth0 proto 71');
});

test('what changes while routes are written follows in the same apply, though not for ever', async () => {
  const { kernel, driver, apply } = setUp();
  const { waiting, intent } = changing(want({}));
  driver.set(intent);
  waiting.push(change('10.1.0.0/16', via('192.0.2.7')));
  const later = [change('10.2.0.0/16', via('192.0.2.7')), change('10.1.0.0/16')];
  kernel.onPause = () => waiting.push(...later.splice(0, 1));
  expect(await apply()).toEqual({ written: 3, failures: [] });
  expect(kernel.log).toEqual([
    'create 10.1.0.0/16 via 192.0.2.7 dev if2 proto 71',
    'create 10.2.0.0/16 via 192.0.2.7 dev if2 proto 71',
    'delete 10.1.0.0/16 proto 71',
  ]);
  let flaps = 0;
  kernel.onPause = () => waiting.push(change('10.3.0.0/16', via(`192.0.2.${7 + (flaps++ % 2)}`)));
  kernel.onPause();
  await apply();
  expect(waiting).toHaveLength(1);
});

test('a route that is refused takes back nothing of what came after it', async () => {
  const { kernel, driver, apply } = setUp();
  const { waiting, intent } = changing(want({}));
  driver.set(intent);
  waiting.push(
    change('10.1.0.0/16', { gateway: address('203.0.113.7') }),
    change('10.1.0.0/16', via('192.0.2.7')),
  );
  expect(await apply()).toEqual({ written: 1, failures: [] });
  expect(driver.counts()).toEqual({ desired: 1, installed: 1, failed: 0, held: 0 });
  expect(kernel.text()).toBe('10.1.0.0/16 via 192.0.2.7 dev eth0 proto 71');
});
