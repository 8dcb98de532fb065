import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  claimDirectory,
  emptyDirectory,
  readMarker,
  removeDirectory,
  withLock,
  writeMarker,
} from '../../src/lab/marker.ts';
import { identify } from '../../src/lab/process-identity.ts';
import { fakeLab } from '../support/lab.ts';

let parent: string;
let directory: string;
const open = () => fakeLab(directory, () => '').lab;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'gryphon-lab-marker-'));
  directory = join(parent, 'lab');
});
afterEach(() => rm(parent, { recursive: true }));

describe('the lab directory', () => {
  test('is made, marked, and removed again', async () => {
    await claimDirectory(open());
    expect(await readMarker(open())).toEqual({ name: 'lab', fingerprint: 'f1', complete: false });
    await writeMarker(open(), true);
    await claimDirectory(open());
    expect((await readMarker(open()))?.complete).toBe(true);
    expect(await removeDirectory(open())).toBe(true);
    expect(await readdir(parent)).toEqual([]);
  });

  test('is emptied without letting others in: mark and lock stay', async () => {
    await withLock(open(), process.pid, async () => {
      await writeMarker(open(), true);
      await mkdir(join(directory, 'node-a', 'run'), { recursive: true });
      await emptyDirectory(open());
      expect(await readdir(directory)).toEqual(['lab.json', 'lock.json']);
      expect((await readMarker(open()))?.complete).toBe(false);
    });
  });

  test('with something else in it is refused, and never removed', async () => {
    directory = parent;
    await writeFile(join(parent, 'thesis.txt'), 'precious');
    await expect(claimDirectory(open())).rejects.toThrow(`${parent} holds something that is no lab`);
    expect(await removeDirectory(open())).toBe(false);
    expect(await readFile(join(parent, 'thesis.txt'), 'utf8')).toBe('precious');
  });

  test('of another lab is refused, and never removed', async () => {
    await claimDirectory(open());
    await writeFile(
      join(directory, 'lab.json'),
      JSON.stringify({ name: 'two', fingerprint: '', complete: true }),
    );
    await expect(claimDirectory(open())).rejects.toThrow(`${directory} belongs to the lab "two"`);
    expect(await removeDirectory(open())).toBe(false);
  });

  test('left by a crash in its first moment is taken', async () => {
    await claimDirectory(open());
    await rm(join(directory, 'lab.json'));
    await writeFile(join(directory, 'lab.json.tmp'), '{"na');
    await claimDirectory(open());
    expect((await readMarker(open()))?.name).toBe('lab');
  });

  test.each(['relative/path', `/${'x'.repeat(100)}`])('%s is no place for a lab', (path) => {
    directory = path;
    expect(open).toThrow('cannot hold a lab');
  });
});

describe('the lock', () => {
  test('keeps a second command out as long as the first runs', async () => {
    await withLock(open(), process.pid, async () => {
      await expect(withLock(open(), process.pid, async () => 'in')).rejects.toThrow(
        `process ${process.pid} is changing this lab just now`,
      );
    });
    expect(await withLock(open(), process.pid, async () => 'in')).toBe('in');
  });

  test('of a process that has died, or torn, is taken over', async () => {
    await claimDirectory(open());
    const dead = { name: 'lab', argv: [], ...identify(process.pid), startTime: '1' };
    for (const text of [JSON.stringify(dead), '{"na', '']) {
      await writeFile(join(directory, 'lock.json'), text);
      expect(await withLock(open(), process.pid, async () => 'in')).toBe('in');
    }
  });

  test('is given back also when the work fails', async () => {
    await expect(withLock(open(), process.pid, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await readdir(directory)).toEqual(['lab.json']);
  });
});
