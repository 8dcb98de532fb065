import { describe, expect, it } from 'vitest';
import { keepEqual } from '../../../src/calc/bgp/share.ts';
import type { BgpResult } from '../../../src/calc/bgp/speaker-config.ts';
import { parseManifest } from '../../../src/kube/manifests/manifest.ts';
import { ManifestStore } from '../../../src/kube/manifests/store.ts';
import type { Snapshot } from '../../../src/kube/records/snapshot.ts';
import { nodeAddress, others, podCIDR, SimCluster } from '../../support/bgp-cluster.ts';
import { computeFor } from './support.ts';

/** Speakers on a simulated network, all configured from the same manifests, as agents are. */
class ConfiguredCluster {
  readonly sim: SimCluster;
  readonly #store = new ManifestStore();
  readonly #results = new Map<number, BgpResult>();

  constructor(size: number) {
    this.sim = new SimCluster(size);
  }

  /** Puts files into the directory that all read, and lets `seconds` pass. */
  apply(files: Readonly<Record<string, string>>, seconds = 20): void {
    for (const [name, text] of Object.entries(files)) this.#accept(name, text);
    // Once more, for the Secrets that are referred to by now.
    for (const [name, text] of Object.entries(files)) this.#accept(name, text);
    const snapshot = this.#store.snapshot(true, []);
    for (const { index } of this.sim.nodes) this.#configure(index, snapshot);
    this.sim.run(seconds);
  }

  routes(index: number): readonly string[] {
    return this.sim.routes(index);
  }

  /** `mesh/n2 established`. */
  peers(index: number): readonly string[] {
    return this.sim
      .node(index)
      .speaker.peers()
      .map((peer) => `${peer.name} ${peer.state}`);
  }

  flaps(): number {
    const all = this.sim.nodes.flatMap((node) => node.speaker.peers());
    return all.reduce((sum, peer) => sum + peer.flaps, 0);
  }

  #accept(name: string, text: string): void {
    const interest = { namespace: 'gryphon-system', keys: this.#store.secretReferences() };
    this.#store.accept(name, parseManifest(name, text, interest));
  }

  #configure(index: number, snapshot: Snapshot): void {
    const result = computeFor(`n${index}`, snapshot.nodes, {
      configurations: snapshot.bgpConfigurations,
      peers: snapshot.bgpPeers,
      filters: snapshot.bgpFilters,
      pools: snapshot.pools,
      secrets: snapshot.secrets,
    });
    const kept = keepEqual(this.#results.get(index), result);
    this.#results.set(index, kept);
    const { config } = kept;
    if (config !== undefined) this.sim.configure(index, () => config);
  }
}

const nodeObject = (i: number, reflects: boolean): string => `
apiVersion: v1
kind: Node
metadata:
  name: n${i}
  labels: ${reflects ? '{reflector: "true"}' : '{}'}
  annotations: ${reflects ? '{gryphon.dev/route-reflector-cluster-id: 244.0.0.1}' : '{}'}
spec: {podCIDR: ${podCIDR(i)}}
status: {addresses: [{type: InternalIP, address: ${nodeAddress(i)}}]}
`;

const nodeObjects = (count: number, reflectors: readonly number[] = []): string =>
  Array.from({ length: count }, (_, i) => nodeObject(i + 1, reflectors.includes(i + 1))).join('---');

const ours = (kind: string, name: string, spec: object): string =>
  JSON.stringify({ apiVersion: 'gryphon.dev/v1alpha1', kind, metadata: { name }, spec });

const reflection = {
  'clients.json': ours('BGPPeer', 'clients', {
    nodeSelector: '!has(reflector)',
    peerSelector: 'has(reflector)',
  }),
  'reflectors.json': ours('BGPPeer', 'reflectors', {
    nodeSelector: 'has(reflector)',
    peerSelector: 'has(reflector)',
  }),
};
const noMesh = ours('BGPConfiguration', 'default', { nodeToNodeMeshEnabled: false });

describe('from manifests to routes', () => {
  it('the mesh follows nodes as they come and go, and no other session flaps', () => {
    const cluster = new ConfiguredCluster(4);
    cluster.apply({ 'nodes.yaml': nodeObjects(3) });
    expect([1, 2, 3].map((i) => cluster.routes(i))).toEqual([1, 2, 3].map((i) => others(3, i)));
    cluster.apply({ 'nodes.yaml': nodeObjects(4) });
    expect([1, 2, 3, 4].map((i) => cluster.routes(i))).toEqual([1, 2, 3, 4].map((i) => others(4, i)));
    cluster.apply({ 'nodes.yaml': nodeObjects(3) });
    expect([1, 2, 3].map((i) => cluster.routes(i))).toEqual([1, 2, 3].map((i) => others(3, i)));
    // The fourth still dials, and is refused.
    expect(cluster.peers(1)).toEqual(['mesh/n2 established', 'mesh/n3 established']);
    expect(
      [1, 2, 3].flatMap((i) =>
        cluster.sim
          .node(i)
          .speaker.peers()
          .map((p) => p.flaps),
      ),
    ).toEqual(Array(6).fill(0));
  });

  it('two reflectors bring every node the routes of all others, also when one of them is lost', () => {
    const cluster = new ConfiguredCluster(5);
    cluster.apply({ 'nodes.yaml': nodeObjects(5, [4, 5]), 'mesh.json': noMesh, ...reflection });
    expect(cluster.peers(1)).toEqual(['peer/clients/n4 established', 'peer/clients/n5 established']);
    expect(cluster.peers(4)).toEqual([
      'peer/clients/n1 established',
      'peer/clients/n2 established',
      'peer/clients/n3 established',
      'peer/reflectors/n5 established',
    ]);
    const all = [1, 2, 3, 4, 5].map((i) => others(5, i));
    expect([1, 2, 3, 4, 5].map((i) => cluster.routes(i))).toEqual(all);
    cluster.sim.network.cut(cluster.sim.node(4).host);
    cluster.sim.run(60);
    const left = (i: number): readonly string[] =>
      others(5, i).filter((route) => !route.includes(podCIDR(4)));
    expect([1, 2, 3, 5].map((i) => cluster.routes(i))).toEqual([1, 2, 3, 5].map(left));
  });

  it('a client believes of each originator only its own podCIDRs', () => {
    const cluster = new ConfiguredCluster(3);
    cluster.apply({ 'nodes.yaml': nodeObjects(3, [3]), 'mesh.json': noMesh, ...reflection });
    // The second node announces what is the third's, and something that is nobody's.
    cluster.sim.configure(2, (config) => ({
      ...config,
      originated: [...config.originated, { prefix: podCIDR(3) }, { prefix: podCIDR(77) }],
    }));
    cluster.sim.run(20);
    expect(cluster.routes(1)).toEqual(others(3, 1));
  });

  it('from the mesh to reflectors and back, every route is there in the end', () => {
    const cluster = new ConfiguredCluster(4);
    cluster.apply({ 'nodes.yaml': nodeObjects(4) });
    cluster.apply({ 'nodes.yaml': nodeObjects(4, [4]), ...reflection });
    const all = [1, 2, 3, 4].map((i) => others(4, i));
    expect([1, 2, 3, 4].map((i) => cluster.routes(i))).toEqual(all);
    cluster.apply({ 'mesh.json': noMesh });
    expect(cluster.peers(1)).toEqual(['peer/clients/n4 established']);
    expect([1, 2, 3, 4].map((i) => cluster.routes(i))).toEqual(all);
    cluster.apply({
      'nodes.yaml': nodeObjects(4),
      'mesh.json': ours('BGPConfiguration', 'default', {}),
    });
    expect([1, 2, 3, 4].map((i) => cluster.routes(i))).toEqual(all);
  });

  it('a filter of a BGPPeer takes effect without a flap', () => {
    const cluster = new ConfiguredCluster(2);
    const peer = ours('BGPPeer', 'p', { node: 'n1', peerSelector: 'all()', filters: ['f'] });
    const filter = (action: string): string => ours('BGPFilter', 'f', { importV4: [{ action }] });
    cluster.apply({ 'nodes.yaml': nodeObjects(2), 'peer.json': peer, 'filter.json': filter('Accept') });
    expect([cluster.routes(1), cluster.routes(2)]).toEqual([others(2, 1), others(2, 2)]);
    cluster.apply({ 'filter.json': filter('Reject') }, 2);
    expect([cluster.routes(1), cluster.routes(2)]).toEqual([[], []]);
    cluster.apply({ 'filter.json': filter('Accept') }, 2);
    expect([cluster.routes(1), cluster.routes(2)]).toEqual([others(2, 1), others(2, 2)]);
    expect(cluster.flaps()).toBe(0);
  });

  it('the mesh has its password from a Secret; without it there is no session, and it changes while they live', () => {
    const cluster = new ConfiguredCluster(3);
    const password = { secretKeyRef: { name: 'bgp', key: 'mesh' } };
    const secret = (text: string): string => `
apiVersion: v1
kind: Secret
metadata: {name: bgp, namespace: gryphon-system}
stringData: {mesh: ${text}}
`;
    cluster.apply({
      'nodes.yaml': nodeObjects(3),
      'mesh.json': ours('BGPConfiguration', 'default', { nodeMeshPassword: password }),
    });
    expect(cluster.peers(1)).toEqual(['mesh/n2 disabled', 'mesh/n3 disabled']);
    expect(cluster.sim.node(1).speaker.peers()[0]?.problem).toMatch(
      /^its password cannot be used: there is no Secret/,
    );
    cluster.apply({ 'secret.yaml': secret('first') });
    expect([1, 2, 3].map((i) => cluster.routes(i))).toEqual([1, 2, 3].map((i) => others(3, i)));
    cluster.apply({ 'secret.yaml': secret('second') }, 60);
    expect([1, 2, 3].map((i) => cluster.routes(i))).toEqual([1, 2, 3].map((i) => others(3, i)));
    expect(cluster.flaps()).toBe(0);
  });
});
