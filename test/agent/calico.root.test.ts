import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Peer } from '../../src/api/resources/peer.ts';
import { bird } from '../interop/daemons/bird.ts';
import { AgentNode } from '../support/agent-node.ts';
import { createNetns, type TestNetns } from '../support/netns.ts';

const program = join(import.meta.dirname, '../../src/main.ts');
let outside: TestNetns;

beforeAll(async () => {
  outside = await createNetns();
});
afterAll(() => outside?.remove());

const nodeText = (annotations: string): string => `apiVersion: v1
kind: Node
metadata: {name: node-a, annotations: {${annotations}}}
spec: {podCIDRs: [10.244.1.0/24]}
status: {addresses: [{type: InternalIP, address: 192.0.2.10}]}
---
`;

/** As Calico stores it, with what it knows of this node alone in annotations. */
const calicoNode = nodeText(
  'projectcalico.org/ASNumber: "64550", projectcalico.org/IPv4Address: 192.0.2.10/24',
);
const calicoObjects = `apiVersion: crd.projectcalico.org/v1
kind: BGPPeer
metadata: {name: tor, resourceVersion: "7"}
spec: {asNumber: 64600, peerIP: 192.0.2.1, filters: [no-private], keepOriginalNextHop: false}
---
apiVersion: crd.projectcalico.org/v1
kind: BGPFilter
metadata: {name: no-private}
spec: {importV4: [{action: Reject, cidr: 10.60.0.0/16, matchOperator: In}]}
`;

/** What `gryphon import calico` prints, and the Node after the command that stands in its comments. */
function converted(): { readonly node: string; readonly objects: string } {
  const objects = execFileSync(process.execPath, [program, 'import', 'calico', '-'], {
    input: calicoNode + calicoObjects,
    encoding: 'utf8',
    stdio: 'pipe',
  });
  const [, key = '', value = ''] = /^# kubectl annotate node node-a ([^ =]+)=(\S+)$/m.exec(objects) ?? [];
  return { node: nodeText(`${key}: "${value}"`), objects };
}

const reject = `---
apiVersion: gryphon.dev/v1alpha1
kind: BGPFilter
metadata: {name: calico-import}
spec: {importV4: [{action: Reject}]}
`;

describe.skipIf(!bird.installed)('a node that comes from Calico, and its router', () => {
  it('stay together while objects are read, converted and narrowed', async () => {
    await using node = await AgentNode.create(outside, ['192.0.2.10/24'], ['192.0.2.1/24']);
    await using _daemon = await bird.start(outside, {
      as: 64600,
      routerID: '192.0.2.1',
      neighbors: [{ address: '192.0.2.10', as: 64550, local: '192.0.2.1' }],
      routes: ['10.50.0.0/24', '10.60.0.0/24', '10.244.1.0/25'].map((prefix) => ({ prefix })),
      nextHops: { ipv4: '192.0.2.1', ipv6: '2001:db8::1' },
    });
    const tor = async (): Promise<Peer | undefined> =>
      (await node.peers()).find(({ name }) => name === 'peer/tor');
    const hasRoutes = (...routes: readonly string[]): Promise<unknown> =>
      node.until('the routes', async () => {
        expect(await node.remoteRoutes()).toEqual(routes);
        return true;
      });
    const way = '10.50.0.0/24 via 192.0.2.1 dev eth0 src 192.0.2.10';

    node.write('all.yaml', calicoNode + calicoObjects);
    node.start('node-a', '--calico-kinds', 'on');
    await node.gryphon('install-cni', '--cni-bin-dir', node.path('bin'));
    const up = await node.until('the session', async () => {
      const peer = await tor();
      return peer?.state === 'established' && peer.endOfRib && peer;
    });
    const isSame = async (): Promise<void> =>
      expect(await tor()).toMatchObject({ flaps: 0, establishedAt: up.establishedAt });
    await hasRoutes(way);

    const ours = converted();
    node.write('ours.yaml', ours.objects);
    await node.until('ours to cover them', async () =>
      (await node.gryphon('status')).includes('GRY_CALICO_SHADOWED'),
    );
    await hasRoutes(way);
    await isSame();

    node.write('all.yaml', ours.node + ours.objects);
    node.write('ours.yaml', '# nothing\n');
    await node.until(
      'no problem to be left',
      async () => !(await node.gryphon('status')).includes('GRY_CALICO'),
    );
    await hasRoutes(way);
    await isSame();

    node.write('all.yaml', calicoNode + calicoObjects);
    node.write('ours.yaml', reject);
    await hasRoutes();
    await isSame();
  });
});
