import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Attachment } from '../../src/ipam/attachment.ts';
import { Journal } from '../../src/ipam/journal.ts';
import {
  decodeRecord,
  encodeHeader,
  encodeRecord,
  type JournalRecord,
} from '../../src/ipam/journal-record.ts';
import { replayJournal } from '../../src/ipam/journal-state.ts';
import { type Address, address } from '../../src/net/address.ts';
import { watchSyncs } from '../support/syncs.ts';

let directory: string;
let file: string;
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'gry-journal-'));
  file = path.join(directory, 'state/ipam.journal');
});
afterEach(() => {
  vi.restoreAllMocks();
  fs.rmSync(directory, { recursive: true, force: true });
});

const attachment = (containerID: string, ...addresses: readonly string[]): Attachment => ({
  network: 'gryphon',
  containerID,
  ifname: 'eth0',
  addresses: addresses.map(address),
  hostLink: 'gryp0123456789a',
  pod: { namespace: 'default', name: 'web-0', uid: '7d1' },
  createdAt: 1_700_000_000_000,
  state: 'reserved',
});

const id = (containerID: string): string => `gryphon/${containerID}/eth0`;

const history: readonly JournalRecord[] = [
  { kind: 'take', attachment: attachment('a', '10.0.0.2', 'fd00::2') },
  { kind: 'ready', id: id('a') },
  { kind: 'take', attachment: attachment('b', '10.0.0.3', 'fd00::3') },
  { kind: 'free', id: id('a'), at: 1_700_000_001_000 },
  { kind: 'ready', id: id('b') },
  { kind: 'rest', address: address('10.0.0.9'), at: 1_700_000_002_000 },
  { kind: 'take', attachment: attachment('c', '10.0.0.2', 'fd00::4') },
  { kind: 'leave', id: id('c') },
];

const open = (boot = 'boot-1'): ReturnType<typeof Journal.open> => Journal.open(file, boot);

function write(records = history): void {
  const { journal } = open();
  for (const record of records) journal.append(record);
  journal.close();
}

test.each(history)('$kind is read as it was written', (record) => {
  expect(decodeRecord(encodeRecord(record).trimEnd())).toEqual(record);
});

test('a line as it stands on disk', () => {
  expect(encodeRecord({ kind: 'ready', id: id('a') })).toBe(
    '4db2d0ea {"kind":"ready","id":"gryphon/a/eth0"}\n',
  );
});

test('a reopened journal tells what its lines amount to', () => {
  write();
  expect(open().state).toMatchObject({
    attachments: new Map([
      [id('b'), { ...attachment('b', '10.0.0.3', 'fd00::3'), state: 'configured' }],
      [id('c'), { ...attachment('c', '10.0.0.2', 'fd00::4'), state: 'detaching' }],
    ]),
    resting: new Map<Address, number>([
      [address('fd00::2'), 1_700_000_001_000],
      [address('10.0.0.9'), 1_700_000_002_000],
    ]),
    damaged: 0,
    lines: 8,
  });
});

test('only root can read it', () => {
  write();
  expect(fs.statSync(file).mode & 0o777).toBe(0o600);
  expect(fs.statSync(path.dirname(file)).mode & 0o777).toBe(0o700);
});

test('what another boot wrote is void, and so is a file without its header', () => {
  write();
  expect(open('boot-2').state.attachments.size).toBe(0);
  expect(open('boot-1').state.attachments.size).toBe(0);
  fs.writeFileSync(file, history.map(encodeRecord).join(''));
  expect(open().state.attachments.size).toBe(0);
});

test('cut at every byte: the facts before the cut, and appending goes on', () => {
  write();
  const whole = fs.readFileSync(file);
  const ends = [...whole.entries()].filter(([, byte]) => byte === 10).map(([at]) => at + 1);
  for (let cut = ends[0]!; cut <= whole.length; cut++) {
    fs.writeFileSync(file, whole.subarray(0, cut));
    const kept = ends.filter((end) => end <= cut).length - 1;
    const { journal, state } = open();
    expect(state, `cut at ${cut}`).toMatchObject({ lines: kept, damaged: 0 });
    expect(state.attachments).toEqual(replay(history.slice(0, kept)));
    journal.append({ kind: 'take', attachment: attachment('new', '10.0.0.7') });
    journal.close();
    expect(open().state.attachments.has(id('new'))).toBe(true);
  }
});

function replay(records: readonly JournalRecord[]): unknown {
  const text = encodeHeader('boot') + records.map(encodeRecord).join('');
  return replayJournal(Buffer.from(text), 'boot')?.attachments;
}

test('any byte changed: one line is lost and counted, never two owners of one address', () => {
  write();
  const whole = fs.readFileSync(file);
  const start = whole.indexOf(10) + 1;
  for (let at = start; at < whole.length - 1; at++) {
    const bytes = Buffer.from(whole);
    bytes[at] = bytes[at]! ^ 0x01;
    const state = replayJournal(bytes, 'boot-1')!;
    expect(state.damaged, `byte ${at}`).toBeGreaterThan(0);
    const addresses = [...state.attachments.values()].flatMap((a) => a.addresses);
    expect(new Set(addresses).size, `byte ${at}`).toBe(addresses.length);
  }
});

test('a disk that is full: the error is typed, and the file stays as it was', () => {
  const { journal } = open();
  journal.append(history[0]!);
  const before = fs.readFileSync(file);
  const full = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
  vi.spyOn(fs, 'writeSync').mockImplementationOnce((fd) => {
    fs.ftruncateSync(fd, before.length + 5);
    throw full;
  });
  expect(() => journal.append(history[1]!)).toThrow(expect.objectContaining({ code: 'GRY_IPAM_JOURNAL' }));
  expect(fs.readFileSync(file)).toEqual(before);
  journal.append(history[1]!);
  journal.close();
  expect(open().state.attachments.get(id('a'))).toMatchObject({ state: 'configured' });
});

test('compaction keeps what is needed and what is appended meanwhile', async () => {
  const { journal } = open();
  for (let i = 0; i < 600; i++) {
    journal.append({ kind: 'take', attachment: attachment('a', '10.0.0.2') });
    journal.append({ kind: 'free', id: id('a'), at: i });
  }
  expect(journal.wantsCompaction(1)).toBe(true);
  const compaction = journal.compact([{ kind: 'rest', address: address('10.0.0.2'), at: 599 }]);
  expect(journal.wantsCompaction(1)).toBe(false);
  journal.append({ kind: 'take', attachment: attachment('b', '10.0.0.3') });
  await compaction;
  journal.append({ kind: 'ready', id: id('b') });
  journal.close();
  const { state } = open();
  expect(state).toMatchObject({ lines: 3, damaged: 0 });
  expect(state.attachments.get(id('b'))).toMatchObject({ state: 'configured' });
  expect([...state.resting]).toEqual([['10.0.0.2', 599]]);
  expect(fs.readdirSync(path.dirname(file))).toEqual(['ipam.journal']);
});

test('a compaction that fails leaves the old file in use', async () => {
  const { journal } = open();
  journal.append(history[0]!);
  vi.spyOn(fs, 'renameSync').mockImplementationOnce(() => {
    throw new Error('EIO');
  });
  await expect(journal.compact([])).rejects.toMatchObject({ code: 'GRY_IPAM_JOURNAL' });
  journal.append(history[1]!);
  journal.close();
  expect(open().state.attachments.get(id('a'))).toMatchObject({ state: 'configured' });
});

test('compaction: the new file is on disk before it takes the place of the old one, and then its name', async () => {
  const { journal } = open();
  for (const record of history) journal.append(record);
  const before = fs.statSync(file).ino;
  const syncs = await watchSyncs(() => fs.statSync(file).ino === before);
  await journal.compact(history);
  expect(syncs).toEqual([
    ['ipam.journal.new', true],
    ['state', false],
  ]);
  journal.close();
});
