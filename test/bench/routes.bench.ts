/**
 * From intent to kernel: `RouteDriver.set` and `apply` on an empty table, then the empty intent, against a C program that does
 * nothing but send the same messages. Both in turns in one namespace, so that the machine's moods hit both. Needs root.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import {
  type DesiredRoute,
  emptyRouteIntent,
  keepNothing,
  type RouteIntent,
} from '../../src/dataplane/route-intent.ts';
import { RouteDriver } from '../../src/dataplane/routes.ts';
import { address, addressFromBigInt } from '../../src/net/address.ts';
import type { Prefix } from '../../src/net/prefix.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { connect, createNetns, type TestNetns } from '../support/netns.ts';

const SIZES = [10_000, 100_000];
const REPETITIONS = 7;
const BAR = 1.5;
const GATEWAY = address('192.0.2.7');

/** Milliseconds. */
interface Times {
  readonly add: number;
  readonly remove: number;
}

/** The routes of floor.c. */
function intentOf(count: number, link: number): RouteIntent {
  const half = Math.floor(count / 2);
  const routes = new Map<Prefix, DesiredRoute>();
  for (let i = 0; i < count; i++) {
    const wide = i < half;
    const network = wide ? 2 ** 24 + i * 256 : 20 * 2 ** 24 + i - half;
    const prefix = `${addressFromBigInt(BigInt(network), 4)}/${wide ? 24 : 32}` as Prefix;
    routes.set(prefix, { prefix, origin: 'remote', nextHops: [{ gateway: GATEWAY, link }] });
  }
  return { routes, hold: new Set(), keep: keepNothing };
}

async function driverTimes(netns: TestNetns, intent: RouteIntent): Promise<Times> {
  const driver = new RouteDriver({ kernel: netns.netlink, clock: new FakeClock() });
  const timed = async (desired: RouteIntent): Promise<number> => {
    const start = performance.now();
    driver.set(desired);
    const { failures, written } = await driver.apply(new AbortController().signal);
    const milliseconds = performance.now() - start;
    if (failures.length > 0 || written !== intent.routes.size) throw new Error(`${written} written`);
    return milliseconds;
  };
  return { add: await timed(intent), remove: await timed(emptyRouteIntent) };
}

async function floorTimes(netns: TestNetns, floor: string, count: number): Promise<Times> {
  const out = await netns.exec(floor, String(count), 'v0', GATEWAY);
  const [add = Number.NaN, remove = Number.NaN] = out.split(' ').map(Number);
  return { add, remove };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

function row(
  size: number,
  what: 'add' | 'remove',
  floor: readonly Times[],
  driver: readonly Times[],
): string {
  const c = median(floor.map((times) => times[what]));
  const ours = median(driver.map((times) => times[what]));
  const cells = [size, what, `${c.toFixed(1)} ms`, `${ours.toFixed(1)} ms`, (ours / c).toFixed(2)];
  return cells.map((cell, i) => String(cell).padStart([8, 8, 12, 12, 8][i] ?? 0)).join('');
}

const directory = mkdtempSync(join(tmpdir(), 'gryphon-bench-'));
const netns = await createNetns();
try {
  const floor = join(directory, 'floor');
  await execa('gcc', ['-O2', '-Wall', '-o', floor, join(import.meta.dirname, 'floor.c')]);
  await connect({ netns, name: 'v0', addresses: ['192.0.2.1/24'] }, { netns, name: 'v1' });
  const link = netns.netlink.link({ name: 'v0' })?.index ?? 0;
  console.log(`routes from intent to kernel, medians of ${REPETITIONS}; bar: ratio at most ${BAR}`);
  console.log('  routes    what     C floor      driver   ratio');
  for (const size of SIZES) {
    const intent = intentOf(size, link);
    const c: Times[] = [];
    const ours: Times[] = [];
    for (let i = 0; i < REPETITIONS; i++) {
      c.push(await floorTimes(netns, floor, size));
      ours.push(await driverTimes(netns, intent));
    }
    for (const what of ['add', 'remove'] as const) console.log(row(size, what, c, ours));
  }
} finally {
  netns.remove();
  rmSync(directory, { recursive: true });
}
