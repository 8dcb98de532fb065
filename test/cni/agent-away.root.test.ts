import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { prefix } from '../../src/net/prefix.ts';
import { CniNode } from '../support/cni-node.ts';

const single = { podCIDRs: [prefix('10.244.1.0/24')], mtu: 1500 };

const queue = (node: CniNode): readonly string[] => {
  const directory = path.join(path.dirname(node.socketPath), 'del-queue');
  return fs.existsSync(directory) ? fs.readdirSync(directory) : [];
};

test('a DEL while the agent is away is answered with success and carried out when it is back', async () => {
  await using node = await CniNode.create(single);
  await node.start();
  const [gone, kept] = [await node.pod(), await node.pod()];
  await node.add('gone', gone);
  await node.add('kept', kept);
  await node.stop('SIGKILL');

  // Runtimes come again, later ones without the namespace, and containerd gives CNI_ARGS in random order.
  const repeated = [
    [gone.path, 'IgnoreUnknown=1;K8S_POD_NAME=a'],
    [gone.path, 'K8S_POD_NAME=a;IgnoreUnknown=1'],
    ['', 'IgnoreUnknown=1;K8S_POD_NAME=a'],
  ] as const;
  for (const [netns, args] of repeated)
    expect(await node.del('gone', netns, { args })).toMatchObject({ exit: 0, stdout: '' });
  expect(queue(node)).toHaveLength(1);
  const file = path.join(path.dirname(node.socketPath), 'del-queue', queue(node)[0]!);
  expect(fs.statSync(file).mode & 0o777).toBe(0o600);
  await expect.poll(() => node.links()).toHaveLength(2);

  await node.start();
  // An ADD waits for what is queued, so the same container can come again (podman keeps IDs).
  expect(await node.add('gone', gone)).toMatchObject({
    exit: 0,
    json: { ips: [{ address: '10.244.1.4/32' }] },
  });
  expect(queue(node)).toEqual([]);
  await kept.exec('ping', '-c1', '-W2', '192.0.2.10');
});

test('ADD while the agent is away says what it waits for, in the version of the caller', async () => {
  await using node = await CniNode.create(single);
  const answer = await node.add('c1', await node.pod(), { config: { cniVersion: '0.4.0' } });
  expect(answer).toMatchObject({ exit: 1, json: { cniVersion: '0.4.0', code: 11 } });
  expect(answer.json.details).toContain(`socket ${node.socketPath}: there is no such socket`);
});

test('STATUS is good while ready, forgives a restart, and is bad when nobody was ready lately', async () => {
  await using node = await CniNode.create(single);
  const status = async (): Promise<unknown> => {
    const { exit, json } = await node.call({ command: 'STATUS' });
    return exit === 0 ? 'ready' : json.code;
  };
  expect(await status()).toBe(50);
  await node.start();
  expect(await status()).toBe('ready');
  await node.stop('SIGKILL');
  expect(await status()).toBe('ready');
  await node.start({ config: { ...single, notReady: 'the node list is not read yet' } });
  expect(await status()).toBe('ready');
  expect(await node.add('c1', await node.pod())).toMatchObject({ exit: 1, json: { code: 11 } });
  await node.tell({ config: single });
  await node.tell({ config: { ...single, podCIDRs: [] } });
  expect(await status()).toBe(50);
  await node.stop();
  const heartbeat = path.join(path.dirname(node.socketPath), 'heartbeat');
  fs.utimesSync(heartbeat, 1, 1);
  expect(await status()).toBe(50);
});

test('an agent that is about to stop refuses ADD, still does DEL, and leaves no socket', async () => {
  await using node = await CniNode.create(single);
  await node.start();
  const pod = await node.pod();
  await node.add('c1', pod);
  await node.tell({ drain: 'the agent is stopping' });
  const refused = await node.add('c2', await node.pod());
  expect(refused).toMatchObject({ exit: 1, json: { code: 11, details: 'the agent is stopping' } });
  expect(await node.call({ command: 'STATUS' })).toMatchObject({ exit: 0 });
  expect(await node.del('c1', pod.path)).toMatchObject({ exit: 0 });
  await expect.poll(() => node.links()).toEqual([]);
  await node.stop();
  expect(fs.existsSync(node.socketPath)).toBe(false);
});

test('no podCIDR yet: ADD says so', async () => {
  await using node = await CniNode.create({ podCIDRs: [], mtu: 1500 });
  await node.start();
  const answer = await node.add('c1', await node.pod());
  expect(answer).toMatchObject({ exit: 1, json: { code: 11, details: 'this node has no podCIDR' } });
});
