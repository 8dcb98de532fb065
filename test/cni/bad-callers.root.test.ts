import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { encodeFrame, encodeRequest, frameTag } from '../../src/cni/protocol/frame.ts';
import { prefix } from '../../src/net/prefix.ts';
import { CniNode } from '../support/cni-node.ts';

const dual = { podCIDRs: [prefix('10.244.1.0/24'), prefix('fd00:244:1::/64')], mtu: 1450 };

const request = encodeRequest({ environment: new Map([['CNI_COMMAND', 'ADD']]), stdin: '{}' });
const endless = encodeFrame([{ tag: frameTag.stdin, bytes: Buffer.alloc(3 << 20, 'x') }]);

/** Descriptors that the first ADD and DEL open for ever, and some to spare: few beside three hundred. */
const OPENED_AT_FIRST_USE = 10;

/** What callers do that are broken, hang, or mean harm. */
const badHabits: Readonly<Record<string, (socket: net.Socket) => unknown>> = {
  'says nothing': () => {},
  'stops in the middle': (socket) => socket.write(request.subarray(0, 20)),
  'says something else': (socket) => socket.write('GET / HTTP/1.1\r\nHost: agent\r\n\r\n'),
  'sends more than anybody may': (socket) => socket.write(endless),
  'sends byte by byte': async (socket) => {
    for (const byte of request.subarray(0, -1)) {
      if (!socket.writable) return;
      socket.write(Uint8Array.of(byte));
      await pause(5);
    }
  },
  'asks and never reads': (socket) => socket.pause().write(request),
  'asks and goes': (socket) => socket.write(request, () => socket.destroy()),
};

test('callers that are broken, slow or endless, three hundred at once, disturb nobody and cost nothing for ever', async () => {
  await using node = await CniNode.create(dual, 0, 5);
  await node.start();
  const pods = await Promise.all(Array.from({ length: 6 }, () => node.pod()));
  const { descriptors } = await node.measure();
  await using cleanup = new AsyncDisposableStack();
  const habits = Object.values(badHabits);
  for (let i = 0; i < 300; i++) {
    const socket = net.connect({ path: node.socketPath });
    socket.on('error', () => {});
    cleanup.defer(() => void socket.destroy());
    await once(socket, 'connect');
    void habits[i % habits.length]?.(socket);
  }
  const answers = await Promise.all(pods.map((pod, i) => node.add(`c${i}`, pod)));
  expect(answers.map(({ exit }) => exit)).toEqual(pods.map(() => 0));
  expect(await node.call({ command: 'STATUS' })).toMatchObject({ exit: 0 });
  const gone = await Promise.all(pods.map((pod, i) => node.del(`c${i}`, pod.path)));
  expect(gone.map(({ exit }) => exit)).toEqual(pods.map(() => 0));
  // Who has not asked within the time that is given is cut off: nobody has to close for the agent to be rid of them.
  await expect
    .poll(async () => (await node.measure()).descriptors, { timeout: 15_000 })
    .toBeLessThan(descriptors + OPENED_AT_FIRST_USE);
  expect(node.log()).not.toContain('"level":"error"');
});

test('only root reaches the socket, whatever is done to its directory meanwhile', async () => {
  await using node = await CniNode.create(dual);
  await node.start();
  const directory = path.dirname(node.socketPath);
  const asNobody = (): Promise<string> =>
    execa(
      'setpriv',
      [
        '--reuid=65534',
        '--regid=65534',
        '--clear-groups',
        'curl',
        '-s',
        '--unix-socket',
        node.socketPath,
        'http://agent/',
      ],
      {
        reject: false,
      },
    ).then(({ exitCode }) => (exitCode === 7 ? 'refused' : `exit code ${exitCode}`));
  expect(fs.statSync(node.socketPath).mode & 0o777).toBe(0o600);
  expect(fs.statSync(directory).mode & 0o777).toBe(0o700);
  expect(await asNobody()).toBe('refused');
  // The directory above is open to all, and now this one too: the socket is not.
  fs.chmodSync(node.directory, 0o755);
  fs.chmodSync(directory, 0o755);
  expect(await asNobody()).toBe('refused');
  await node.stop();
  await node.start();
  expect(fs.statSync(directory).mode & 0o777).toBe(0o700);
});
