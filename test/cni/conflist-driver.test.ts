import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ConflistDriver } from '../../src/cni/conflist-driver.ts';
import { silentLog } from '../../src/ports/log.ts';
import { FakeClock } from '../support/fake-clock.ts';

let directory: string;
let binDirectory: string;
let driver: ConflistDriver;
let clock: FakeClock;
const { signal } = new AbortController();
const desired = { socketPath: '/run/gryphon/cni.sock', mtu: 0, allowIpForwarding: false };

beforeEach(() => {
  const base = fs.mkdtempSync(path.join(os.tmpdir(), 'gry-conflist-'));
  directory = path.join(base, 'net.d');
  binDirectory = path.join(base, 'bin');
  fs.mkdirSync(binDirectory);
  clock = new FakeClock();
  driver = new ConflistDriver({ directory, binDirectory, clock, log: silentLog });
  driver.set(desired);
});
afterEach(() => fs.rmSync(path.dirname(directory), { recursive: true, force: true }));

/** An executable that prints `text` whatever it is asked. */
function plugin(name: string, text: string): void {
  fs.writeFileSync(path.join(binDirectory, name), `#!/bin/sh\necho '${text}'\n`, { mode: 0o755 });
}
const speaks = (...versions: readonly string[]): string =>
  JSON.stringify({ cniVersion: '1.0.0', supportedVersions: versions });
const allVersions = ['0.3.1', '0.4.0', '1.0.0', '1.1.0'];

/** A pass that looks at the files, as one every 10 s does. */
const look = (): ReturnType<ConflistDriver['apply']> => {
  driver.invalidate();
  return driver.apply(signal);
};

const file = (): string => path.join(directory, '05-gryphon.conflist');
const read = (): unknown => JSON.parse(fs.readFileSync(file(), 'utf8'));

test('no executable, no conflist: the node would be ready without being able', async () => {
  const result = await driver.apply(signal);
  expect(result).toMatchObject({ written: 0, failures: [{ item: file(), code: 'GRY_CNI_EXECUTABLE' }] });
  expect(driver.written).toBe(false);
  expect(fs.existsSync(file())).toBe(false);
});

test('written once, left alone, repaired when somebody removes or changes it', async () => {
  plugin('gryphon', speaks(...allVersions));
  expect(await look()).toMatchObject({ written: 1, failures: [] });
  expect(driver.written).toBe(true);
  const { ino } = fs.statSync(file());
  expect(await look()).toMatchObject({ written: 0 });
  expect(fs.statSync(file()).ino).toBe(ino);
  for (const damage of [
    () => fs.rmSync(file()),
    () => fs.writeFileSync(file(), '{'),
    () => fs.chmodSync(file(), 0o600),
  ]) {
    damage();
    expect(await look()).toMatchObject({ written: 1 });
    expect(read()).toMatchObject({ name: 'gryphon', plugins: [{ type: 'gryphon' }] });
  }
  expect(fs.readdirSync(directory)).toEqual(['05-gryphon.conflist']);
});

test('looked at again after 10 s, at once where another one is wanted, and not at every pass between', async () => {
  plugin('gryphon', speaks(...allVersions));
  expect(await driver.apply(signal)).toEqual({ written: 1, failures: [], retryAfter: 10_000 });
  fs.rmSync(file());
  await clock.advanceAsync(4_000);
  driver.set({ ...desired });
  expect(await driver.apply(signal)).toEqual({ written: 0, failures: [], retryAfter: 6_000 });
  await clock.advanceAsync(6_000);
  expect(await driver.apply(signal)).toMatchObject({ written: 1 });
  driver.set({ ...desired, mtu: 1400 });
  expect(await driver.apply(signal)).toMatchObject({ written: 1 });
});

test('what was in order and fails now is looked at by every pass', async () => {
  plugin('gryphon', speaks(...allVersions));
  await driver.apply(signal);
  fs.rmSync(path.join(binDirectory, 'gryphon'));
  expect(await look()).toMatchObject({ failures: [{ code: 'GRY_CNI_EXECUTABLE' }] });
  plugin('gryphon', speaks(...allVersions));
  expect(await driver.apply(signal)).toMatchObject({ written: 0, failures: [] });
});

test('the name that is renamed over the old file stands in the same directory and no runtime loads it', async () => {
  plugin('gryphon', speaks(...allVersions));
  fs.mkdirSync(directory);
  const names = new Set<string>();
  const watcher = fs.watch(directory, (_, name) => names.add(name ?? ''));
  await look();
  await expect.poll(() => names.size).toBe(2);
  watcher.close();
  expect([...names].filter((name) => /\.(conf|conflist|json)$/.test(name))).toEqual(['05-gryphon.conflist']);
});

test('portmap joins the chain when it is there, and the versions are those of both', async () => {
  plugin('gryphon', speaks(...allVersions));
  plugin('portmap', speaks('0.1.0', '0.3.1', '0.4.0', '1.0.0'));
  await look();
  expect(read()).toMatchObject({
    cniVersions: ['0.3.1', '0.4.0', '1.0.0'],
    plugins: [{}, { type: 'portmap' }],
  });
  plugin('portmap', speaks(...allVersions, '1.2.0'));
  await look();
  expect(read()).toMatchObject({ cniVersions: allVersions });
  plugin('portmap', 'Segmentation fault');
  await look();
  expect(read()).toMatchObject({ cniVersions: allVersions, plugins: [{ type: 'gryphon' }] });
});

test('a file of somebody else that comes first is told for as long as it is there', async () => {
  plugin('gryphon', speaks(...allVersions));
  fs.mkdirSync(directory);
  fs.writeFileSync(path.join(directory, '00-other.conf'), '{}');
  await look();
  expect(driver.problems()).toMatchObject([
    { code: 'GRY_CNI_CONFLIST_SHADOWED', subject: path.join(directory, '00-other.conf') },
  ]);
  fs.rmSync(path.join(directory, '00-other.conf'));
  await look();
  expect(driver.problems()).toEqual([]);
});

test('not wanted yet writes nothing; not wanted any more removes nothing', async () => {
  plugin('gryphon', speaks(...allVersions));
  driver.set(undefined);
  expect(await driver.apply(signal)).toEqual({ written: 0, failures: [] });
  expect(fs.existsSync(directory)).toBe(false);
  driver.set(desired);
  await driver.apply(signal);
  driver.set(undefined);
  await driver.apply(signal);
  expect(fs.existsSync(file())).toBe(true);
});
