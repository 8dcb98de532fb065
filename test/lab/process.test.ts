import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/agent/clock.ts';
import { LabError } from '../../src/lab/error.ts';
import { isProcessRecord, ProcessTable } from '../../src/lab/process.ts';
import { identify, isAlive, parseStat } from '../../src/lab/process-identity.ts';

const signal = new AbortController().signal;
let directory: string;
let table: ProcessTable;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gryphon-lab-process-'));
  table = new ProcessTable(join(directory, 'processes'), systemClock, { timeoutMs: 200, everyMs: 20 });
});

afterEach(async () => {
  await table.stop(await table.list(), signal);
  await rm(directory, { recursive: true });
});

const start = (name: string, ...argv: string[]) =>
  table.start({ name, argv, env: { PATH: process.env['PATH'] ?? '' }, log: join(directory, `${name}.log`) });

describe('/proc/PID/stat', () => {
  const rest = '1 2 2 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0';
  test.each([
    [`1234 (bird) S ${rest} 98765 1 2 3`, { state: 'S', startTime: '98765' }],
    [`1234 (a) b (c)) R ${rest} 98765 1 2 3`, { state: 'R', startTime: '98765' }],
    ['1234 (bird) S 1 2', undefined],
    ['', undefined],
  ])('%j', (stat, parsed) => {
    expect(parseStat(stat)).toEqual(parsed);
  });

  test('of this very process', async () => {
    const identity = identify(process.pid);
    expect(identity?.pid).toBe(process.pid);
    expect(identity !== undefined && isAlive(identity)).toBe(true);
  });
});

describe('a record', () => {
  const good = { name: 'node-a', pid: 4711, startTime: '1', bootID: 'x', argv: ['sleep'] };
  test('as written by ourselves', () => {
    expect(isProcessRecord(good)).toBe(true);
  });
  test.each([
    { ...good, pid: 0 },
    { ...good, pid: -1 },
    { ...good, pid: 1 },
    { ...good, pid: 1.5 },
    { ...good, pid: '4711' },
    { ...good, name: '../x' },
    { ...good, startTime: 1 },
    { ...good, argv: 'sleep' },
    null,
    [],
  ])('that must not be acted on: %j', (value) => {
    expect(isProcessRecord(value)).toBe(false);
  });
});

describe('processes', () => {
  test('start, list, stop; the log keeps what they said', async () => {
    const record = await start('talker', 'sh', '-c', 'echo hello; exec sleep 60');
    expect(isAlive(record)).toBe(true);
    expect(await table.list()).toEqual([record]);
    await expect.poll(() => readFile(join(directory, 'talker.log'), 'utf8')).toBe('hello\n');
    await table.stop(await table.list(), signal);
    expect(isAlive(record)).toBe(false);
    expect(await table.list()).toEqual([]);
  });

  test('another process that got the number of ours is left alone', async () => {
    const record = await start('other', 'sleep', '60');
    const forged = { ...record, name: 'forged', startTime: `${Number(record.startTime) - 1}` };
    await writeFile(join(directory, 'processes', 'forged.json'), JSON.stringify(forged));
    await rm(join(directory, 'processes', 'other.json'));
    await table.stop(await table.list(), signal);
    expect(isAlive(record)).toBe(true);
    await writeFile(join(directory, 'processes', 'other.json'), JSON.stringify(record));
  });

  test('one that does not heed SIGTERM is killed', async () => {
    const record = await start(
      'stubborn',
      'sh',
      '-c',
      "trap '' TERM; echo ready; while :; do sleep 0.1; done",
    );
    await expect.poll(() => readFile(join(directory, 'stubborn.log'), 'utf8')).toBe('ready\n');
    await table.stop(await table.list(), signal);
    expect(isAlive(record)).toBe(false);
  });

  test('one that ends at once has a record, and is not alive', async () => {
    const record = await start('mayfly', 'true');
    await expect.poll(() => isAlive(record)).toBe(false);
    expect(await table.list()).toEqual([record]);
  });

  test('a program that does not exist', async () => {
    await expect(start('ghost', '/no/such/program')).rejects.toThrow(LabError);
    expect(await table.list()).toEqual([]);
  });

  test('a torn record says nothing', async () => {
    const record = await start('whole', 'sleep', '60');
    await writeFile(join(directory, 'processes', 'torn.json'), '{"name":"torn","pid":');
    expect(await table.list()).toEqual([record]);
  });
});
