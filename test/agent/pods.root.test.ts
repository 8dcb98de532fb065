import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { commandRunner } from '../../src/lab/command.ts';
import { loadDefaultConfList } from '../../src/lab/conflist.ts';
import { CniRuntime, type Sandbox } from '../../src/lab/runtime.ts';
import { AgentNode, nodeManifest } from '../support/agent-node.ts';
import { createNetns, type TestNetns } from '../support/netns.ts';

let outside: TestNetns;

beforeAll(async () => {
  outside = await createNetns();
});
afterAll(() => outside.remove());

const own = nodeManifest('node-a', ['10.244.1.0/24', 'fd00:244:1::/64'], ['192.0.2.10', '2001:db8::10']);

/** A node that is ready for pods, and a runtime that calls its CNI plugin. */
async function podNode() {
  const node = await AgentNode.create(outside, ['192.0.2.10/24', '2001:db8::10/64']);
  node.write('a.yaml', own);
  await node.gryphon('install-cni', '--cni-bin-dir', node.path('bin'));
  node.start('node-a', '--bgp', 'off');
  const list = await node.until('the conflist', () => loadDefaultConfList(node.path('net.d')));
  const runtime = new CniRuntime({
    run: commandRunner({ PATH: process.env['PATH'] ?? '' }),
    launcher: ['nsenter', `--net=${node.netns.path}`, '--'],
    binDir: node.path('bin'),
    cacheDir: node.path('cache'),
    path: '/usr/sbin:/usr/bin:/sbin:/bin',
  });
  return { node, list, runtime };
}

const sandbox = (netns: TestNetns, n: number): Sandbox => ({
  containerID: createHash('sha256').update(`${netns.name} ${n}`).digest('hex'),
  netns: netns.path,
  ifname: 'eth0',
  pod: { namespace: 'default', name: `pod-${n}`, uid: `uid-${n}` },
});

it('a pod has its routes from ADD to DEL without a gap, also under the container ID of a pod before it', async () => {
  const { node, list, runtime } = await podNode();
  await using _ = node;
  using watch = node.watchRoutes();
  using netns = await createNetns();
  for (let i = 0; i < 30; i++) {
    const pod = sandbox(netns, i % 3);
    await runtime.add(list, pod);
    await runtime.check(list, pod);
    watch.lines.length = 0;
    // Long enough for every late event and pass that ADD has caused.
    await new Promise((resolve) => setTimeout(resolve, i % 2 === 0 ? 0 : 150));
    await runtime.check(list, pod);
    expect(watch.lines.filter((line) => line.startsWith('Deleted'))).toEqual([]);
    await runtime.del(list, pod);
  }
  expect((await node.status()).drivers.flatMap((d) => d.failures)).toEqual([]);
});

it('pods keep address and route over a restart, a kill and an agent that is away', async () => {
  const { node, list, runtime } = await podNode();
  await using _ = node;
  using netns = await createNetns();
  const pod = sandbox(netns, 0);
  await runtime.add(list, pod);
  const before = await netns.ip('-brief address show eth0');
  using watch = node.watchRoutes();
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    await node.stop(signal);
    await netns.exec('ping', '-c', '1', '-W', '2', '192.0.2.10');
    await netns.exec('ping', '-c', '1', '-W', '2', '2001:db8::10');
    node.start('node-a', '--bgp', 'off');
    await node.until('the first pass', async () => (await node.status()).ready);
    await runtime.check(list, pod);
  }
  expect(watch.lines).toEqual([]);
  expect(await netns.ip('-brief address show eth0')).toBe(before);
  const pods = await node.gryphon('pods');
  expect(pods).toContain('default/pod-0');
  using second = await createNetns();
  await runtime.add(list, sandbox(second, 1));
  expect(await second.ip('-brief -4 address show eth0')).not.toContain(/10\.244\.1\.\d+/.exec(before)?.[0]);
});
