import { AgentNode, nodeManifest } from './agent-node.ts';
import type { TestNetns } from './netns.ts';

/** The Node objects of a pair. */
export const pairNodes =
  nodeManifest('node-a', ['10.244.1.0/24', 'fd00:244:1::/64'], ['192.0.2.10', '2001:db8::10']) +
  nodeManifest('node-b', ['10.244.2.0/24', 'fd00:244:2::/64'], ['192.0.2.11', '2001:db8::11']);

/** BGPConfiguration `default` with these fields, such as `ebgpRequiresPolicy: true`. */
export const bgpDefaults = (...fields: readonly string[]): string =>
  `apiVersion: gryphon.dev/v1alpha1
kind: BGPConfiguration
metadata: {name: default}
spec: {${fields.join(', ')}}
---
`;

export interface AgentPair extends AsyncDisposable {
  readonly a: AgentNode;
  readonly b: AgentNode;
}

/** Nodes `node-a` and `node-b` of `pairNodes` on one switch, their agents not started yet. The manifests of each are in its `all.yaml`. */
export async function agentPair(lan: TestNetns, manifests = pairNodes): Promise<AgentPair> {
  await using made = new AsyncDisposableStack();
  const a = made.use(await AgentNode.plug(lan, ['192.0.2.10/24', '2001:db8::10/64']));
  const b = made.use(await AgentNode.plug(lan, ['192.0.2.11/24', '2001:db8::11/64']));
  for (const node of [a, b]) node.write('all.yaml', manifests);
  const kept = made.move();
  return { a, b, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** What each of them has learned of the other, as `ip` prints it. */
export const learnedRoutes = {
  a: [
    '10.244.2.0/24 via 192.0.2.11 dev eth0 src 192.0.2.10',
    'fd00:244:2::/64 via 2001:db8::11 dev eth0 src 2001:db8::10 metric 1024 pref medium',
  ],
  b: [
    '10.244.1.0/24 via 192.0.2.10 dev eth0 src 192.0.2.11',
    'fd00:244:1::/64 via 2001:db8::10 dev eth0 src 2001:db8::11 metric 1024 pref medium',
  ],
} as const;
