import {
  type DesiredRoute,
  keepNothing,
  type RouteIntent,
  type RouteOrigin,
} from '../../src/dataplane/route-intent.ts';
import { RouteDriver } from '../../src/dataplane/routes.ts';
import { address } from '../../src/net/address.ts';
import { prefix } from '../../src/net/prefix.ts';
import type { NextHopRecord, RouteRecord } from '../../src/netlink/wire/records.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { FakeKernel } from '../support/fake-kernel.ts';

export const UPLINK = 2;
export const POD = 9;
export const POD_NAME = 'gryp0123456789a';

/** A driver over a kernel with an uplink, on which 192.0.2.0/24 and 2001:db8::/64 are, and a pod link. */
export function setUp(kernel = new FakeKernel()) {
  if (kernel.links().length === 0) {
    kernel.addLink(UPLINK, 'eth0', prefix('192.0.2.0/24'), prefix('2001:db8::/64'));
    kernel.addLink(POD, POD_NAME);
  }
  const clock = new FakeClock();
  const driver = new RouteDriver({ kernel, clock });
  kernel.onEvent = (event) => void driver.observe(event);
  const apply = () => driver.apply(new AbortController().signal);
  return { kernel, clock, driver, apply };
}

/** A way over the uplink. */
export const via = (gateway: string, more: Partial<NextHopRecord> = {}): NextHopRecord => ({
  gateway: address(gateway),
  link: UPLINK,
  ...more,
});

/** `want({'10.0.0.0/8': [via('192.0.2.7')]})`: an empty list of ways is a blackhole. */
export function want(routes: Record<string, readonly NextHopRecord[]>, keep = keepNothing): RouteIntent {
  const entries = Object.entries(routes).map(([p, nextHops]): [ReturnType<typeof prefix>, DesiredRoute] => {
    const origin: RouteOrigin =
      nextHops.length === 0 ? 'block' : nextHops[0]?.link === POD ? 'pod' : 'remote';
    return [prefix(p), { prefix: prefix(p), origin, nextHops }];
  });
  return { routes: new Map(entries), hold: new Set(), keep };
}

/** A route of ours as the kernel tells it. */
export const record = (
  p: string,
  nextHops: readonly NextHopRecord[],
  more: Partial<RouteRecord> = {},
): RouteRecord => ({
  prefix: prefix(p),
  kind: nextHops.length === 0 ? 'blackhole' : 'unicast',
  table: 254,
  protocol: 71,
  scope: 0,
  metric: p.includes(':') ? 1024 : 0,
  nextHops,
  ...more,
});
