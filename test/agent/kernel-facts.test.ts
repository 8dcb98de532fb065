import { expect, it } from 'vitest';
import { FactStore } from '../../src/agent/facts.ts';
import { KernelFacts, type KernelReader } from '../../src/agent/kernel-facts.ts';
import { address } from '../../src/net/address.ts';
import type { LinkAddressRecord } from '../../src/netlink/wire/records.ts';
import { silentLog } from '../../src/ports/log.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { feed, kernelRoute, link, via } from '../support/records.ts';

function lab(reader: Partial<KernelReader>) {
  const clock = new FakeClock();
  const changed: string[] = [];
  const facts = new FactStore((name) => changed.push(name), feed());
  const kernel = new KernelFacts({
    reader: {
      linksAsync: async () => [],
      addressesAsync: async () => [],
      routesAsync: async () => [],
      ...reader,
    },
    facts,
    protocol: 71,
    isPodLink: (name) => name.startsWith('gryp'),
    clock,
    log: silentLog,
  });
  return { clock, changed, facts, kernel };
}

it('reads links, addresses but those of pod links, and the routes that are not ours', async () => {
  const on = (index: number, ip: string): LinkAddressRecord => ({
    link: index,
    address: address(ip),
    prefixLength: 32,
    scope: 0,
    flags: 0,
  });
  const { clock, facts, kernel } = lab({
    linksAsync: async () => [link(1, 'lo'), link(2, 'eth0'), link(7, 'gryp0123456789a')],
    // The last one's link has gone meanwhile.
    addressesAsync: async () => [on(2, '192.0.2.10'), on(7, '169.254.1.1'), on(9, '169.254.1.1')],
    routesAsync: async () => [
      kernelRoute('0.0.0.0/0', via('192.0.2.1', 2)),
      kernelRoute('0.0.0.0/0', via('192.0.2.2', 2)),
      kernelRoute('10.0.0.0/24', via('192.0.2.3', 2), { protocol: 71 }),
    ],
  });
  expect(kernel.synced).toBe(false);
  const reading = kernel.read();
  await clock.advanceAsync(0);
  await reading;
  expect(kernel.view()).toEqual({ name: 'kernel', synced: true, lastGood: clock.now() });
  expect([...facts.links.records.keys()]).toEqual([1, 2, 7]);
  expect([...facts.addresses.records.keys()]).toEqual(['2 192.0.2.10/32']);
  expect([...facts.foreignRoutes.records.keys()]).toEqual(['0.0.0.0/0 metric 0 #0', '0.0.0.0/0 metric 0 #1']);
});

it('a storm of events costs one reading each 200 ms, and equal readings are no news', async () => {
  let readings = 0;
  const { clock, changed, kernel } = lab({
    linksAsync: async () => {
      readings++;
      return [link(2, 'eth0')];
    },
  });
  for (let i = 0; i < 800; i++) {
    kernel.refresh();
    await clock.advanceAsync(1);
  }
  await clock.advanceAsync(1000);
  expect(readings).toBe(5);
  expect(changed).toEqual(['links']);
});

it('a reading that fails keeps the facts, says why, and is tried again', async () => {
  let broken = true;
  const { clock, kernel } = lab({
    linksAsync: async () => {
      if (broken) throw new Error('dump was interrupted');
      return [];
    },
  });
  kernel.refresh();
  await clock.advanceAsync(10);
  expect(kernel.view()).toEqual({ name: 'kernel', synced: false, error: 'dump was interrupted' });
  broken = false;
  await clock.advanceAsync(1100);
  expect(kernel.synced).toBe(true);
  await kernel.stop();
  expect(clock.pending).toBe(0);
});
