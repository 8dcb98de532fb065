import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Outcome } from '../../src/cni/operations/dispatcher.ts';
import {
  decodeFrame,
  encodeFrame,
  encodeRequest,
  frameTag,
  type ShimRequest,
} from '../../src/cni/protocol/frame.ts';
import { CniServer } from '../../src/cni/server.ts';
import { silentLog } from '../../src/ports/log.ts';
import { FakeClock } from '../support/fake-clock.ts';

let directory: string;
let socketPath: string;
let server: CniServer;
let clock: FakeClock;
let handle: (request: ShimRequest, caller: AbortSignal) => Promise<Outcome>;
const open: net.Socket[] = [];

beforeEach(async () => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'gry-server-'));
  socketPath = path.join(directory, 'run/cni.sock');
  clock = new FakeClock();
  handle = async ({ stdin }) => ({ answer: { exit: 0, output: stdin } });
  server = newServer();
  await server.listen();
});
afterEach(async () => {
  for (const socket of open.splice(0)) socket.destroy();
  await server.close();
  fs.rmSync(directory, { recursive: true, force: true });
});

const newServer = (): CniServer =>
  new CniServer({ socketPath, clock, log: silentLog, handle: (request, caller) => handle(request, caller) });

async function connect(): Promise<net.Socket> {
  const socket = net.connect({ path: socketPath });
  open.push(socket);
  await once(socket, 'connect');
  // A server that closes early resets; only what it said before counts.
  socket.on('error', () => {});
  return socket;
}

/** Everything the server says, as `exit output`, or `nothing`. */
async function answerOn(socket: net.Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  await new Promise((resolve) => socket.once('close', resolve));
  const decoded = decodeFrame(Buffer.concat(chunks));
  if (decoded.kind !== 'frame') return 'nothing';
  const field = (tag: number): Buffer => Buffer.from(decoded.fields.find((f) => f.tag === tag)?.bytes ?? []);
  return `${field(frameTag.exit)[0]} ${field(frameTag.output).toString()}`;
}

async function ask(bytes: Buffer): Promise<string> {
  const socket = await connect();
  socket.write(bytes);
  return await answerOn(socket);
}

const request = (stdin: string): Buffer => encodeRequest({ environment: new Map(), stdin });

test('one request, one answer, also when it comes byte by byte', async () => {
  expect(await ask(request('hello'))).toBe('0 hello');
  const socket = await connect();
  const answer = answerOn(socket);
  for (const byte of request('slowly')) {
    socket.write(Uint8Array.of(byte));
    await new Promise(setImmediate);
  }
  expect(await answer).toBe('0 slowly');
});

test('socket and directory belong to root alone, whatever the umask', () => {
  expect(fs.statSync(socketPath).mode & 0o777).toBe(0o600);
  expect(fs.statSync(path.dirname(socketPath)).mode & 0o777).toBe(0o700);
});

test('a socket that a dead agent left is replaced; a living agent is not', async () => {
  await expect(newServer().listen()).rejects.toMatchObject({ code: 'GRY_CNI_SOCKET' });
  expect(await ask(request('still there'))).toBe('0 still there');
  await server.close();
  expect(fs.existsSync(socketPath)).toBe(false);
  fs.writeFileSync(socketPath, 'left behind');
  server = newServer();
  await server.listen();
  expect(await ask(request('new'))).toBe('0 new');
});

test('a path that no socket can have is told', async () => {
  const long = new CniServer({
    socketPath: `/tmp/${'x'.repeat(100)}/cni.sock`,
    clock,
    log: silentLog,
    handle,
  });
  await expect(long.listen()).rejects.toMatchObject({
    code: 'GRY_CNI_SOCKET',
    message: expect.stringContaining('103 bytes'),
  });
});

test('garbage and requests without end are refused, and others are served meanwhile', async () => {
  const slow = await connect();
  slow.write(request('half').subarray(0, 12));
  expect(await ask(Buffer.from('GET / HTTP/1.1\r\n\r\n'))).toContain('1 {"cniVersion":"1.0.0","code":100');
  const endless = encodeFrame([{ tag: frameTag.stdin, bytes: Buffer.alloc(2 << 20) }]);
  expect(await ask(endless)).toContain('malformed or too long');
  expect(await ask(request('me'))).toBe('0 me');
});

test('a caller that does not send its request is cut off', async () => {
  const socket = await connect();
  const answer = answerOn(socket);
  socket.write(request('half').subarray(0, 12));
  await expect.poll(() => clock.pending).toBe(1);
  clock.advance(10_000);
  expect(await answer).toBe('nothing');
});

test('a request that has come is served however late this process looks', async () => {
  const socket = await connect();
  const answer = answerOn(socket);
  await expect.poll(() => clock.pending).toBe(1);
  // As after a standstill: in the phase of timers, time is over, and the bytes are with the kernel, where nobody has read them.
  await new Promise((resolve) => setTimeout(resolve, 5));
  socket.write(request('hello'));
  clock.advance(10_000);
  expect(await answer).toBe('0 hello');
});

test('a plugin of another major version is told so; one of a newer minor version is served', async () => {
  const fields = [
    { tag: 0x71, bytes: Buffer.from('to come') },
    { tag: frameTag.stdin, bytes: Buffer.from('hi') },
  ];
  expect(await ask(encodeFrame(fields, { major: 2, minor: 0 }))).toContain(
    'the plugin speaks protocol 2, the agent 1',
  );
  expect(await ask(encodeFrame(fields, { major: 1, minor: 9 }))).toBe('0 hi');
});

test('a caller that goes away is noticed, and what was done for it is undone', async () => {
  const events: string[] = [];
  const { promise: gone, resolve } = Promise.withResolvers<void>();
  handle = async (_, caller) => {
    caller.addEventListener('abort', () => resolve());
    await gone;
    events.push('gone');
    const undo = async (): Promise<void> => void events.push('undone');
    return { answer: { exit: 0, output: 'too late' }, undo };
  };
  const socket = await connect();
  socket.write(request('add'));
  await expect.poll(() => clock.pending).toBe(0);
  socket.destroy();
  await expect.poll(() => events).toEqual(['gone', 'undone']);
});

test('a caller that dies with the answer unread has not heard it', async () => {
  const events: string[] = [];
  const undo = async (): Promise<void> => void events.push('undone');
  handle = async () => {
    events.push('answered');
    return { answer: { exit: 0, output: 'nobody reads this' }, undo };
  };
  const socket = net.connect({ path: socketPath }).pause();
  open.push(socket);
  socket.write(request('hello'));
  await expect.poll(() => events).toEqual(['answered']);
  // The answer lies in the caller's buffer by now.
  await new Promise((resolve) => setTimeout(resolve, 50));
  socket.destroy();
  await expect.poll(() => events).toEqual(['answered', 'undone']);
});

test('a caller that never goes is cut off after its answer', async () => {
  const socket = net.connect({ path: socketPath, allowHalfOpen: true });
  open.push(socket);
  const answer = answerOn(socket);
  socket.write(request('hello'));
  await once(socket, 'end');
  await expect.poll(() => clock.pending).toBe(1);
  clock.advance(5000);
  await expect.poll(() => clock.pending).toBe(0);
  socket.destroy();
  expect(await answer).toBe('0 hello');
});

test('a caller that never goes holds the end up for half a second only, whenever its answer came', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const asked: string[] = [];
  handle = async ({ stdin }) => {
    asked.push(stdin);
    if (stdin === 'late') await promise;
    return { answer: { exit: 0, output: stdin } };
  };
  const lingering = (stdin: string): net.Socket => {
    const socket = net.connect({ path: socketPath, allowHalfOpen: true });
    open.push(socket);
    socket.write(request(stdin));
    return socket.resume();
  };
  await once(lingering('early'), 'end');
  const late = lingering('late');
  await expect.poll(() => asked).toEqual(['early', 'late']);
  let closed = false;
  const closing = server.close().then(() => (closed = true));
  await clock.advanceAsync(499);
  resolve();
  await once(late, 'end');
  await clock.advanceAsync(1);
  expect(closed).toBe(false);
  await clock.advanceAsync(499);
  await closing;
  expect(clock.pending).toBe(0);
});

test('an answer that was heard is not undone', async () => {
  let undone = false;
  const undo = async (): Promise<void> => {
    undone = true;
  };
  handle = async () => ({ answer: { exit: 0, output: 'done' }, undo });
  expect(await ask(request('add'))).toBe('0 done');
  await server.close();
  expect(undone).toBe(false);
});

test('closing waits for answers that are due and cuts off who has not asked yet', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  let asked = false;
  handle = async () => {
    asked = true;
    await promise;
    return { answer: { exit: 0, output: 'at last' } };
  };
  const idle = answerOn(await connect());
  const answer = ask(request('add'));
  await expect.poll(() => asked).toBe(true);
  const closed = server.close();
  expect(fs.existsSync(socketPath)).toBe(false);
  resolve();
  expect(await answer).toBe('0 at last');
  await closed;
  expect(await idle).toBe('nothing');
});
