import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AgentNode } from '../support/agent-node.ts';
import { agentPair, learnedRoutes } from '../support/agent-pair.ts';
import { buildShim, runShim } from '../support/cni-node.ts';
import { createNetns, createSwitch, type TestNetns } from '../support/netns.ts';
import { PingStream } from '../support/ping-stream.ts';

let lan: TestNetns;

beforeAll(async () => {
  await buildShim();
  lan = await createSwitch();
});
afterAll(() => lan.remove());

/** Attaches a pod as a runtime does; gives its addresses, IPv4 then IPv6. */
async function attach(node: AgentNode, pod: TestNetns): Promise<readonly string[]> {
  const { json } = await node.until('the pod network', async () => {
    const answer = await runShim(node.path('run', 'cni.sock'), {
      command: 'ADD',
      containerID: `restart-${pod.name}`,
      netns: pod.path,
    });
    return answer.exit === 0 && answer;
  });
  return (json.ips ?? []).map(({ address }) => address.split('/')[0] ?? '');
}

/** The session stands, everything is exchanged, and nothing is kept from before any more. */
async function settled(node: AgentNode): Promise<void> {
  await node.until('the session', async () => {
    const [peer] = await node.peers();
    return peer?.state === 'established' && peer.endOfRib && peer.gracefulRestart?.staleUntil === undefined;
  });
  await node.until('nothing held', async () => !(await node.gryphon('routes')).includes('held'));
}

it('no packet between pods is lost, and no route moves, while agents are killed or stopped and started again', async () => {
  await using pair = await agentPair(lan);
  const { a, b } = pair;
  a.start('node-a');
  b.start('node-b');
  using client = await createNetns();
  using server = await createNetns();
  await attach(a, client);
  const [ipv4 = '', ipv6 = ''] = await attach(b, server);
  await Promise.all([a, b].map(settled));
  const tables = [await a.routes(), await b.routes()];
  expect(await a.remoteRoutes()).toEqual(learnedRoutes.a);
  expect(await b.remoteRoutes()).toEqual(learnedRoutes.b);

  using monitorA = a.watchRoutes();
  using monitorB = b.watchRoutes();
  using stream = new PingStream(['nsenter', `--net=${client.path}`], [ipv4, ipv6]);
  expect(await stream.flows()).toBe(true);
  for (const [name, node] of [['node-a', a] as const, ['node-b', b] as const]) {
    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      await node.stop(signal);
      expect(await stream.flows()).toBe(true);
      node.start(name);
      await Promise.all([a, b].map(settled));
    }
  }
  expect(await stream.end()).toMatchObject({ lost: 0, errors: [] });
  expect([await a.routes(), await b.routes()]).toEqual(tables);
  expect(await Promise.all([monitorA.upToNow(), monitorB.upToNow()])).toEqual([[], []]);
}, 120_000);
