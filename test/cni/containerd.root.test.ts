import fs from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AgentNode, nodeManifest } from '../support/agent-node.ts';
import { Containerd } from '../support/containerd.ts';
import { createNetns, type TestNetns } from '../support/netns.ts';

let outside: TestNetns;

beforeAll(async () => {
  outside = await createNetns();
});
afterAll(() => outside.remove());

/** A node with containerd, and an agent that is not started yet. */
async function containerdNode() {
  await using cleanup = new AsyncDisposableStack();
  const node = cleanup.use(await AgentNode.create(outside, ['192.0.2.10/24', '2001:db8::10/64']));
  node.write(
    'a.yaml',
    nodeManifest('node-a', ['10.244.1.0/24', 'fd00:244:1::/64'], ['192.0.2.10', '2001:db8::10']),
  );
  await node.gryphon('install-cni', '--cni-bin-dir', node.path('bin'));
  // Pods get their loopback from a plugin of this name; what it does is not our concern.
  fs.writeFileSync(
    node.path('bin/loopback'),
    '#!/bin/sh\n[ "$CNI_COMMAND" = DEL ] || echo "{\\"cniVersion\\":\\"0.3.1\\",\\"interfaces\\":[{\\"name\\":\\"lo\\"}],\\"ips\\":[]}"\n',
    { mode: 0o755 },
  );
  const containerd = cleanup.use(
    await Containerd.create({
      netns: node.netns.path,
      binDir: node.path('bin'),
      confDir: node.path('net.d'),
      directory: node.path('containerd'),
    }),
  );
  const startAgent = () => node.startBy(containerd.entrance, 'node-a', '--bgp', 'off');
  return { node, containerd, cri: containerd.cri, startAgent, all: cleanup.move() };
}

const links = async (node: AgentNode): Promise<readonly string[]> =>
  (await node.netns.ip('-brief link')).split('\n').filter((line) => line.startsWith('gryp'));

test('containerd: ready by itself, sandboxes of both families, restarts of either side, an agent that is away', async () => {
  const { node, containerd, cri, startAgent, all } = await containerdNode();
  await using _ = all;
  const ping = (to: string) => node.netns.exec('ping', '-c1', '-W2', to);

  expect(await cri.networkProblem()).toContain('cni plugin not initialized');
  startAgent();
  await node.until('NetworkReady', async () => (await cri.networkProblem()) === undefined);

  const a = await containerd.run('a');
  expect(await cri.status(a)).toEqual({ ready: true, ips: ['10.244.1.2', 'fd00:244:1::2'] });
  await ping('10.244.1.2');
  await ping('fd00:244:1::2');

  await containerd.stop();
  await ping('10.244.1.2');
  await containerd.start();
  expect(await cri.status(a)).toMatchObject({ ready: true, ips: ['10.244.1.2', 'fd00:244:1::2'] });

  await node.stop();
  await ping('fd00:244:1::2');
  const refused = containerd.run('refused');
  await expect(refused).rejects.toThrow('the Gryphon agent does not answer, try again later');
  await cri.stop(a);
  await cri.stop(a);
  await cri.remove(a);
  // No address is taken for ever: the agent carries out what was queued.
  startAgent();
  await node.until('ready again', async () => (await node.status()).ready);
  await node.until(
    'the address of a is free',
    async () => !(await node.gryphon('pods')).includes('10.244.1.2'),
  );

  const b = await containerd.run('b');
  expect((await cri.status(b)).ips).toEqual(['10.244.1.3', 'fd00:244:1::3']);
  await cri.stop(b);
  await cri.remove(b);
  expect(await links(node)).toEqual([]);
});

test('containerd: twenty sandboxes at once', async () => {
  const { node, containerd, cri, startAgent, all } = await containerdNode();
  await using _ = all;
  startAgent();
  await node.until('NetworkReady', async () => (await cri.networkProblem()) === undefined);
  const ids = await Promise.all(Array.from({ length: 20 }, (_unused, i) => containerd.run(`pod-${i}`)));
  const ips = (await Promise.all(ids.map((id) => cri.status(id)))).flatMap((status) => status.ips);
  expect(new Set(ips).size).toBe(40);
  expect(await links(node)).toHaveLength(20);
  await Promise.all(ids.map((id) => cri.stop(id)));
  await Promise.all(ids.map((id) => cri.remove(id)));
  expect(await links(node)).toEqual([]);
  await expect
    .poll(async () => (await node.status()).problems.map(({ code, message }) => `${code} ${message}`))
    .toEqual([]);
});
