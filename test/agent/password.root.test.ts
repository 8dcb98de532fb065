import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AgentNode, nodeManifest } from '../support/agent-node.ts';
import { createSwitch, type TestNetns } from '../support/netns.ts';

let lan: TestNetns;

beforeAll(async () => {
  lan = await createSwitch();
});
afterAll(() => lan.remove());

const configuration = (password: string): string =>
  nodeManifest('node-a', ['10.244.1.0/24'], ['192.0.2.10']) +
  nodeManifest('node-b', ['10.244.2.0/24'], ['192.0.2.11']) +
  `apiVersion: gryphon.dev/v1alpha1
kind: BGPConfiguration
metadata: {name: default}
spec: {holdTime: 3, keepaliveTime: 1, nodeMeshPassword: ${password}}
`;
const secret = (text: string): string =>
  `apiVersion: v1\nkind: Secret\nmetadata: {name: bgp}\nstringData: {mesh: ${text}}\n`;

interface Peers {
  readonly items: readonly { readonly state: string; readonly flaps: number; readonly problem?: string }[];
}
const peer = async (node: AgentNode): Promise<Peers['items'][number] | undefined> =>
  (JSON.parse(await node.gryphon('peers', '-o', 'json')) as Peers).items[0];

it('nodes that have the password, from a Secret or from a file, have a session, which lives while it changes', async () => {
  await using a = await AgentNode.plug(lan, ['192.0.2.10/24']);
  await using b = await AgentNode.plug(lan, ['192.0.2.11/24']);
  const file = b.path('password');
  a.write('all.yaml', configuration('{secretKeyRef: {name: bgp, key: mesh}}'));
  b.write('all.yaml', configuration(`{file: ${file}}`));
  a.start('node-a');
  b.start('node-b');
  const established = (node: AgentNode): Promise<unknown> =>
    node.until('the session', async () => (await peer(node))?.state === 'established');

  // Neither has it: no attempt is made, and the reason stands beside the peer and among the problems.
  await a.until('the reason', async () =>
    (await peer(a))?.problem?.includes('there is no Secret bgp in the namespace of the agent'),
  );
  await b.until('the reason', async () => (await peer(b))?.problem?.includes(`${file} does not exist`));
  expect((await a.status()).problems.map((p) => p.code)).toContain('GRY_BGP_PASSWORD');
  expect((await peer(a))?.state).toBe('disabled');

  a.write('secret.yaml', secret('first-password'));
  writeFileSync(file, 'first-password\n');
  await Promise.all([established(a), established(b)]);

  a.write('secret.yaml', secret('second-password'));
  writeFileSync(file, 'second-password\n');
  await b.until('the new file', async () => (b.log().match(/password file read/g)?.length ?? 0) >= 3);
  // Longer than the hold time: without a common password the session would be gone.
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  expect(await Promise.all([peer(a), peer(b)])).toMatchObject([
    { state: 'established', flaps: 0 },
    { state: 'established', flaps: 0 },
  ]);
  for (const node of [a, b]) {
    const told =
      node.log() + JSON.stringify(await node.status()) + (await node.gryphon('peers', '-o', 'json'));
    expect(told).not.toMatch(/(first|second)-password/);
  }
});
