import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  decodeFrame,
  encodeAnswer,
  encodeFrame,
  frameTag,
  requestFromFields,
} from '../../src/cni/protocol/frame.ts';
import { supportedVersions } from '../../src/cni/protocol/version.ts';
import { buildShim, runShim, shim } from '../support/cni-node.ts';

/** The shim alone, against sockets whose other end does what it should not. Needs the compiler, not root. */

let directory: string;
let socketPath: string;
let server: net.Server | undefined;
const sockets: net.Socket[] = [];

beforeAll(buildShim);
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'gry-shim-'));
  socketPath = path.join(directory, 'cni.sock');
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server?.close();
  server = undefined;
  fs.rmSync(directory, { recursive: true, force: true });
});

/** An agent that answers each whole request by what `answer` gives, and closes. */
async function serve(answer: (request: Buffer) => Buffer | undefined): Promise<void> {
  server = net.createServer((socket) => {
    sockets.push(socket);
    const chunks: Buffer[] = [];
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      const request = Buffer.concat(chunks);
      if (decodeFrame(request).kind === 'incomplete') return;
      const bytes = answer(request);
      if (bytes !== undefined) socket.end(bytes);
    });
  });
  await new Promise<void>((resolve) => void server?.listen(socketPath, resolve));
}

const call = (command: string, stdin?: string): ReturnType<typeof runShim> =>
  runShim(socketPath, { command, containerID: 'c1', ...(stdin === undefined ? {} : { stdin }) });

test('VERSION needs nobody: the versions that the agent speaks, in the version of the caller', async () => {
  expect(await call('VERSION', '{"cniVersion":"0.4.0"}')).toMatchObject({
    exit: 0,
    json: { cniVersion: '0.4.0', supportedVersions },
  });
  expect((await call('VERSION', '')).json).toMatchObject({ cniVersion: '1.1.0', supportedVersions });
});

test('without a command it says what it is', async () => {
  const { exitCode, stderr, stdout } = await execa(shim, [], { extendEnv: false, env: {}, input: '' });
  expect([exitCode, stdout]).toEqual([0, '']);
  expect(stderr).toContain(`CNI protocol versions supported: ${supportedVersions.join(', ')}`);
});

test('environment and stdin arrive verbatim, the exit code and stdout come back so', async () => {
  let seen: unknown;
  await serve((bytes) => {
    const decoded = decodeFrame(bytes);
    if (decoded.kind === 'frame') seen = requestFromFields(decoded.fields);
    return encodeAnswer({ exit: 7, output: 'line\n"quoted" ü' });
  });
  const stdin = `{ "socket" : ${JSON.stringify(socketPath)}, "ü": [1e3, null] }\n`;
  expect(
    await execa(shim, [], {
      extendEnv: false,
      env: { CNI_COMMAND: 'ADD', CNI_ARGS: 'A=B;C=', HOME: '/' },
      input: stdin,
      reject: false,
    }),
  ).toMatchObject({
    exitCode: 7,
    stdout: 'line\n"quoted" ü',
  });
  expect(seen).toEqual({
    environment: new Map([
      ['CNI_COMMAND', 'ADD'],
      ['CNI_ARGS', 'A=B;C='],
    ]),
    stdin,
  });
});

test('an answer of a newer agent: fields that are not known are skipped', async () => {
  const fields = [
    { tag: 0x71, bytes: Buffer.from('to come') },
    { tag: frameTag.exit, bytes: Uint8Array.of(0) },
    { tag: frameTag.output, bytes: Buffer.from('{}') },
  ];
  await serve(() => encodeFrame(fields, { major: 3, minor: 1 }));
  expect(await call('ADD')).toMatchObject({ exit: 0, stdout: '{}' });
});

test('a mebibyte of configuration goes through, more is refused', async () => {
  await serve((bytes) => encodeAnswer({ exit: 0, output: `${bytes.length}` }));
  const stanza = `{"socket":${JSON.stringify(socketPath)},"x":"`;
  const filled = (length: number): string => `${stanza.padEnd(length - 2, 'x')}"}`;
  expect((await call('ADD', filled(1 << 20))).exit).toBe(0);
  expect(await call('ADD', filled((1 << 20) + 1))).toMatchObject({ exit: 1, json: { code: 6 } });
});

// What JSON.parse finds, the shim has to find; where there is no text under "socket", it takes its default path.
test.each<[string, (socket: string) => string]>([
  ['compact', (s) => `{"socket":"${s}"}`],
  ['with spaces', (s) => ` \n{ "a" : 1 ,\t"socket" : "${s}" }`],
  ['with escapes', (s) => `{"s\\u006fcket":"${s.replaceAll('/', '\\/').replace('c', '\\u0063')}"}`],
  ['behind nested objects', (s) => `{"a":{"socket":"/x","b":[{"socket":"/y"},[]]},"c":[],"socket":"${s}"}`],
  ['behind texts with braces', (s) => `{"a":"}],\\"socket\\":\\"/x\\"","socket":"${s}"}`],
  ['behind every scalar', (s) => `{"a":-1.5e+3,"b":true,"c":null,"d":"","socket":"${s}"}`],
  ['the last of two', (s) => `{"socket":"/x","socket":"${s}"}`],
])('the path of the socket is found: %s', async (_, stanza) => {
  await serve(() => encodeAnswer({ exit: 0, output: '{"found":true}' }));
  const text = stanza(socketPath);
  expect(JSON.parse(text)).toMatchObject({ socket: socketPath });
  expect(await call('ADD', text)).toMatchObject({ exit: 0, stdout: '{"found":true}' });
});

test.each<[string, string]>([
  ['not at the top level', '{"a":{"socket":"SOCKET"}}'],
  ['no text', '{"socket":["SOCKET"]}'],
  ['no object', '["socket","SOCKET"]'],
  ['too long for a socket', `{"socket":"SOCKET${'x'.repeat(120)}"}`],
  ['nothing', ''],
])('no path of a socket: %s', async (_, stanza) => {
  await serve(() => encodeAnswer({ exit: 0, output: 'found' }));
  const answer = await call('STATUS', stanza.replace('SOCKET', socketPath));
  expect(answer.json.details).toContain('/run/gryphon/cni.sock');
});

test.each<[string, () => Buffer]>([
  ['nothing', () => Buffer.alloc(0)],
  ['half an answer', () => encodeAnswer({ exit: 0, output: 'result' }).subarray(0, 20)],
  ['something else', () => Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ['no exit code', () => encodeFrame([])],
  [
    'a field longer than everything',
    () => Buffer.from('4752594300010000 4f ffffffff 00'.replaceAll(' ', ''), 'hex'),
  ],
])('an agent that answers %s: ADD is to be tried again, DEL is queued, STATUS is bad', async (_, answer) => {
  await serve(answer);
  expect(await call('ADD')).toMatchObject({ exit: 1, json: { code: 11 } });
  expect(await call('DEL')).toMatchObject({ exit: 0, stdout: '' });
  expect(fs.readdirSync(path.join(directory, 'del-queue'))).toHaveLength(1);
  expect(await call('STATUS')).toMatchObject({ exit: 1, json: { code: 50 } });
});

test('an agent that hangs does not hang STATUS', async () => {
  await serve(() => undefined);
  const start = performance.now();
  const answer = await call('STATUS');
  // It has 1.8 s, for runtimes that wait 2; a busy machine gets some more.
  expect(performance.now() - start).toBeLessThan(4_000);
  expect(answer).toMatchObject({ exit: 1, json: { code: 50 } });
  expect(answer.json.details).toContain('does not answer in time');
});

test('errors are JSON whatever the path holds', async () => {
  const stanza = JSON.stringify({ cniVersion: '0.3.1', socket: `${directory}/a"b\\c\n/cni.sock` });
  expect(await call('STATUS', stanza)).toMatchObject({ exit: 1, json: { cniVersion: '0.3.1', code: 50 } });
  expect(await call('ADD', '{"socket":"relative.sock"}')).toMatchObject({ exit: 1, json: { code: 7 } });
});

test('the queue is bounded; when it is full the runtime has to come again', async () => {
  const queue = path.join(directory, 'del-queue');
  fs.mkdirSync(queue);
  for (let i = 0; i < 256; i++) fs.writeFileSync(path.join(queue, `${i}`), '');
  const answer = await call('DEL');
  expect(answer).toMatchObject({ exit: 1, json: { code: 11 } });
  expect(answer.json.details).toContain('the DEL queue is full');
});

test('what is queued is the request itself, for root alone', async () => {
  await call('DEL');
  const queue = path.join(directory, 'del-queue');
  const [name] = fs.readdirSync(queue);
  const decoded = decodeFrame(fs.readFileSync(path.join(queue, name!)));
  expect(name).toMatch(/^[0-9a-f]{16}$/);
  expect(fs.statSync(queue).mode & 0o777).toBe(0o700);
  expect(
    decoded.kind === 'frame' && requestFromFields(decoded.fields).environment.get('CNI_CONTAINERID'),
  ).toBe('c1');
});
