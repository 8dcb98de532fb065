import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { prefix } from '../../src/net/prefix.ts';
import { Monitor, type MonitorEvent } from '../../src/netlink/monitor.ts';
import { describeRoute } from '../../src/netlink/wire/describe.ts';
import type { NetlinkRequest } from '../../src/netlink/wire/requests.ts';
import { silentLog } from '../../src/ports/log.ts';
import { connect, createNetns, type TestNetns } from '../support/netns.ts';

let netns: TestNetns;
beforeAll(async () => {
  netns = await createNetns();
});
afterAll(() => netns.remove());

function open(more: { buffer?: number; ignorePorts?: readonly number[] } = {}) {
  const events: MonitorEvent[] = [];
  const state = { overruns: 0 };
  const monitor = netns.run(() =>
    Monitor.open({
      log: silentLog,
      onEvents: (batch) => events.push(...batch),
      onOverrun: () => state.overruns++,
      ...more,
    }),
  );
  return { monitor, events, state };
}

/** The routes among the events that are not the kernel's own. */
const routesIn = (events: readonly MonitorEvent[]): readonly string[] =>
  events.flatMap((event) =>
    'route' in event && event.route.protocol !== 2 ? [`${event.kind} ${describeRoute(event.route)}`] : [],
  );

const blackholes = (count: number, kind: 'route.create' | 'route.delete'): NetlinkRequest[] =>
  Array.from({ length: count }, (_, i) => ({
    kind,
    route: {
      prefix: prefix(`10.${i >> 8}.${i & 255}.0/24`),
      kind: 'blackhole',
      table: 254,
      protocol: 71,
      scope: 0,
      metric: 0,
      nextHops: [],
    },
  }));

test('links, addresses and routes of both families arrive by the event loop, in order', async () => {
  const { monitor, events } = open();
  await connect({ netns, name: 'v0', addresses: ['192.0.2.1/24', '2001:db8::1/64'] }, { netns, name: 'v1' });
  await netns.ip('route add 10.1.0.0/24 via 192.0.2.7 proto 71');
  await netns.ip('route replace 10.1.0.0/24 via 192.0.2.8 proto static');
  await netns.ip('-6 route add blackhole fd00:1::/64 proto 71');
  await netns.ip('route del 10.1.0.0/24');
  await netns.ip('link del v0');
  await vi.waitFor(() => expect(events.filter((e) => e.kind === 'link.gone')).toHaveLength(2));
  const dev = `if${events.flatMap((e) => ('link' in e && e.link.name === 'v0' ? [e.link.index] : []))[0]}`;
  expect(routesIn(events)).toEqual([
    `route.changed 10.1.0.0/24 via 192.0.2.7 dev ${dev} proto 71`,
    `route.changed 10.1.0.0/24 via 192.0.2.8 dev ${dev} proto static`,
    'route.changed blackhole fd00:1::/64 proto 71 metric 1024',
    `route.gone 10.1.0.0/24 via 192.0.2.8 dev ${dev} proto static`,
  ]);
  expect(events.filter((e) => e.kind === 'route.changed' && e.replaced)).toHaveLength(1);
  expect(new Set(events.map((e) => e.kind))).toContain('address.changed');
  monitor.close();
  monitor.close();
});

test('what a known socket did is not told; drain delivers at once', async () => {
  const { monitor, events } = open({ ignorePorts: netns.netlink.ports });
  netns.netlink.run(blackholes(3, 'route.create'));
  await netns.ip('route del blackhole 10.0.1.0/24');
  monitor.drain();
  expect(routesIn(events)).toEqual(['route.gone blackhole 10.0.1.0/24 proto 71']);
  monitor.close();
  await netns.ip('route flush proto 71');
  monitor.drain();
  expect(routesIn(events)).toHaveLength(1);
});

test('an overrun is told once, and events after it arrive again', async () => {
  const { monitor, events, state } = open({ buffer: 4096 });
  netns.netlink.run(blackholes(2000, 'route.create'));
  await vi.waitFor(() => expect(state.overruns).toBe(1));
  events.length = 0;
  netns.netlink.run(blackholes(1, 'route.delete'));
  await vi.waitFor(() => expect(routesIn(events)).toEqual(['route.gone blackhole 10.0.0.0/24 proto 71']));
  monitor.close();
  await netns.ip('route flush proto 71');
});

test('a large burst arrives whole, over several turns', async () => {
  const { monitor, events, state } = open();
  await netns.netlink.runAsync(blackholes(10_000, 'route.create'), new AbortController().signal);
  await vi.waitFor(() => expect(routesIn(events)).toHaveLength(10_000));
  expect(state.overruns).toBe(0);
  monitor.close();
  await netns.ip('route flush proto 71');
});

test('closing leaks no descriptor', async () => {
  const descriptors = (): number => readdirSync('/proc/self/fd').length;
  open().monitor.close();
  await sleep(10);
  const before = descriptors();
  for (let i = 0; i < 50; i++) open().monitor.close();
  await vi.waitFor(() => expect(descriptors()).toBe(before));
});

test('an open monitor keeps no process alive', () => {
  const program = `
    import { Monitor } from '${import.meta.dirname}/../../src/netlink/monitor.ts';
    const nothing = () => {};
    const log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
    Monitor.open({ log, onEvents: nothing, onOverrun: nothing });
    process.stdout.write('open');`;
  const out = execFileSync(process.execPath, ['--input-type=module', '-e', program], { timeout: 20_000 });
  expect(out.toString()).toBe('open');
});
