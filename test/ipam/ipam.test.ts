import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { AttachmentKey } from '../../src/ipam/attachment.ts';
import { Ipam, type LiveAttachment } from '../../src/ipam/ipam.ts';
import { address } from '../../src/net/address.ts';
import { prefix } from '../../src/net/prefix.ts';
import { silentLog } from '../../src/ports/log.ts';
import { FakeClock } from '../support/fake-clock.ts';

let directory: string;
let clock: FakeClock;
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'gry-ipam-'));
  clock = new FakeClock();
});
afterEach(() => {
  vi.restoreAllMocks();
  fs.rmSync(directory, { recursive: true, force: true });
});

const cidrs = [prefix('10.0.0.0/29'), prefix('fd00::/64')];

/** An agent that starts: later ones find what earlier ones wrote, and monotonic time begins anew with each. */
function start(options: { readonly bootID?: string; readonly clock?: FakeClock } = {}): Ipam {
  const file = path.join(directory, 'ipam.journal');
  const ipam = Ipam.open({ path: file, bootID: 'boot-1', clock, log: silentLog, ...options });
  ipam.configure(cidrs);
  return ipam;
}

const key = (containerID: string): AttachmentKey => ({ network: 'gryphon', containerID, ifname: 'eth0' });
const take = (ipam: Ipam, containerID: string): readonly string[] =>
  ipam.allocate(key(containerID), { hostLink: `gryp${containerID}` }).addresses;
const live = (containerID: string, ...addresses: readonly string[]): LiveAttachment => ({
  ...key(containerID),
  hostLink: `gryp${containerID}`,
  addresses: addresses.map(address),
});

test('a restart knows every attachment, and what was not finished', () => {
  const first = start();
  take(first, 'a');
  first.confirm(key('a'));
  take(first, 'b');
  const second = start();
  expect(second.list()).toEqual(first.list());
  expect(second.list().map((a) => a.state)).toEqual(['configured', 'reserved']);
  expect(take(second, 'c')).toEqual(['10.0.0.4', 'fd00::4']);
});

test('cooling goes on over a restart, by the wall clock', () => {
  const first = start();
  for (const id of ['a', 'b', 'c', 'd', 'e']) take(first, id);
  clock.advance(1_000_000);
  first.release(key('d'));
  clock.advance(20_000);
  first.release(key('b'));
  const restarted = new FakeClock({ epoch: clock.now() });
  const second = start({ clock: restarted });
  expect(second.usage()[0]).toMatchObject({ used: 3, cooling: 2 });
  restarted.advance(10_000);
  expect(second.usage()[0]).toMatchObject({ used: 3, cooling: 1, free: 1n });
  expect(take(second, 'f')).toEqual(['10.0.0.5', expect.any(String)]);
});

test('a wall clock that jumps back does not make an address rest for longer than the cool-down', () => {
  const first = start();
  take(first, 'a');
  first.release(key('a'));
  const restarted = new FakeClock({ epoch: clock.now() - 3_600_000 });
  const second = start({ clock: restarted });
  restarted.advance(30_000);
  expect(second.usage()[0]).toMatchObject({ cooling: 0 });
});

test('after a reboot everything is free', () => {
  take(start(), 'a');
  expect(start({ bootID: 'boot-2' }).list()).toEqual([]);
});

test('live links make up for a journal that lost them; adoption is written down', () => {
  const ipam = start();
  expect(ipam.adopt([live('a', '10.0.0.3', 'fd00::3'), live('empty')])).toHaveLength(1);
  expect(ipam.get(key('a'))).toMatchObject({ state: 'configured', hostLink: 'grypa' });
  expect(start().get(key('a'))).toEqual(ipam.get(key('a')));
});

test('a link that is whole finishes what the journal takes for unfinished', () => {
  const ipam = start();
  const addresses = take(ipam, 'a');
  expect(ipam.adopt([live('a', ...addresses)])).toMatchObject([{ containerID: 'a', state: 'configured' }]);
  expect(start().get(key('a'))).toEqual(ipam.get(key('a')));
  expect(ipam.adopt([live('a', ...addresses)])).toEqual([]);
});

test('a container that was attached anew: when that is lost, its link is right; routes that somebody deleted say nothing', () => {
  const ipam = start();
  expect(take(ipam, 'a')).toEqual(['10.0.0.2', 'fd00::2']);
  ipam.confirm(key('a'));
  expect(ipam.adopt([live('a', '10.0.0.2')])).toEqual([]);
  expect(ipam.adopt([live('a', '10.0.0.4', 'fd00::4')])).toHaveLength(1);
  expect(ipam.get(key('a'))?.addresses).toEqual(['10.0.0.4', 'fd00::4']);
  expect(start().list()).toEqual(ipam.list());
  // The cursor stands behind what was adopted.
  expect(take(ipam, 'b')).toEqual(['10.0.0.5', 'fd00::5']);
});

test('a live link is right against an entry without one; two live links of one address are told', () => {
  const ipam = start();
  expect(take(ipam, 'stale')).toEqual(['10.0.0.2', 'fd00::2']);
  expect(ipam.adopt([live('a', '10.0.0.2')])).toHaveLength(1);
  expect(ipam.get(key('stale'))).toBeUndefined();
  ipam.adopt([live('a', '10.0.0.2'), live('b', '10.0.0.2')]);
  expect(ipam.problems()).toMatchObject([{ code: 'GRY_IPAM_DUPLICATE', subject: 'pod link grypb' }]);
});

test('a disk that is full: no address is given, and it is told until it is mended; release works all the same', () => {
  const ipam = start();
  take(ipam, 'a');
  vi.spyOn(fs, 'writeSync').mockImplementation(() => {
    throw new Error('ENOSPC: no space left on device');
  });
  expect(() => take(ipam, 'b')).toThrow(expect.objectContaining({ code: 'GRY_IPAM_JOURNAL' }));
  expect(ipam.usage()[0]).toMatchObject({ used: 1, cooling: 0 });
  expect(ipam.release(key('a'))).toMatchObject({ addresses: ['10.0.0.2', 'fd00::2'] });
  expect(ipam.problems()).toMatchObject([{ code: 'GRY_IPAM_JOURNAL' }]);
  vi.restoreAllMocks();
  for (const id of ['b', 'c', 'd', 'e', 'f']) take(ipam, id);
  expect(ipam.problems()).toEqual([]);
  // The release of "a" is not in the journal, but its address was given again, which says the same.
  expect(start().list()).toEqual(ipam.list());
});

test('thousands of pods come and go: the journal stays short and says the same', async () => {
  const ipam = start();
  take(ipam, 'stays');
  const comeAndGo = (id: string): void => {
    take(ipam, id);
    ipam.release(key(id));
    clock.advance(1000);
  };
  const lines = (): number =>
    fs.readFileSync(path.join(directory, 'ipam.journal'), 'utf8').split('\n').length;
  for (let i = 0; i < 3000; i++) comeAndGo(`p${i}`);
  // Compaction runs beside, as fast as the disk lets it.
  await expect.poll(lines, { timeout: 10_000 }).toBeLessThan(6000);
  comeAndGo('one more');
  await expect.poll(lines, { timeout: 10_000 }).toBeLessThan(3000);
  await ipam.close();
  expect(start().list()).toEqual(ipam.list());
});

test('what is leaving keeps its addresses, and is still leaving after a restart, until it is released', async () => {
  const ipam = start();
  const addresses = take(ipam, 'a');
  ipam.confirm(key('a'));
  expect(ipam.leave(key('a'))).toEqual({ durable: true });
  expect(ipam.leave(key('a'))).toEqual({ durable: false });
  expect(ipam.leave(key('unknown'))).toBeUndefined();
  await ipam.close();
  const next = start();
  expect(next.get(key('a'))).toMatchObject({ state: 'detaching', addresses });
  next.release(key('a'));
  await next.close();
  expect(start().list()).toEqual([]);
});
