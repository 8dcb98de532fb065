import fs from 'node:fs';
import net from 'node:net';
import { expect, test } from 'vitest';
import { encodeRequest } from '../../src/cni/protocol/frame.ts';
import { prefix } from '../../src/net/prefix.ts';
import { CniNode, type PluginAnswer } from '../support/cni-node.ts';

const dual = { podCIDRs: [prefix('10.244.1.0/24'), prefix('fd00:244:1::/64')], mtu: 1450 };

const addressesOf = (answer: PluginAnswer): readonly string[] =>
  (answer.json.ips ?? []).map((ip) => ip.address);

test.each(['0.3.1', '0.4.0', '1.0.0', '1.1.0'])(
  'a caller of version %s gets its own version back',
  async (cniVersion) => {
    await using node = await CniNode.create(dual);
    await node.start();
    const pod = await node.pod();
    const answer = await node.add('c1', pod, { config: { cniVersion } });
    expect(answer).toMatchObject({
      exit: 0,
      json: { cniVersion, interfaces: [{}, { name: 'eth0', sandbox: pod.path }] },
    });
    expect(await node.del('c1', pod.path, { config: { cniVersion } })).toMatchObject({ exit: 0 });
  },
);

test('placed behind another plugin, its result is handed on with ours behind it, and CHECK takes the sum', async () => {
  await using node = await CniNode.create(dual);
  await node.start();
  const pod = await node.pod();
  const prevResult = {
    cniVersion: '1.1.0',
    interfaces: [{ name: 'first0', sandbox: pod.path }],
    ips: [{ address: '192.0.2.77/24', interface: 0 }],
    routes: [{ dst: '198.51.100.0/24' }],
  };
  const added = await node.add('c1', pod, { config: { prevResult } });
  expect(added.json).toMatchObject({
    interfaces: [{ name: 'first0' }, { mac: 'ee:ee:ee:ee:ee:ee' }, { name: 'eth0' }],
    ips: [
      { interface: 0 },
      { address: '10.244.1.2/32', interface: 2 },
      { address: 'fd00:244:1::2/128', interface: 2 },
    ],
    routes: [{ dst: '198.51.100.0/24' }],
  });
  const config = { prevResult: added.json };
  expect(await node.call({ command: 'CHECK', containerID: 'c1', netns: pod.path, config })).toMatchObject({
    exit: 0,
  });
});

test('the MTU of the configuration comes before the one of the agent, at both ends', async () => {
  await using node = await CniNode.create(dual);
  await node.start();
  const pod = await node.pod();
  await node.add('c1', pod, { config: { mtu: 1380 } });
  expect(await pod.ip('link show eth0')).toContain('mtu 1380');
  expect(await node.netns.ip(`link show ${(await node.links())[0]}`)).toContain('mtu 1380');
});

test('addresses that are asked for are given, by runtimeConfig or CNI_ARGS, or the ADD is refused', async () => {
  await using node = await CniNode.create(dual);
  await node.start();
  const pod = await node.pod();
  const runtimeConfig = { ips: ['10.244.1.77/24', 'fd00:244:1::77'] };
  expect(addressesOf(await node.add('c1', pod, { config: { runtimeConfig } }))).toEqual([
    '10.244.1.77/32',
    'fd00:244:1::77/128',
  ]);
  const args = 'IgnoreUnknown=1;IP=10.244.1.78';
  expect(addressesOf(await node.add('c2', await node.pod(), { args }))).toEqual([
    '10.244.1.78/32',
    'fd00:244:1::78/128',
  ]);
  const taken = await node.add('c3', await node.pod(), { args });
  expect(taken).toMatchObject({ exit: 1, json: { code: 7 } });
  expect(taken.json.msg).toContain('10.244.1.78 belongs to gryphon/c2/eth0');
});

test.each(['10.244.1.0/24', 'fd00:244:1::/64'])(
  'a second interface is refused with the reason, and harms nothing (%s)',
  async (cidr) => {
    await using node = await CniNode.create({ podCIDRs: [prefix(cidr)], mtu: 1500 });
    await node.start();
    const pod = await node.pod();
    const first = await node.add('c1', pod);
    const second = await node.add('c1', pod, { ifname: 'eth1' });
    expect(second).toMatchObject({
      exit: 1,
      json: { code: 103, msg: 'the pod has a default route already' },
    });
    expect(second.json.details).toContain('eth1');
    expect(await pod.ip('-brief link')).not.toContain('eth1');
    expect(await node.links()).toEqual([first.json.interfaces?.[0]?.name]);
    const config = { prevResult: first.json };
    expect(await node.call({ command: 'CHECK', containerID: 'c1', netns: pod.path, config })).toMatchObject({
      exit: 0,
    });
    expect(await node.del('c1', pod.path, { ifname: 'eth1' })).toMatchObject({ exit: 0 });
    expect(await node.links()).toHaveLength(1);
  },
);

test('containers named alike in two networks are two', async () => {
  await using node = await CniNode.create(dual);
  await node.start();
  const pods = { left: await node.pod(), right: await node.pod() };
  const left = await node.add('c1', pods.left, { config: { name: 'left' } });
  const right = await node.add('c1', pods.right, { config: { name: 'right' } });
  expect([left.exit, right.exit]).toEqual([0, 0]);
  expect(addressesOf(left)).not.toEqual(addressesOf(right));
  expect(await node.del('c1', pods.left.path, { config: { name: 'left' } })).toMatchObject({ exit: 0 });
  const config = { name: 'right', prevResult: right.json };
  expect(
    await node.call({ command: 'CHECK', containerID: 'c1', netns: pods.right.path, config }),
  ).toMatchObject({ exit: 0 });
  const gone = { name: 'right', 'cni.dev/valid-attachments': [{ containerID: 'c1', ifname: 'eth0' }] };
  expect(await node.call({ command: 'GC', config: { ...gone, name: 'left' } })).toMatchObject({ exit: 0 });
  expect(await node.call({ command: 'GC', config: gone })).toMatchObject({ exit: 0 });
  await expect.poll(() => node.links()).toEqual([right.json.interfaces?.[0]?.name]);
});

test.each<[string, string, string]>([
  ['IPv4', '10.244.1.0/24', '192.0.2.10'],
  ['IPv6', 'fd00:244:1::/64', '2001:db8::10'],
])('a node with %s alone', async (_, cidr, uplink) => {
  await using node = await CniNode.create({ podCIDRs: [prefix(cidr)], mtu: 1500 });
  await node.start();
  const pod = await node.pod();
  const added = await node.add('c1', pod);
  expect(added.json.ips).toHaveLength(1);
  await pod.exec('ping', '-c1', '-W2', uplink);
  const config = { prevResult: added.json };
  expect(await node.call({ command: 'CHECK', containerID: 'c1', netns: pod.path, config })).toMatchObject({
    exit: 0,
  });
});

test('the last address is given, the next ADD and STATUS say that there is none; a freed one is given at once then', async () => {
  await using node = await CniNode.create({ podCIDRs: [prefix('10.244.1.0/31')], mtu: 1500 });
  await node.start();
  for (const id of ['a', 'b']) expect(await node.add(id, await node.pod())).toMatchObject({ exit: 0 });
  const refused = await node.add('c', await node.pod());
  expect(refused).toMatchObject({ exit: 1, json: { code: 11 } });
  expect(refused.json.msg).toBe('no free address (10.244.1.0/31: 2 used, 0 cooling, 0 free of 2)');
  expect(await node.call({ command: 'STATUS' })).toMatchObject({ exit: 1, json: { code: 50 } });
  await node.del('a');
  expect(await node.call({ command: 'STATUS' })).toMatchObject({ exit: 0 });
  expect(addressesOf(await node.add('c', await node.pod()))).toEqual(['10.244.1.0/32']);
});

test('a caller that dies right after its ADD leaves nothing behind', async () => {
  await using node = await CniNode.create(dual);
  await node.start();
  const pods = await Promise.all(Array.from({ length: 20 }, () => node.pod()));
  const callers = pods.map(async (pod, i) => {
    const environment = new Map([
      ['CNI_COMMAND', 'ADD'],
      ['CNI_CONTAINERID', `c${i}`],
      ['CNI_NETNS', pod.path],
      ['CNI_IFNAME', 'eth0'],
      ['CNI_PATH', '/opt/cni/bin'],
    ]);
    const socket = net.connect({ path: node.socketPath });
    socket.on('error', () => {});
    await new Promise<void>((resolve) => {
      socket.write(encodeRequest({ environment, stdin: '{"cniVersion":"1.0.0","name":"gryphon"}' }), () =>
        resolve(),
      );
    });
    socket.destroy();
  });
  await Promise.all(callers);
  await expect.poll(async () => (await node.call({ command: 'STATUS' })).exit).toBe(0);
  await expect.poll(() => node.links(), { timeout: 10_000 }).toEqual([]);
  const again = await Promise.all(pods.map((pod, i) => node.add(`c${i}`, pod)));
  expect(again.map((answer) => answer.exit)).toEqual(pods.map(() => 0));
});

test('an agent that died in the middle of an ADD undoes it at its next start', async () => {
  await using node = await CniNode.create(dual);
  await node.start();
  const pod = await node.pod();
  await node.add('c1', pod);
  await node.stop('SIGKILL');
  // An agent leaves it so that dies before it has answered: the link does not say that it is whole, the journal has no "ready" line.
  const [link] = await node.links();
  await node.netns.ip(`link set ${link} alias gryphon+gryphon/c1/eth0`);
  const lines = fs.readFileSync(node.journal, 'utf8').split('\n');
  fs.writeFileSync(node.journal, lines.filter((line) => !line.includes('"ready"')).join('\n'));
  await node.start();
  await expect.poll(() => node.links()).toEqual([]);
  expect(await node.add('c1', pod)).toMatchObject({ exit: 0 });
});

test('two agents cannot share a socket', async () => {
  await using node = await CniNode.create(dual);
  await node.start();
  await expect(node.start()).rejects.toThrow('another agent listens there');
});
