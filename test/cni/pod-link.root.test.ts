import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { expect, test } from 'vitest';
import { prefix } from '../../src/net/prefix.ts';
import { CniNode } from '../support/cni-node.ts';
import type { TestNetns } from '../support/netns.ts';

const MTU = 1450;
const dual = { podCIDRs: [prefix('10.244.1.0/24'), prefix('fd00:244:1::/64')], mtu: MTU };
const IFA_F_TENTATIVE = 0x40;

async function nodeWithPods() {
  await using cleanup = new AsyncDisposableStack();
  const node = cleanup.use(await CniNode.create(dual));
  await node.start();
  const [a, b] = [await node.pod(), await node.pod()];
  for (const [id, pod] of [
    ['a', a],
    ['b', b],
  ] as const)
    expect((await node.add(id, pod)).exit).toBe(0);
  return { node, a, b, all: cleanup.move() };
}

test('no address waits for duplicate-address detection, at either end, when ADD has been answered', async () => {
  const { node, a, all } = await nodeWithPods();
  await using _ = all;
  const ours = (netns: TestNetns, name: RegExp) => {
    const links = new Set(
      netns.netlink
        .links()
        .filter((link) => name.test(link.name))
        .map(({ index }) => index),
    );
    return netns.netlink.addresses(6).filter(({ link }) => links.has(link));
  };
  const addresses = [...ours(a, /^eth0$/), ...ours(node.netns, /^gryp/)];
  // The pod's own, and at each of two host ends the gateway.
  expect(addresses.length).toBeGreaterThanOrEqual(3);
  expect(addresses.filter(({ flags }) => (flags & IFA_F_TENTATIVE) !== 0)).toEqual([]);
});

test('the IPv6 gateway is known from the start, and answers when a pod has forgotten it', async () => {
  const { a, all } = await nodeWithPods();
  await using _ = all;
  const gateway = 'fe80::ecee:eeff:feee:eeee';
  expect(await a.ip('-6 neigh show dev eth0')).toContain(`${gateway} lladdr ee:ee:ee:ee:ee:ee PERMANENT`);
  await a.ip(`-6 neigh del ${gateway} dev eth0`);
  await a.exec('ping', '-c1', '-W2', '2001:db8::10');
  expect(await a.ip('-6 neigh show dev eth0')).toContain(
    `${gateway} lladdr ee:ee:ee:ee:ee:ee router REACHABLE`,
  );
});

/** What a pod hears on TCP port 7000: how many bytes, and their SHA-256. */
const listener = `
const hash = require('crypto').createHash('sha256');
let length = 0;
require('net').createServer((socket) => {
  socket.on('data', (chunk) => { hash.update(chunk); length += chunk.length; });
  socket.on('end', () => { console.log(length + ' ' + hash.digest('hex')); process.exit(0); });
}).listen(7000, '::', () => console.log('up'));`;

const sender = (host: string, length: number): string => `
const socket = require('net').connect(7000, '${host}');
socket.end(Buffer.alloc(${length}, 'large segments '));`;

/** Starts a program in a namespace and gives its lines as they come. */
function start(netns: TestNetns, ...argv: readonly string[]) {
  const child = spawn('nsenter', [`--net=${netns.path}`, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  const take = (text: string): void => void lines.push(...text.split('\n').filter((line) => line !== ''));
  child.stdout.setEncoding('utf8').on('data', take);
  child.stderr.setEncoding('utf8').on('data', take);
  return { lines, [Symbol.dispose]: () => void child.kill('SIGKILL') };
}

test.each([
  ['IPv4', '10.244.1.3'],
  ['IPv6', 'fd00:244:1::3'],
])('segments larger than the MTU cross the pod links, and every byte arrives: %s', async (_, host) => {
  const { node, a, b, all } = await nodeWithPods();
  await using _all = all;
  const links = await node.links();
  const length = 8 << 20;
  using server = start(b, process.execPath, '-e', listener);
  await expect.poll(() => server.lines, { timeout: 10_000 }).toEqual(['up']);
  using captures = new DisposableStack();
  // At both host ends, so on the way out of one pod and into the other.
  const seen = links.map((link) =>
    captures.use(
      start(
        node.netns,
        'tcpdump',
        '-lnq',
        '-i',
        link,
        '-s',
        '96',
        '-c',
        '50',
        `tcp dst port 7000 and greater ${2 * MTU}`,
      ),
    ),
  );
  for (const { lines } of seen)
    await expect.poll(() => lines.join(), { timeout: 10_000 }).toContain('listening on');
  await a.exec(process.execPath, '-e', sender(host, length));
  const digest = createHash('sha256').update(Buffer.alloc(length, 'large segments ')).digest('hex');
  await expect.poll(() => server.lines, { timeout: 20_000 }).toEqual(['up', `${length} ${digest}`]);
  // tcpdump tells in its own time.
  for (const { lines } of seen)
    await expect.poll(() => lines.filter((line) => line.includes('.7000')).length).toBeGreaterThan(10);
});

test('pods sit on no bridge: br_netfilter is neither needed nor loaded nor changed', async () => {
  const settings = (): readonly string[] => {
    const directory = '/proc/sys/net/bridge';
    return fs.existsSync(directory)
      ? fs.readdirSync(directory).map((name) => `${name} ${fs.readFileSync(`${directory}/${name}`, 'utf8')}`)
      : [];
  };
  const before = settings();
  const { node, a, all } = await nodeWithPods();
  await using _ = all;
  await a.exec('ping', '-c1', '-W2', '10.244.1.3');
  expect(settings()).toEqual(before);
  expect(
    node.netns.netlink.links().filter(({ kind, master }) => kind === 'bridge' || master !== undefined),
  ).toEqual([]);
});
