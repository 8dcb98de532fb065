import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { installExecutables } from '../../src/cni/installer.ts';

let base: string;
let source: string;
let binDirectory: string;
let file: string;
beforeEach(() => {
  base = fs.mkdtempSync(path.join(os.tmpdir(), 'gry-install-'));
  source = path.join(base, 'gryphon-cni');
  binDirectory = path.join(base, 'opt/cni/bin');
  file = path.join(binDirectory, 'gryphon');
  fs.copyFileSync('/bin/sleep', source);
});
afterEach(() => fs.rmSync(base, { recursive: true, force: true }));

const install = (): ReturnType<typeof installExecutables> => installExecutables({ source, binDirectory });

test('installed once, executable for everybody, and left alone afterwards', async () => {
  expect(await install()).toEqual([{ path: file, changed: true }]);
  const before = fs.statSync(file);
  expect(before.mode & 0o777).toBe(0o755);
  expect(await install()).toEqual([{ path: file, changed: false }]);
  expect(fs.statSync(file).ino).toBe(before.ino);
  expect(fs.readdirSync(binDirectory)).toEqual(['gryphon']);
});

test('replaced while it is being executed', async () => {
  await install();
  const child = spawn(file, ['60']);
  await once(child, 'spawn');
  expect(() => fs.openSync(file, 'r+')).toThrow('ETXTBSY');
  fs.appendFileSync(source, 'newer');
  expect(await install()).toEqual([{ path: file, changed: true }]);
  expect(fs.readFileSync(file).equals(fs.readFileSync(source))).toBe(true);
  child.kill();
  await once(child, 'exit');
});

test('a source that is missing is told with what to do', async () => {
  fs.rmSync(source);
  await expect(install()).rejects.toMatchObject({
    code: 'GRY_CNI_INSTALL',
    remedy: expect.stringContaining('make build'),
  });
});

test('a place where nothing can be made is told, and does not hang', async () => {
  await expect(installExecutables({ source, binDirectory: '/proc/gryphon/bin' })).rejects.toMatchObject({
    code: 'GRY_CNI_INSTALL',
    message: expect.stringContaining('/proc/gryphon/bin/gryphon'),
  });
});
