import { afterAll, beforeAll, expect, test } from 'vitest';
import { AgentNode, nodeManifest } from '../support/agent-node.ts';
import { imagePort } from '../support/container-image.ts';
import { Containerd } from '../support/containerd.ts';
import { createNetns, type TestNetns } from '../support/netns.ts';

/** Where Debian puts the reference plugins. */
const plugins = process.env['GRYPHON_TEST_CNI_PLUGINS'] ?? '/usr/lib/cni';

let outside: TestNetns;

beforeAll(async () => {
  outside = await createNetns();
});
afterAll(() => outside.remove());

/** A node with containerd, and an agent that is not started yet. */
async function containerdNode() {
  await using cleanup = new AsyncDisposableStack();
  const node = cleanup.use(
    await AgentNode.create(outside, ['192.0.2.10/24', '2001:db8::10/64'], ['192.0.2.1/24', '2001:db8::1/64']),
  );
  node.write(
    'a.yaml',
    nodeManifest('node-a', ['10.244.1.0/24', 'fd00:244:1::/64'], ['192.0.2.10', '2001:db8::10']),
  );
  await node.gryphon('install-cni', '--cni-bin-dir', node.path('bin'), '--cni-plugin-dir', plugins);
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
  await expect.poll(() => links(node)).toEqual([]);
});

test('containerd: host ports from another machine, from the node and over loopback, through restarts; none is left', async () => {
  const { node, containerd, cri, startAgent, all } = await containerdNode();
  await using _ = all;
  startAgent();
  await node.until('NetworkReady', async () => (await cri.networkProblem()) === undefined);
  const hello = async (from: TestNetns, host: string): Promise<string> =>
    from.exec('curl', '-s', '--max-time', '3', `http://${host}:18080`);
  const heard = () =>
    Promise.all([
      hello(outside, '192.0.2.10'),
      hello(node.netns, '192.0.2.10'),
      hello(node.netns, '127.0.0.1'),
    ]);
  const everywhere = ['hello', 'hello', 'hello'];

  const web = await containerd.run('web', [{ hostPort: 18080, containerPort: imagePort }]);
  await expect.poll(heard).toEqual(everywhere);
  await containerd.stop();
  await containerd.start();
  expect(await heard(), 'after a restart of containerd').toEqual(everywhere);
  await node.stop('SIGKILL');
  expect(await heard(), 'while the agent is away').toEqual(everywhere);
  startAgent();
  await node.until('ready again', async () => (await node.status()).ready);
  expect(await heard(), 'after a restart of the agent').toEqual(everywhere);

  // The next one of the same port and the same pod, before the old one is removed: a StatefulSet's.
  await cri.stop(web);
  const next = await containerd.run('web-next', [{ hostPort: 18080, containerPort: imagePort }]);
  await cri.stop(web);
  await cri.remove(web);
  await expect.poll(heard).toEqual(everywhere);
  await cri.stop(next);
  await cri.stop(next);
  await cri.remove(next);
  await expect.poll(() => links(node)).toEqual([]);
  expect(await node.netns.exec('iptables-save')).not.toMatch(/18080/);
  expect(await node.gryphon('pods')).not.toContain('10.244.1.');
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
  await expect.poll(() => links(node)).toEqual([]);
  await expect
    .poll(async () => (await node.status()).problems.map(({ code, message }) => `${code} ${message}`))
    .toEqual([]);
});
