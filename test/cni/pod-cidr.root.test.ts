import { expect, test } from 'vitest';
import { address } from '../../src/net/address.ts';
import { prefix } from '../../src/net/prefix.ts';
import { CniNode, type PluginAnswer } from '../support/cni-node.ts';
import type { TestNetns } from '../support/netns.ts';

const config = (...cidrs: readonly string[]) => ({ podCIDRs: cidrs.map(prefix), mtu: 1450 });

const addressesOf = (answer: PluginAnswer): readonly string[] =>
  (answer.json.ips ?? []).map((ip) => ip.address);

/** Adds a container and gives its addresses, or the code of the error. */
const added = async (
  node: CniNode,
  id: string,
  more: Readonly<Record<string, unknown>> = {},
): Promise<readonly string[] | number | undefined> => {
  const answer = await node.add(id, await node.pod(), { config: more });
  return answer.exit === 0 ? addressesOf(answer) : answer.json.code;
};

const check = (
  node: CniNode,
  containerID: string,
  pod: TestNetns,
  prevResult: unknown,
): Promise<PluginAnswer> =>
  node.call({ command: 'CHECK', containerID, netns: pod.path, config: { prevResult } });

test('a podCIDR that comes late: try again until then, and STATUS says so', async () => {
  await using node = await CniNode.create(config());
  await node.start();
  const status = async () => (await node.call({ command: 'STATUS' })).json.code ?? 'ready';
  expect([await added(node, 'c1'), await status()]).toEqual([11, 50]);
  await node.tell({ config: config('10.244.1.0/24') });
  expect([await added(node, 'c1'), await status()]).toEqual([['10.244.1.2/32'], 'ready']);
  // The second family comes later still: pods that are there keep what they have.
  await node.tell({ config: config('10.244.1.0/24', 'fd00:244:1::/64') });
  expect(await added(node, 'c2')).toEqual(['10.244.1.3/32', 'fd00:244:1::2/128']);
});

test('a podCIDR that changes: who is there stays until its DEL, over a restart too; who comes is served from the new one', async () => {
  await using node = await CniNode.create(config('10.244.1.0/24'), 0);
  await node.start();
  const pod = await node.pod();
  const { json: prevResult } = await node.add('old', pod);
  await node.tell({ config: config('10.244.9.0/24') });
  expect(await added(node, 'new')).toEqual(['10.244.9.2/32']);
  expect(await check(node, 'old', pod, prevResult)).toMatchObject({ exit: 0 });
  await node.stop('SIGKILL');
  await node.start({ config: config('10.244.9.0/24') });
  expect(await check(node, 'old', pod, prevResult)).toMatchObject({ exit: 0 });
  await pod.exec('ping', '-c1', '-W2', '10.244.9.2');
  expect(await node.del('old', pod.path)).toMatchObject({ exit: 0 });
  expect(await added(node, 'next')).toEqual(['10.244.9.3/32']);
});

test('several CIDRs: the next one when one is full, all of one node', async () => {
  await using node = await CniNode.create(config('10.244.1.0/31', '10.244.5.0/31', 'fd00:244:1::/64'));
  await node.start();
  const given = [];
  for (const id of ['a', 'b', 'c', 'd']) given.push(await added(node, id));
  expect(given).toEqual([
    ['10.244.1.0/32', 'fd00:244:1::2/128'],
    ['10.244.1.1/32', 'fd00:244:1::3/128'],
    ['10.244.5.0/32', 'fd00:244:1::4/128'],
    ['10.244.5.1/32', 'fd00:244:1::5/128'],
  ]);
  // IPv6 has plenty: both families or none.
  expect(await added(node, 'e')).toBe(11);
  await expect.poll(() => node.links()).toHaveLength(4);
});

test('reserved addresses go to nobody, not even to who asks; the one for tunnels neither', async () => {
  const reserved = [address('10.244.1.3')];
  await using node = await CniNode.create({ ...config('10.244.1.0/29'), reserved });
  await node.start();
  const ask = (ip: string) => added(node, `asks-${ip}`, { runtimeConfig: { ips: [ip] } });
  expect([
    await ask('10.244.1.3'),
    await ask('10.244.1.1'),
    await ask('10.244.1.0'),
    await ask('10.244.1.7'),
  ]).toEqual([7, 7, 7, 7]);
  const given = [];
  for (const id of ['a', 'b', 'c', 'd', 'e']) given.push(await added(node, id));
  expect(given).toEqual([['10.244.1.2/32'], ['10.244.1.4/32'], ['10.244.1.5/32'], ['10.244.1.6/32'], 11]);
});

test.each([
  ['gryphon.dev/ip-addresses', '10.244.1.77, fd00:244:1::77'],
  ['cni.projectcalico.org/ipAddrs', '["10.244.1.77","fd00:244:1::77"]'],
])('a pod asks by its annotation %s', async (annotation, text) => {
  await using node = await CniNode.create(config('10.244.1.0/24', 'fd00:244:1::/64'));
  await node.start();
  const runtimeConfig = { 'io.kubernetes.cri.pod-annotations': { [annotation]: text } };
  expect(await added(node, 'c1', { runtimeConfig })).toEqual(['10.244.1.77/32', 'fd00:244:1::77/128']);
  expect(await added(node, 'c2', { runtimeConfig })).toBe(7);
});
