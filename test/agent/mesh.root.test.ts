import { afterAll, beforeAll, expect, it } from 'vitest';
import { AgentNode, nodeManifest } from '../support/agent-node.ts';
import { createSwitch, type TestNetns } from '../support/netns.ts';

let lan: TestNetns;

beforeAll(async () => {
  lan = await createSwitch();
});
afterAll(() => lan.remove());

const objects =
  nodeManifest('node-a', ['10.244.1.0/24', 'fd00:244:1::/64'], ['192.0.2.10', '2001:db8::10']) +
  nodeManifest('node-b', ['10.244.2.0/24', 'fd00:244:2::/64'], ['192.0.2.11', '2001:db8::11']) +
  `apiVersion: gryphon.dev/v1alpha1
kind: BGPConfiguration
metadata: {name: default}
spec: {holdTime: 3, keepaliveTime: 1}
`;

/** Two nodes on one subnet, their agents not started yet. */
async function twoNodes() {
  const a = await AgentNode.plug(lan, ['192.0.2.10/24', '2001:db8::10/64']);
  const b = await AgentNode.plug(lan, ['192.0.2.11/24', '2001:db8::11/64']);
  for (const node of [a, b]) node.write('all.yaml', objects);
  return {
    a,
    b,
    [Symbol.asyncDispose]: async () =>
      void (await Promise.all([a[Symbol.asyncDispose](), b[Symbol.asyncDispose]()])),
  };
}

const toB = [
  '10.244.2.0/24 via 192.0.2.11 dev eth0 src 192.0.2.10',
  'fd00:244:2::/64 via 2001:db8::11 dev eth0 src 2001:db8::10 metric 1024 pref medium',
];
const remote = async (node: AgentNode): Promise<readonly string[]> =>
  (await node.routes()).filter((r) => r.includes('via'));
const learned = (node: AgentNode): Promise<unknown> =>
  node.until('the routes', async () => (await remote(node)).join() === toB.join());
const check = async (node: AgentNode, name: string) =>
  (await node.status()).checks.find((c) => c.name === name);

it('routes are learned by BGP, and go when the node falls silent', async () => {
  await using nodes = await twoNodes();
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
  await a.until('the withdrawal', async () => (await remote(a)).length === 0);
  expect(await a.gryphon('peers')).toMatch(/mesh\/node-b .*hold timer expired/);
});

it('routes go at once with a node that is shut down, and its peers are told why', async () => {
  await using nodes = await twoNodes();
  const { a, b } = nodes;
  a.start('node-a');
  b.start('node-b');
  await learned(a);
  // As the kubelet writes it when systemd asks it to end the pods.
  const shuttingDown = '- status: "False"\n    reason: KubeletNotReady\n    message: node is shutting down';
  const [first, ...rest] = objects.split('- status: "True"');
  b.write('all.yaml', `${first}- status: "True"${rest.join(shuttingDown)}`);
  await b.until('the condition', async () => (b.log().match(/manifest read/g)?.length ?? 0) > 1);
  await b.stop();
  await a.until('the withdrawal', async () => (await remote(a)).length === 0);
  expect(await a.gryphon('peers', '-o', 'wide')).toContain('node node-b is shutting down');
});

it('a restarted agent keeps what it had learned until its peers have told it again, and changes nothing', async () => {
  await using nodes = await twoNodes();
  const { a, b } = nodes;
  a.start('node-a');
  b.start('node-b');
  await learned(a);
  await b.until('the routes', async () => (await remote(b)).length === toB.length);
  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    using monitor = a.watchRoutes();
    using others = b.watchRoutes();
    await a.stop(signal);
    a.start('node-a');
    await a.until('the session', async () => (await check(a, 'bgp'))?.detail === '1 of 1 peers established');
    await a.until('nothing held', async () => !(await a.gryphon('routes')).includes('held'));
    expect([...monitor.lines, ...others.lines]).toEqual([]);
    expect(await remote(a)).toEqual(toB);
  }
});

it('without peers it keeps them until the selection deferral timer has run out', async () => {
  await using nodes = await twoNodes();
  const { a, b } = nodes;
  a.start('node-a');
  b.start('node-b');
  await learned(a);
  await a.stop();
  await b.stop();
  a.start('node-a', '--selection-deferral', '4');
  await a.until('the first pass', async () => (await check(a, 'applied'))?.ok);
  expect(await remote(a)).toEqual(toB);
  expect(await a.gryphon('routes')).toMatch(/10\.244\.2\.0\/24 .*an earlier run .*held/);
  await a.until('the sweep', async () => (await remote(a)).length === 0);
});

it('a route follows its next hop when the kernel table changes', async () => {
  await using nodes = await twoNodes();
  const { a, b } = nodes;
  a.start('node-a');
  b.start('node-b');
  await learned(a);
  await a.netns.ip('route add 192.0.2.11/32 via 192.0.2.77');
  await a.until('the new way', async () => (await remote(a))[0]?.startsWith('10.244.2.0/24 via 192.0.2.77'));
  await a.netns.ip('route del 192.0.2.11/32');
  await learned(a);
});
