import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DelQueue } from '../../src/cni/del-queue.ts';
import { encodeRequest } from '../../src/cni/protocol/frame.ts';
import { silentLog } from '../../src/ports/log.ts';
import { FakeClock } from '../support/fake-clock.ts';

let directory: string;
let queue: DelQueue;
let clock: FakeClock;
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'gry-queue-'));
  clock = new FakeClock();
  queue = new DelQueue(path.join(directory, 'cni.sock'), clock, silentLog);
});
afterEach(() => fs.rmSync(directory, { recursive: true, force: true }));

/** Leaves a file as the shim does. */
function leave(name: string, bytes: Buffer | string): void {
  fs.mkdirSync(path.join(directory, 'del-queue'), { recursive: true });
  fs.writeFileSync(path.join(directory, 'del-queue', name), bytes);
}
const request = (stdin: string): Buffer => encodeRequest({ environment: new Map(), stdin });
const files = (): readonly string[] => fs.readdirSync(path.join(directory, 'del-queue'));

async function drain(failing: readonly string[] = []): Promise<readonly string[]> {
  const seen: string[] = [];
  await queue.drain(async ({ stdin }) => {
    seen.push(stdin);
    if (failing.includes(stdin)) throw new Error('the kernel refuses');
  });
  return seen;
}

test('a queue that was never made is empty; one with a file is not, until its DEL is carried out', async () => {
  expect(queue.empty).toBe(true);
  expect(await drain()).toEqual([]);
  leave('1', request('1'));
  expect(queue.empty).toBe(false);
  await drain(['1']);
  expect(queue.empty).toBe(false);
  await drain();
  expect(queue.empty).toBe(true);
});

test('each is carried out once; one that fails stays and keeps nobody from being carried out', async () => {
  for (const name of ['1', '2', '3']) leave(name, request(name));
  expect((await drain(['2'])).toSorted()).toEqual(['1', '2', '3']);
  expect(files()).toEqual(['2']);
  expect(await drain()).toEqual(['2']);
  expect(files()).toEqual([]);
});

test('a hundred that take long take as long as one', async () => {
  for (let i = 0; i < 100; i++) leave(String(i), request(String(i)));
  const all = Promise.withResolvers<void>();
  let running = 0;
  const done = await queue.drain(async () => {
    if (++running === 100) all.resolve();
    await all.promise;
  });
  expect(done).toBe(100);
});

test('what is being written waits; what cannot be understood is dropped', async () => {
  leave('.4711', request('half').subarray(0, 9));
  leave('empty', '');
  leave('torn', request('torn').subarray(0, 9));
  leave('noise', 'noise');
  leave('huge', Buffer.alloc(3 << 20));
  leave('good', request('good'));
  expect(await drain()).toEqual(['good']);
  expect(files()).toEqual(['.4711']);
});

test('what a shim was writing when it was killed goes after a minute', async () => {
  leave('.4711', 'half');
  fs.utimesSync(path.join(directory, 'del-queue/.4711'), clock.now() / 1000, clock.now() / 1000);
  clock.advance(60_000);
  await drain();
  expect(files()).toEqual(['.4711']);
  clock.advance(1);
  await drain();
  expect(files()).toEqual([]);
});
