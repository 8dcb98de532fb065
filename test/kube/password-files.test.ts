import { execFileSync } from 'node:child_process';
import { mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/agent/clock.ts';
import { PasswordFiles } from '../../src/kube/password-files.ts';
import type { PasswordFile } from '../../src/kube/records/password-source.ts';
import type { Log } from '../../src/ports/log.ts';

let directory: string;
let files: PasswordFiles;
let told: ReadonlyMap<string, PasswordFile>[];
let logged: unknown[];

const log: Log = {
  debug: (...line) => logged.push(line),
  info: (...line) => logged.push(line),
  warn: (...line) => logged.push(line),
  error: (...line) => logged.push(line),
  component: () => log,
};

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gryphon-passwords-'));
  told = [];
  logged = [];
  files = new PasswordFiles({ clock: systemClock, log, onChange: (all) => told.push(all) });
});
afterEach(async () => {
  files.stop();
  await rm(directory, { recursive: true, force: true });
});

const at = (name: string): string => join(directory, name);
const want = (...names: readonly string[]): void => files.set(new Set(names.map(at)));
const eventually = (check: () => void): Promise<void> => vi.waitFor(check, { interval: 5, timeout: 4000 });

/** What is known of a file now: its text, or why there is none. */
function known(name: string): string | undefined {
  const file = told.at(-1)?.get(at(name));
  return file?.kind === 'read' ? file.text.reveal() : file?.reason;
}

it('reads what is wanted, and again what has changed', async () => {
  await writeFile(at('a'), 'one');
  want('a', 'b');
  expect(files.read).toBe(false);
  await eventually(() => expect(files.read).toBe(true));
  expect([known('a'), known('b')]).toEqual(['one', 'does not exist']);
  await writeFile(at('a'), 'two');
  await eventually(() => expect(known('a')).toBe('two'));
  await writeFile(at('b'), 'late');
  await eventually(() => expect(known('b')).toBe('late'));
  await rm(at('a'));
  await eventually(() => expect(known('a')).toBe('does not exist'));
});

it('sees a file that is put in the place of another, also behind a link', async () => {
  await writeFile(at('v1'), 'one');
  await symlink('v1', at('current'));
  want('current');
  await eventually(() => expect(known('current')).toBe('one'));
  await writeFile(at('v2'), 'two');
  await symlink('v2', at('next'));
  await rename(at('next'), at('current'));
  await eventually(() => expect(known('current')).toBe('two'));
});

it('forgets what nobody wants any more', async () => {
  await writeFile(at('a'), 'one');
  await writeFile(at('b'), 'two');
  want('a');
  await eventually(() => expect(known('a')).toBe('one'));
  want('b');
  await eventually(() => expect(known('b')).toBe('two'));
  expect([...(told.at(-1)?.keys() ?? [])]).toEqual([at('b')]);
  want();
  expect(files.read).toBe(true);
});

describe('what is no password file', () => {
  it.each<[string, string, () => unknown]>([
    ['a directory', 'is not a regular file', () => execFileSync('mkdir', [at('x')])],
    ['a pipe that nobody writes to', 'is not a regular file', () => execFileSync('mkfifo', [at('x')])],
    ['a device without end', 'is not a regular file', () => symlink('/dev/zero', at('x'))],
    ['a long file', 'is longer than 4096 octets', () => writeFile(at('x'), 'x'.repeat(4097))],
    ['binary', 'is not UTF-8 text', () => writeFile(at('x'), Uint8Array.of(0xff, 0xfe))],
    ['a link to itself', 'cannot be read (ELOOP)', () => symlink('x', at('x'))],
  ])('%s', async (_, reason, make) => {
    await make();
    want('x');
    await eventually(() => expect(known('x')).toBe(reason));
  });
});

it('logs no password', async () => {
  await writeFile(at('a'), 'hunter2');
  want('a');
  await eventually(() => expect(known('a')).toBe('hunter2'));
  expect(logged).not.toEqual([]);
  expect(inspect([logged, told], { depth: 9 })).not.toContain('hunter2');
});
