import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AgentNode } from '../support/agent-node.ts';
import { agentPair, bgpDefaults, learnedRoutes, pairNodes } from '../support/agent-pair.ts';
import { createSwitch, type TestNetns } from '../support/netns.ts';

let lan: TestNetns;

beforeAll(async () => {
  lan = await createSwitch();
});
afterAll(() => lan.remove());

const toB = learnedRoutes.a;
const learned = (node: AgentNode): Promise<unknown> =>
  node.until('the routes', async () => (await node.remoteRoutes()).join() === toB.join());
const check = async (node: AgentNode, name: string) =>
  (await node.status()).checks.find((c) => c.name === name);

it('routes are learned by BGP, and go when the node falls silent', async () => {
  const quick = bgpDefaults('holdTime: 3', 'keepaliveTime: 1');
  await using nodes = await agentPair(lan, pairNodes + quick);
  const { a, b } = nodes;
  a.start('node-a');
  await a.until('the first pass', async () => (await check(a, 'applied'))?.ok);
  expect(await check(a, 'bgp')).toMatchObject({
    ok: false,
    detail: '0 of 1 peers established, not mesh/node-b',
  });
  b.start('node-b');
  await learned(a);
  expect(await check(a, 'bgp')).toMatchObject({ ok: true, detail: '1 of 1 peers established' });
  const table = await a.gryphon('routes', '--bgp', '-o', 'wide');
  expect(table).toMatch(/^\* +10\.244\.1\.0\/24 +self .* 1 +mesh\/node-b +installed$/m);
  expect(table).toMatch(/^\* +10\.244\.2\.0\/24 +192\.0\.2\.11 .* 0 +installed$/m);
  const told = await a.gryphon('routes', '--bgp', '--peer', 'mesh/node-b', '--advertised');
  expect(told).toMatch(/^10\.244\.1\.0\/24 +192\.0\.2\.10 /m);
  expect(await a.gryphon('peers', 'node-b')).toMatch(/^Established +for .*, never lost$/m);
  await b.netns.ip('link set eth0 down');
  await a.until('the withdrawal', async () => (await a.remoteRoutes()).length === 0);
  expect(await a.gryphon('peers')).toMatch(/mesh\/node-b .*hold timer expired/);
});

const [nodeA = '', nodeB = ''] = pairNodes.split(/(?<=^---\n)/m);

it.each([
  // As the kubelet writes it when systemd asks it to end the pods.
  [
    'is shut down',
    nodeA +
      nodeB.replace(
        '- status: "True"',
        '- status: "False"\n    reason: KubeletNotReady\n    message: node is shutting down',
      ),
    'node node-b is shutting down',
  ],
  ['was deleted', nodeA, 'node node-b has no Node object any more'],
])('routes go at once with a node that %s, and its peers are told why', async (_, manifests, text) => {
  await using nodes = await agentPair(lan);
  const { a, b } = nodes;
  a.start('node-a');
  b.start('node-b');
  await learned(a);
  b.write('all.yaml', manifests);
  await b.until('the change', async () => (b.log().match(/manifest read/g)?.length ?? 0) > 1);
  // Not before the agent ends: a Node may come again, and its pods run meanwhile.
  expect(await a.remoteRoutes()).toEqual(toB);
  await b.stop();
  await a.until('the withdrawal', async () => (await a.remoteRoutes()).length === 0);
  // What would be kept for two minutes went with a hard reset.
  const [peer] = await a.peers();
  expect(peer?.gracefulRestart?.staleUntil).toBeUndefined();
  expect(peer?.lastDown).toMatchObject({
    reason: expect.stringContaining(text),
    notification: { direction: 'received', code: 6, text },
  });
});

it('without peers it keeps them until the selection deferral timer has run out', async () => {
  await using nodes = await agentPair(lan);
  const { a, b } = nodes;
  a.start('node-a');
  b.start('node-b');
  await learned(a);
  await a.stop();
  await b.stop();
  a.start('node-a', '--selection-deferral', '4');
  await a.until('the first pass', async () => (await check(a, 'applied'))?.ok);
  expect(await a.remoteRoutes()).toEqual(toB);
  expect(await a.gryphon('routes')).toMatch(/10\.244\.2\.0\/24 .*an earlier run .*held/);
  await a.until('the sweep', async () => (await a.remoteRoutes()).length === 0);
});

it('a route follows its next hop when the kernel table changes', async () => {
  await using nodes = await agentPair(lan);
  const { a, b } = nodes;
  a.start('node-a');
  b.start('node-b');
  await learned(a);
  await a.netns.ip('route add 192.0.2.11/32 via 192.0.2.77');
  await a.until('the new way', async () =>
    (await a.remoteRoutes())[0]?.startsWith('10.244.2.0/24 via 192.0.2.77'),
  );
  await a.netns.ip('route del 192.0.2.11/32');
  await learned(a);
});
