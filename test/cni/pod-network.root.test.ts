import { expect, test } from 'vitest';
import { prefix } from '../../src/net/prefix.ts';
import { AgentNode, nodeManifest } from '../support/agent-node.ts';
import { CniNode, runShim } from '../support/cni-node.ts';
import { createNetns } from '../support/netns.ts';

const dual = { podCIDRs: [prefix('10.244.1.0/24'), prefix('fd00:244:1::/64')], mtu: 1450 };

const lines = (text: string): readonly string[] =>
  text.split('\n').map((line) => line.trim().replaceAll(/ +/g, ' '));

test('a pod gets its link, addresses and routes; the node gets its routes; CHECK agrees; DEL leaves nothing', async () => {
  await using node = await CniNode.create(dual);
  await node.start();
  const pod = await node.pod();
  const added = await node.add('c1', pod, {
    args: 'IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web-0',
  });

  const [host] = await node.links();
  expect(added.exit).toBe(0);
  expect(added.json).toEqual({
    cniVersion: '1.1.0',
    interfaces: [
      { name: host, mac: 'ee:ee:ee:ee:ee:ee', mtu: 1450 },
      {
        name: 'eth0',
        mac: expect.stringMatching(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/),
        mtu: 1450,
        sandbox: pod.path,
      },
    ],
    ips: [
      { address: '10.244.1.2/32', interface: 1 },
      { address: 'fd00:244:1::2/128', interface: 1 },
    ],
  });
  expect(lines(await pod.ip('route'))).toEqual([
    'default via 169.254.1.1 dev eth0',
    '169.254.1.1 dev eth0 scope link',
  ]);
  expect(await pod.ip('-6 route show default')).toContain('default via fe80::ecee:eeff:feee:eeee dev eth0');
  expect(lines(await node.netns.ip('route show proto 71'))).toEqual([`10.244.1.2 dev ${host} scope link`]);
  expect(await node.netns.ip('-6 route show proto 71')).toContain(`fd00:244:1::2 dev ${host}`);
  expect(await node.netns.ip(`link show ${host}`)).toContain('alias gryphon:gryphon/c1/eth0');
  const check = { command: 'CHECK', containerID: 'c1', netns: pod.path, config: { prevResult: added.json } };
  expect(await node.call(check)).toMatchObject({ exit: 0, stdout: '' });

  expect(await node.del('c1', pod.path)).toMatchObject({ exit: 0, stdout: '' });
  await expect.poll(() => node.links()).toEqual([]);
  expect(await node.netns.ip('route show proto 71')).toBe('');
  expect(await pod.ip('-brief link')).not.toContain('eth0');
  expect(await node.del('c1', pod.path)).toMatchObject({ exit: 0, stdout: '' });
});

test('packets flow at once: pod to node, node to pod, pod to pod, both families; the gateway never becomes a source', async () => {
  await using node = await CniNode.create(dual);
  await node.start();
  const [a, b] = [await node.pod(), await node.pod()];
  await node.add('a', a);
  await node.add('b', b);
  const ping = (from: typeof a, to: string): Promise<string> => from.exec('ping', '-c1', '-W2', to);
  await ping(a, '192.0.2.10');
  await ping(a, '2001:db8::10');
  await ping(a, '10.244.1.3');
  await ping(a, 'fd00:244:1::3');
  await ping(node.netns, '10.244.1.2');
  await ping(node.netns, 'fd00:244:1::2');
  expect(await node.netns.ip('route get 10.244.1.2')).toContain('src 192.0.2.10');
  expect(await node.netns.ip('-6 route get fd00:244:1::2')).toContain('src 2001:db8::10');
});

test('169.254.1.1 answers ARP with the MAC of the host end although the node has no default route', async () => {
  await using node = await CniNode.create(dual);
  await node.start();
  const pod = await node.pod();
  await node.add('a', pod);
  expect(await node.netns.ip('route show default')).toBe('');
  const answers = (): Promise<string> => pod.exec('arping', '-c1', '-w2', '-I', 'eth0', '169.254.1.1');
  expect(await answers()).toContain('ee:ee:ee:ee:ee:ee');
  // Every pod link has the address; one that goes takes only its own.
  const other = await node.pod();
  await node.add('b', other);
  await node.del('b', other.path);
  expect(await answers()).toContain('ee:ee:ee:ee:ee:ee');
});

test('routes to pods carry the number that the agent was told', async () => {
  using outside = await createNetns();
  using pod = await createNetns();
  await using node = await AgentNode.create(outside, ['192.0.2.10/24']);
  node.write('a.yaml', nodeManifest('node-a', ['10.244.1.0/24'], ['192.0.2.10']));
  node.start('node-a', '--bgp', 'off', '--route-protocol', '99');
  const add = () =>
    runShim(node.path('run/cni.sock'), { command: 'ADD', containerID: 'c1', netns: pod.path });
  await node.until('a pod is attached', async () => (await add()).exit === 0);
  await node.until('the pass after it', async () => (await node.status()).routes.installed === 2);
  expect(await node.netns.ip('route show proto 99')).toContain('10.244.1.2');
  expect((await node.status()).drivers.find(({ name }) => name === 'routes')?.failures).toEqual([]);
});

test.each([
  [undefined, '0'],
  [false, '0'],
  [true, '1'],
])('allow_ip_forwarding %j: the pod has forwarding %s in both families', async (allowed, expected) => {
  await using node = await CniNode.create(dual);
  await node.start();
  const pod = await node.pod();
  // What a new namespace has depends on the machine.
  await pod.exec('sysctl', '-qw', `net.ipv4.ip_forward=${expected === '1' ? 0 : 1}`);
  expect((await node.add('c1', pod, { config: { allow_ip_forwarding: allowed } })).exit).toBe(0);
  const read = ['net.ipv4.ip_forward', 'net.ipv4.conf.eth0.forwarding', 'net.ipv6.conf.eth0.forwarding'];
  expect((await pod.exec('sysctl', '-n', ...read)).split('\n')).toEqual([expected, expected, expected]);
  await pod.exec('ping', '-c1', '-W2', '192.0.2.10');
  await pod.exec('ping', '-c1', '-W2', '2001:db8::10');
});

test("the MTU is that of the node's path, and follows it for the pods that come after", async () => {
  using outside = await createNetns();
  using pod = await createNetns();
  using next = await createNetns();
  await using node = await AgentNode.create(outside, ['192.0.2.10/24']);
  await node.netns.ip('link set eth0 mtu 1400');
  node.write('a.yaml', nodeManifest('node-a', ['10.244.1.0/24'], ['192.0.2.10']));
  node.start('node-a', '--bgp', 'off');
  const add = (containerID: string, netns: string) =>
    runShim(node.path('run/cni.sock'), { command: 'ADD', containerID, netns });
  await node.until('a pod is attached', async () => (await add('c1', pod.path)).exit === 0);
  expect(await pod.ip('link show eth0')).toContain('mtu 1400');
  await node.netns.ip('link set eth0 mtu 1350');
  await node.until('the agent knows', async () => {
    const { json } = await add('c2', next.path);
    await runShim(node.path('run/cni.sock'), { command: 'DEL', containerID: 'c2' });
    return json.interfaces?.[1]?.mtu === 1350;
  });
  expect(await pod.ip('link show eth0')).toContain('mtu 1400');
});
