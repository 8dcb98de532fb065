import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { executableVersion, isNewer, parseAbout } from '../../src/cni/executable-version.ts';
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
  expect(await install()).toEqual([{ path: file, outcome: 'installed' }]);
  const before = fs.statSync(file);
  expect(before.mode & 0o777).toBe(0o755);
  expect(await install()).toEqual([{ path: file, outcome: 'unchanged' }]);
  expect(fs.statSync(file).ino).toBe(before.ino);
  expect(fs.readdirSync(binDirectory)).toEqual(['gryphon']);
});

test('replaced while it is being executed', async () => {
  await install();
  const child = spawn(file, ['60']);
  await once(child, 'spawn');
  expect(() => fs.openSync(file, 'r+')).toThrow('ETXTBSY');
  fs.appendFileSync(source, 'newer');
  expect(await install()).toEqual([{ path: file, outcome: 'installed' }]);
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

describe('reference plugins', () => {
  /** A plugin as the reference library makes it: run without CNI_COMMAND it tells its version on stderr. */
  const plugin = (release: string, protocols: string): string =>
    `#!/bin/sh\nprintf 'CNI portmap plugin ${release}\\nCNI protocol versions supported: ${protocols}\\n' >&2\n`;
  const old = plugin('v1.1.1', '0.4.0, 1.0.0');
  const recent = plugin('v1.6.0', '0.4.0, 1.0.0, 1.1.0');
  const unknown = plugin('version unknown', '0.4.0, 1.0.0');

  test.each([
    ['is missing', recent, undefined, 'installed', recent],
    ['is the same', recent, recent, 'unchanged', recent],
    ['is older', recent, old, 'installed', recent],
    ['is newer', old, recent, 'kept', recent],
    ['tells no release and speaks less', recent, unknown, 'installed', recent],
    ['tells no release and speaks as much', old, unknown, 'kept', unknown],
    ['is no plugin at all', old, '#!/bin/sh\nexit 7\n', 'installed', old],
  ])('where the one on the node %s', async (_case, ours, theirs, outcome, expected) => {
    const pluginDirectory = path.join(base, 'image');
    fs.mkdirSync(pluginDirectory);
    fs.writeFileSync(path.join(pluginDirectory, 'portmap'), ours, { mode: 0o755 });
    const target = path.join(binDirectory, 'portmap');
    fs.mkdirSync(binDirectory, { recursive: true });
    if (theirs !== undefined) fs.writeFileSync(target, theirs, { mode: 0o755 });
    const installed = await installExecutables({ source, binDirectory, pluginDirectory });
    expect(installed).toEqual([
      { path: file, outcome: 'installed' },
      { path: target, outcome },
    ]);
    expect(fs.readFileSync(target, 'utf8')).toBe(expected);
  });

  test('one that does not answer in time, on a node with much to do, is not taken for older', async () => {
    const slow = path.join(base, 'slow');
    fs.writeFileSync(slow, '#!/bin/sh\nexec sleep 60\n', { mode: 0o755 });
    const version = await executableVersion(slow, 100);
    expect(version).toBeUndefined();
    expect(isNewer(parseAbout('CNI portmap plugin v9.9.9\n'), version)).toBe(false);
  });

  test('nothing to do where the image and the node share the directory', async () => {
    const installed = await installExecutables({ source, binDirectory, pluginDirectory: binDirectory });
    expect(installed).toHaveLength(1);
  });
});

test.each([
  ['CNI portmap plugin v1.6.2\nCNI protocol versions supported: 0.1.0, 1.1.0, 1.0.0\n', [1, 6, 2], [1, 1, 0]],
  ['CNI portmap plugin version unknown\nCNI protocol versions supported: 0.3.1\n', [], [0, 3, 1]],
  ['usage: sleep NUMBER\n', [], []],
])('what %j tells', (text, release, protocol) => {
  expect(parseAbout(text)).toEqual({ release, protocol });
});
