import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SysctlDriver } from '../../src/dataplane/sysctls.ts';
import { FakeClock } from '../support/fake-clock.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gryphon-sysctls-'));
  mkdirSync(join(root, 'net/ipv4'), { recursive: true });
  writeFileSync(join(root, 'net/ipv4/ip_forward'), '0\n');
  writeFileSync(join(root, 'net/ipv4/tcp_rmem'), '4096\t131072\t6291456\n');
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

const forward = (): string => readFileSync(join(root, 'net/ipv4/ip_forward'), 'utf8');
const never = new AbortController().signal;

test('writes what differs, repairs what others change, and leaves what is no longer wanted', async () => {
  const clock = new FakeClock();
  const driver = new SysctlDriver({ clock, root });
  driver.set(
    new Map([
      ['net/ipv4/ip_forward', { value: '1' }],
      ['net/ipv4/tcp_rmem', { value: '4096 131072 6291456' }],
    ]),
  );
  expect(await driver.apply(never)).toEqual({ written: 1, failures: [] });
  expect(forward()).toMatch(/^1/);
  expect(await driver.apply(never)).toEqual({ written: 0, failures: [] });
  writeFileSync(join(root, 'net/ipv4/ip_forward'), '0\n');
  clock.advance(999);
  expect(await driver.apply(never), 'within a second').toEqual({ written: 0, failures: [] });
  clock.advance(1);
  expect(await driver.apply(never)).toEqual({ written: 1, failures: [] });
  driver.set(new Map([['net/ipv4/ip_forward', { value: '0' }]]));
  expect(await driver.apply(never), 'another wish').toEqual({ written: 1, failures: [] });
  writeFileSync(join(root, 'net/ipv4/ip_forward'), '1\n');
  driver.invalidate();
  expect(await driver.apply(never), 'nothing is believed').toEqual({ written: 1, failures: [] });
  driver.set(new Map([['net/ipv4/ip_forward', { value: '1' }]]));
  await driver.apply(never);
  driver.set(new Map());
  expect(await driver.apply(never)).toEqual({ written: 0, failures: [] });
  expect(forward()).toMatch(/^1/);
});

test('changes a value only from the one that it may be changed from', async () => {
  const driver = new SysctlDriver({ clock: new FakeClock(), root });
  driver.set(new Map([['net/ipv4/ip_forward', { value: '2', onlyFrom: '1' }]]));
  expect(await driver.apply(never)).toEqual({ written: 0, failures: [] });
  writeFileSync(join(root, 'net/ipv4/ip_forward'), '1\n');
  driver.invalidate();
  expect(await driver.apply(never)).toEqual({ written: 1, failures: [] });
  driver.invalidate();
  expect(await driver.apply(never)).toEqual({ written: 0, failures: [] });
  expect(forward()).toMatch(/^2/);
});

test('one that fails stops no other, waits, and is forgotten when nobody wants it', async () => {
  const clock = new FakeClock();
  const driver = new SysctlDriver({ clock, root });
  driver.set(
    new Map([
      ['net/ipv4/conf/gone/proxy_arp', { value: '1' }],
      ['net/ipv4/ip_forward', { value: '1' }],
    ]),
  );
  const result = await driver.apply(never);
  expect(result).toMatchObject({
    written: 1,
    failures: [
      {
        item: 'sysctl net/ipv4/conf/gone/proxy_arp = 1',
        code: 'GRY_SYSCTL_REFUSED',
        reason: 'ENOENT; the link is gone, or this kernel does not have the setting',
      },
    ],
  });
  mkdirSync(join(root, 'net/ipv4/conf/gone'), { recursive: true });
  writeFileSync(join(root, 'net/ipv4/conf/gone/proxy_arp'), '0\n');
  expect((await driver.apply(never)).written).toBe(0);
  clock.advance(result.retryAfter ?? 0);
  expect(await driver.apply(never)).toEqual({ written: 1, failures: [] });
});

test.each([
  ['kernel/core_pattern', '|/bin/sh', 'is no path below net/'],
  ['net/../kernel/core_pattern', 'x', 'is no path below net/'],
  ['/net/ipv4/ip_forward', '1', 'is no path below net/'],
  ['net/ipv4//ip_forward', '1', 'is no path below net/'],
  ['net', '1', 'is no path below net/'],
  ['net/ipv4/ip_forward', '1\n2', 'is not one short line'],
  ['net/ipv4/ip_forward', 'x'.repeat(300), 'is not one short line'],
])('refuses %s = %s', (path, value, reason) => {
  const driver = new SysctlDriver({ clock: new FakeClock(), root });
  expect(() => driver.set(new Map([[path, { value }]]))).toThrow(reason);
});
