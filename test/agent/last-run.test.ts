import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lastRun, noteRun } from '../../src/agent/last-run.ts';
import { silentLog } from '../../src/ports/log.ts';

const BOOT = '77ebdd4c-b436-43b2-89db-c7856cb5861f';
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gryphon-last-run-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('a first run follows none', () => {
  expect(lastRun(join(directory, 'state'), BOOT)).toBeUndefined();
});

test('a run of the same boot goes on forwarding, one after a reboot does not', () => {
  const state = join(directory, 'state');
  noteRun(state, BOOT, silentLog);
  expect(lastRun(state, BOOT)).toEqual({ forwarding: true });
  expect(lastRun(state, 'another boot')).toEqual({ forwarding: false });
  noteRun(state, 'another boot', silentLog);
  expect(lastRun(state, BOOT)).toEqual({ forwarding: false });
});

test('a directory that cannot be written costs a warning and nothing else', () => {
  const file = join(directory, 'file');
  writeFileSync(file, '');
  const warnings: string[] = [];
  noteRun(join(file, 'state'), BOOT, { ...silentLog, warn: (msg) => void warnings.push(msg) });
  expect(warnings).toEqual(['the boot is not noted for the next run']);
  expect(lastRun(join(file, 'state'), BOOT)).toBeUndefined();
});
