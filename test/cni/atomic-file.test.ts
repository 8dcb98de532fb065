import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { replaceFile } from '../../src/cni/atomic-file.ts';
import { watchSyncs } from '../support/syncs.ts';

let directory: string;
let file: string;
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'gry-atomic-'));
  file = path.join(directory, 'a.conflist');
});
afterEach(() => {
  vi.restoreAllMocks();
  fs.rmSync(directory, { recursive: true, force: true });
});

test('a power failure at any moment leaves the old file or the new one: its bytes are on disk before its name, and then that', async () => {
  await replaceFile(file, Buffer.from('old'), 0o644);
  const syncs = await watchSyncs(() => fs.readFileSync(file, 'utf8'));
  expect(await replaceFile(file, Buffer.from('new'), 0o644)).toBe(true);
  expect(syncs).toEqual([
    [`.a.conflist.${process.pid}.tmp`, 'old'],
    [path.basename(directory), 'new'],
  ]);
  expect(await replaceFile(file, Buffer.from('new'), 0o644)).toBe(false);
  expect(syncs).toHaveLength(2);
});
