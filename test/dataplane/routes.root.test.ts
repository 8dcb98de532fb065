import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DesiredRoute, emptyRouteIntent } from '../../src/dataplane/route-intent.ts';
import { RouteDriver } from '../../src/dataplane/routes.ts';
import { address } from '../../src/net/address.ts';
import { prefix } from '../../src/net/prefix.ts';
import { Monitor } from '../../src/netlink/monitor.ts';
import { silentLog } from '../../src/ports/log.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { connect, createNetns, type TestNetns } from '../support/netns.ts';
import { intentText, randomIntent, sortWays, type WalkLinks } from './route-walk.ts';

let netns: TestNetns;
let links: WalkLinks;
const POD_NAME = 'gryp0123456789a';

beforeAll(async () => {
  netns = await createNetns();
  await connect({ netns, name: 'v0', addresses: ['192.0.2.1/24', '2001:db8::1/64'] }, { netns, name: 'v1' });
  await connect({ netns, name: POD_NAME }, { netns, name: 'p1' });
  const index = (name: string): number => netns.netlink.link({ name })!.index;
  links = { uplink: index('v0'), pod: index(POD_NAME) };
});
afterAll(() => netns.remove());

const names = (index: number): string => (index === links.uplink ? 'v0' : POD_NAME);

/** Our routes as `ip` prints them, in the form of `intentText`. */
async function ours(): Promise<string> {
  const lines: string[] = [];
  for (const family of ['-4', '-6']) {
    const out = await netns.ip(`-o ${family} route show table main`);
    for (const line of out.split('\n')) if (line.includes(' proto 71')) lines.push(tidy(line));
  }
  return lines.sort().join('\n');
}

/** Without what says nothing: the loopback of IPv6 blackholes, router preference, spaces. */
const tidy = (line: string): string =>
  sortWays(
    line
      .replaceAll('\\', ' ')
      .replace('dev lo ', '')
      .replace(/pref \S+/, '')
      .replaceAll(/\s+/g, ' ')
      .trim(),
  );

test('a walk between random states ends every step as `ip route` says it should', async () => {
  const clock = new FakeClock({ seed: 7 });
  const driver = new RouteDriver({ kernel: netns.netlink, clock });
  const apply = () => driver.apply(new AbortController().signal);
  using monitor = netns.run(() =>
    Monitor.open({
      log: silentLog,
      ignorePorts: netns.netlink.ports,
      onEvents: (events) => events.forEach((event) => driver.observe(event)),
      onOverrun: () => driver.invalidate(),
    }),
  );
  for (let step = 0; step < 60; step++) {
    const intent = randomIntent(() => clock.random(), links);
    driver.set(intent);
    monitor.drain();
    const result = await apply();
    expect(result.failures, `step ${step}`).toEqual([]);
    expect(await ours(), `step ${step}`).toBe(intentText(intent, names));
    if (step % 5 === 1) await interfere(step, [...intent.routes.keys()]);
    expect(await applyAgain(driver, monitor), `step ${step}`).toBe(intentText(intent, names));
  }
  expect(driver.repaired).toBeGreaterThan(0);
  driver.set(emptyRouteIntent);
  await apply();
  expect(await ours()).toBe('');
});

/** What an administrator might do: flush one family, delete one route, take a link down and up. */
async function interfere(step: number, prefixes: readonly string[]): Promise<void> {
  const [first] = prefixes;
  if (step % 3 === 0) await netns.ip('-4 route flush proto 71');
  else if (step % 3 === 1 && first !== undefined) {
    const family = first.includes(':') ? '-6' : '-4';
    await netns.ip(`${family} route flush exact ${first} proto 71`);
  } else {
    await netns.ip('link set v0 down');
    await netns.ip('link set v0 up');
    await netns.ip('address replace 2001:db8::1/64 dev v0 nodad');
  }
}

async function applyAgain(driver: RouteDriver, monitor: Monitor): Promise<string> {
  monitor.drain();
  await driver.apply(new AbortController().signal);
  return await ours();
}

test('a second driver adopts what the first left and writes nothing', async () => {
  const clock = new FakeClock({ seed: 3 });
  const signal = new AbortController().signal;
  const intent = randomIntent(() => clock.random(), links);
  const first = new RouteDriver({ kernel: netns.netlink, clock });
  first.set(intent);
  await first.apply(signal);
  const second = new RouteDriver({ kernel: netns.netlink, clock });
  second.set(intent);
  expect(await second.apply(signal)).toEqual({ written: 0, failures: [] });
  second.set(emptyRouteIntent);
  await second.apply(signal);
});

test('a foreign route is left alone in both families, and ours goes in when it is gone', async () => {
  const clock = new FakeClock({ seed: 11 });
  const signal = new AbortController().signal;
  const driver = new RouteDriver({ kernel: netns.netlink, clock });
  let intent = randomIntent(() => clock.random(), links);
  while (intent.routes.size < 8) intent = randomIntent(() => clock.random(), links);
  const prefixes = [...intent.routes.keys()];
  for (const p of prefixes)
    await netns.ip(`${p.includes(':') ? '-6' : '-4'} route add ${p} dev v0 proto static`);
  driver.set(intent);
  const result = await driver.apply(signal);
  expect(result.failures.map((failure) => failure.code)).toEqual(prefixes.map(() => 'GRY_ROUTE_FOREIGN'));
  expect(result.failures[0]!.reason).toContain('protocol static is there');
  expect(await ours()).toBe('');
  await netns.ip('-4 route flush proto static');
  await netns.ip('-6 route flush proto static');
  clock.advance(60_000);
  expect((await driver.apply(signal)).failures).toEqual([]);
  expect(await ours()).toBe(intentText(intent, names));
  driver.set(emptyRouteIntent);
  await driver.apply(signal);
});

test('a way that another appends to an IPv6 route of ours is taken out again, and its deletion is noticed', async () => {
  const clock = new FakeClock({ seed: 13 });
  const driver = new RouteDriver({ kernel: netns.netlink, clock });
  using monitor = netns.run(() =>
    Monitor.open({
      log: silentLog,
      ignorePorts: netns.netlink.ports,
      onEvents: (events) => events.forEach((event) => driver.observe(event)),
      onOverrun: () => driver.invalidate(),
    }),
  );
  const block = prefix('fd00:244::/64');
  const route: DesiredRoute = {
    prefix: block,
    origin: 'remote',
    nextHops: [{ gateway: address('2001:db8::11'), link: links.uplink }],
  };
  driver.set({ ...emptyRouteIntent, routes: new Map([[block, route]]) });
  await driver.apply(new AbortController().signal);
  const wanted = await ours();
  await netns.ip(`-6 route append ${block} via 2001:db8::fe proto static`);
  expect(await ours()).not.toBe(wanted);
  expect(await applyAgain(driver, monitor)).toBe(wanted);
  await netns.ip(`-6 route append ${block} via 2001:db8::fe proto static`);
  await netns.ip(`-6 route del ${block} proto static`);
  expect(await ours()).toBe('');
  expect(await applyAgain(driver, monitor)).toBe(wanted);
  driver.set(emptyRouteIntent);
  await driver.apply(new AbortController().signal);
});
