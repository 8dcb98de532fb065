import { describe, expect, it } from 'vitest';
import { ClusterSource } from '../../../src/kube/cluster/cluster-source.ts';
import type { Snapshot } from '../../../src/kube/records/snapshot.ts';
import { silentLog } from '../../../src/ports/log.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { FakeKube, type KubeObject, kubeNode } from '../../support/fake-kube.ts';

const NODES = '/api/v1/nodes';
const OURS = '/apis/gryphon.dev/v1alpha1';
const STORED = '/apis/crd.projectcalico.org/v1';
const WRITTEN = '/apis/projectcalico.org/v3';
const PLURALS = ['ippools', 'bgpconfigurations', 'bgppeers', 'bgpfilters'];

/** The server does not have these collections. */
function without(kube: FakeKube, group: string, plurals: readonly string[] = PLURALS): void {
  for (const plural of plurals) kube.absent.add(`${group}/${plural}`);
}

function start(kube: FakeKube, calicoKinds = true) {
  const clock = new FakeClock();
  const abort = new AbortController();
  const snapshots: Snapshot[] = [];
  const source = new ClusterSource({
    api: kube,
    namespace: 'gryphon-system',
    calicoKinds,
    clock,
    log: silentLog,
    defer: setImmediate,
    onChange: (snapshot) => snapshots.push(snapshot),
  });
  source.start(abort.signal).catch(() => {});
  return { source, clock, abort, snapshots, last: () => snapshots.at(-1) };
}

const peer = (group: string, name: string, peerIP = '192.0.2.9'): KubeObject => ({
  apiVersion: group.slice('/apis/'.length),
  kind: 'BGPPeer',
  metadata: { name },
  spec: { peerIP, asNumber: 64_600 },
});

const annotated: KubeObject = {
  ...kubeNode('a', [], '192.0.2.1'),
  metadata: { name: 'a', annotations: { 'projectcalico.org/ASNumber': '65001' } },
};

const addresses = (snapshot: Snapshot | undefined): Record<string, string> =>
  Object.fromEntries([...(snapshot?.bgpPeers.values() ?? [])].map(({ name, peerIP = '' }) => [name, peerIP]));

const asked = (kube: FakeKube, group: string): number =>
  kube.requests.filter((r) => r.includes(group)).length;

describe("Calico's objects", () => {
  it('are not asked for without the setting', async () => {
    const kube = new FakeKube();
    kube.put(NODES, annotated);
    kube.put(`${STORED}/bgppeers`, peer(STORED, 'tor'));
    const { clock, last } = start(kube, false);
    await clock.advanceAsync(1000);
    expect(last()).toMatchObject({ synced: true, bgpPeers: { size: 0 } });
    expect(last()?.nodes.get('a')).not.toHaveProperty('asNumber');
    expect(asked(kube, 'projectcalico.org')).toBe(0);
  });

  it('are read as Calico stores them, beside ours, which count first', async () => {
    const kube = new FakeKube();
    kube.put(NODES, annotated);
    kube.put(`${STORED}/bgppeers`, peer(STORED, 'tor'));
    kube.put(`${STORED}/bgppeers`, peer(STORED, 'other'));
    kube.put(`${WRITTEN}/bgppeers`, peer(WRITTEN, 'tor'));
    kube.put(`${OURS}/bgppeers`, peer(OURS, 'tor', '192.0.2.7'));
    const { clock, last } = start(kube);
    await clock.advanceAsync(1000);
    expect(addresses(last())).toEqual({ tor: '192.0.2.7', other: '192.0.2.9' });
    expect(last()?.bgpPeers.get('other')?.filters).toEqual(['calico-import']);
    expect([...(last()?.bgpFilters.keys() ?? [])]).toEqual(['calico-import']);
    expect(last()?.nodes.get('a')?.asNumber).toBe(65_001);
    expect(last()?.problems.map(({ code, subject }) => `${code} ${subject}`)).toEqual([
      "GRY_CALICO_SHADOWED Calico's BGPPeer tor",
    ]);
    expect(asked(kube, WRITTEN)).toBe(0);

    kube.delete(`${OURS}/bgppeers`, 'tor');
    kube.delete(`${STORED}/bgppeers`, 'other');
    await clock.advanceAsync(1000);
    expect(addresses(last())).toEqual({ tor: '192.0.2.9' });
    expect(last()?.problems).toEqual([]);
  });

  it('are read as people write them where the server has them in no other form', async () => {
    const kube = new FakeKube();
    without(kube, STORED);
    kube.put(`${WRITTEN}/bgppeers`, peer(WRITTEN, 'tor'));
    const { clock, last, snapshots, source } = start(kube);
    await clock.advanceAsync(1000);
    expect(addresses(last())).toEqual({ tor: '192.0.2.9' });
    // Nobody was told a cluster without peers before.
    expect(snapshots.filter(({ synced, bgpPeers }) => synced && bgpPeers.size === 0)).toEqual([]);
    expect(last()?.problems).toEqual([]);
    const names = source.resources().map(({ name }) => name);
    expect(names).toContain('bgppeers.projectcalico.org');
    expect(names).not.toContain('bgppeers.crd.projectcalico.org');
  });

  it('are waited for where the other form cannot be read, as all objects are', async () => {
    const kube = new FakeKube();
    without(kube, STORED);
    kube.forbidden.add(`${WRITTEN}/bgppeers`);
    const { clock, last } = start(kube);
    await clock.advanceAsync(1000);
    expect(last()).toMatchObject({
      synced: false,
      problems: [
        {
          code: 'GRY_KUBE_FORBIDDEN',
          subject: 'bgppeers.projectcalico.org',
          remedy: 'let the service account of the agent list and watch bgppeers.projectcalico.org',
        },
      ],
    });
    kube.forbidden.clear();
    await clock.advanceAsync(60_000);
    expect(last()).toMatchObject({ synced: true, problems: [] });
  });

  it('need not be there at all, nor every kind of them', async () => {
    const kube = new FakeKube();
    without(kube, WRITTEN);
    without(kube, STORED, ['bgpfilters']);
    kube.put(`${STORED}/bgppeers`, peer(STORED, 'tor'));
    const { clock, last, source } = start(kube);
    await clock.advanceAsync(1000);
    expect(last()).toMatchObject({ synced: true, complete: true, problems: [] });
    expect(addresses(last())).toEqual({ tor: '192.0.2.9' });
    await clock.advanceAsync(600_000);
    kube.bookmark();
    await clock.advanceAsync(1000);
    expect(last()?.problems).toEqual([]);
    expect(clock.now() - (source.lastRead ?? 0)).toBeLessThan(600_000);
  });

  it('are taken as they are stored again when the server comes to know that form', async () => {
    const kube = new FakeKube();
    without(kube, STORED);
    kube.put(`${WRITTEN}/bgppeers`, peer(WRITTEN, 'tor'));
    const { clock, last } = start(kube);
    await clock.advanceAsync(1000);
    kube.put(`${STORED}/bgppeers`, peer(STORED, 'tor', '192.0.2.8'));
    kube.absent.clear();
    await clock.advanceAsync(120_000);
    expect(addresses(last())).toEqual({ tor: '192.0.2.8' });
    kube.put(`${WRITTEN}/bgppeers`, peer(WRITTEN, 'tor', '192.0.2.10'));
    kube.delete(`${WRITTEN}/bgppeers`, 'tor');
    await clock.advanceAsync(1000);
    expect(addresses(last())).toEqual({ tor: '192.0.2.8' });
  });

  it('are never written', async () => {
    const kube = new FakeKube();
    kube.put(`${STORED}/bgppeers`, peer(STORED, 'tor', 'nowhere'));
    const { clock, last } = start(kube);
    await clock.advanceAsync(60_000);
    expect(last()?.problems).toMatchObject([{ code: 'GRY_FIELD_INVALID' }]);
    expect(kube.writes).toEqual([]);
    expect(kube.requests.filter((request) => !request.startsWith('GET '))).toEqual([]);
  });
});
