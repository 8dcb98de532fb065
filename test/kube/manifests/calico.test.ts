import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../src/agent/clock.ts';
import { parseManifest } from '../../../src/kube/manifests/manifest.ts';
import { ManifestSource } from '../../../src/kube/manifests/source.ts';
import { ManifestStore } from '../../../src/kube/manifests/store.ts';
import { noInterest } from '../../../src/kube/records/secret.ts';
import type { Snapshot } from '../../../src/kube/records/snapshot.ts';
import { silentLog } from '../../../src/ports/log.ts';
import { lines, testdata } from '../records/objects.ts';
import { documents, peerText } from './texts.ts';

/** What the directory with these files says. */
function read(
  files: Readonly<Record<string, string>>,
  calicoKinds = true,
  store = new ManifestStore(),
): Snapshot {
  for (const [name, text] of Object.entries(files))
    store.accept(name, parseManifest(name, text, noInterest, calicoKinds));
  return store.snapshot(true, []);
}

const calicoPeer = (name: string, peerIP = '192.0.2.1', more = ''): string =>
  peerText(name, peerIP, more).replace('gryphon.dev/v1alpha1', 'projectcalico.org/v3');

const codes = (snapshot: Snapshot): string[] => snapshot.problems.map((p) => `${p.code} ${p.subject}`);

test('what Calico has stored is used like ours', () => {
  const snapshot = read({ 'calico.yaml': testdata('calico-stored.yaml') });
  expect(snapshot.pools).toEqual(
    new Map(
      [
        { name: 'default-ipv4-ippool', cidr: '192.168.0.0/16', natOutgoing: true, disabled: false },
        { name: 'from-before', cidr: '10.200.0.0/16', natOutgoing: true, disabled: false },
        { name: 'no-masquerade', cidr: '172.30.0.0/16', natOutgoing: false, disabled: true },
      ].map((pool) => [pool.name, expect.objectContaining({ ...pool, disableBGPExport: false })]),
    ),
  );
  expect(snapshot.bgpConfigurations.get('default')).toMatchObject({
    asNumber: 64_520,
    nodeToNodeMeshEnabled: false,
    bindMode: 'None',
    nodeMeshPassword: { kind: 'secret', name: 'bgp-secrets', key: 'mesh' },
    nodeMeshMaxRestartTime: 120,
  });
  expect(snapshot.bgpConfigurations.get('node.worker-2')).toMatchObject({ listenPort: 1790 });
  expect([...snapshot.bgpPeers.keys()].sort()).toEqual(['nodes-to-reflectors', 'rack1-tor']);
  expect(snapshot.bgpPeers.get('rack1-tor')).toMatchObject({
    peerIP: '192.20.30.40',
    port: 1179,
    asNumber: 64_567,
    filters: ['no-private', 'calico-import'],
    maxRestartTime: 300,
    keepOriginalNextHop: true,
  });
  expect([...snapshot.bgpFilters.keys()].sort()).toEqual(['calico-import', 'no-private']);
  expect(snapshot.nodes.get('worker-1')).toMatchObject({
    annotatedAddresses: { ipv4: '192.0.2.11' },
    asNumber: 64_530,
    routeReflectorClusterID: '244.0.0.1',
  });
  expect(snapshot.nodes.get('worker-2')).toMatchObject({ asNumber: 64_540 });
});

test('what of it has no effect is told, with its line', () => {
  expect(codes(read({ 'calico.yaml': testdata('calico-stored.yaml') }))).toEqual([
    "GRY_UNSUPPORTED_FIELD calico.yaml:34:5 Calico's BGPConfiguration default spec.serviceClusterIPs",
    "GRY_UNSUPPORTED_FIELD calico.yaml:36:5 Calico's BGPConfiguration default spec.serviceLoadBalancerIPs",
    "GRY_UNSUPPORTED_FIELD calico.yaml:46:5 Calico's BGPConfiguration node.worker-2 spec.logSeverityScreen",
    "GRY_UNSUPPORTED_FIELD calico.yaml:93:5 Calico's BGPPeer pods-that-peer spec.localWorkloadSelector",
    "GRY_UNSUPPORTED_FIELD calico.yaml:131:5 Calico's IPPool default-ipv4-ippool spec.blockSize",
    "GRY_UNSUPPORTED_FIELD calico.yaml:142:5 Calico's IPPool from-before spec.blockSize",
    "GRY_UNSUPPORTED_FIELD calico.yaml:141:3 Calico's IPPool from-before spec.ipipMode",
    "GRY_CALICO_POOL_NOT_OF_PODS calico.yaml:162:5 Calico's IPPool load-balancers spec.allowedUses",
  ]);
});

test('without the setting nothing of it has effect, and that is told too', () => {
  const { pools, bgpPeers, bgpFilters, bgpConfigurations, nodes, problems } = read(
    { 'calico.yaml': testdata('calico-stored.yaml') },
    false,
  );
  expect([pools.size, bgpPeers.size, bgpFilters.size, bgpConfigurations.size, nodes.size]).toEqual([
    0, 0, 0, 0, 2,
  ]);
  expect(nodes.get('worker-1')).not.toHaveProperty('asNumber');
  expect(new Set(problems.map(({ code }) => code))).toEqual(new Set(['GRY_FOREIGN_KIND']));
  expect(lines(problems)[0]).toContain('or turn calicoKinds on');
});

test('ours with the same name count first, wherever they stand', () => {
  const files = {
    'a.yaml': documents(calicoPeer('tor'), calicoPeer('other')),
    'b.yaml': peerText('tor', '192.0.2.7'),
  };
  const snapshot = read(files);
  expect(snapshot.bgpPeers.get('other')?.peerIP).toBe('192.0.2.1');
  expect(snapshot.bgpPeers.get('tor')?.peerIP).toBe('192.0.2.7');
  expect(codes(snapshot)).toEqual(["GRY_CALICO_SHADOWED Calico's BGPPeer tor"]);
});

test('of the two forms of one object the first file counts', () => {
  const stored = calicoPeer('tor', '192.0.2.7').replace('projectcalico.org/v3', 'crd.projectcalico.org/v1');
  const snapshot = read({ 'a.yaml': stored, 'b.yaml': calicoPeer('tor') });
  expect(snapshot.bgpPeers.get('tor')?.peerIP).toBe('192.0.2.7');
  expect(codes(snapshot)).toEqual(['GRY_MANIFEST_DUPLICATE b.yaml:1:1 BGPPeer tor']);
});

test('ours and its namesake of Calico in one file keep their own last versions', () => {
  const store = new ManifestStore();
  const text = (own: string, calicos: string): string =>
    documents(peerText('tor', own), calicoPeer('tor', calicos));
  read({ 'a.yaml': text('192.0.2.7', '192.0.2.8') }, true, store);
  const spoilt = read({ 'a.yaml': text('x', '192.0.2.9') }, true, store);
  expect(spoilt.bgpPeers.get('tor')?.peerIP).toBe('192.0.2.7');
  const alone = read({ 'a.yaml': calicoPeer('tor', 'x') }, true, store);
  expect(alone.bgpPeers.get('tor')?.peerIP).toBe('192.0.2.9');
});

test('a pool that becomes one of load balancers is one of pods no more', () => {
  const store = new ManifestStore();
  const pool = (use: string): string =>
    `apiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata: {name: p}\nspec: {cidr: 10.0.0.0/8, allowedUses: [${use}]}\n`;
  expect(read({ 'a.yaml': pool('Workload') }, true, store).pools.size).toBe(1);
  expect(read({ 'a.yaml': pool('LoadBalancer') }, true, store)).toMatchObject({
    complete: true,
    pools: { size: 0 },
  });
});

test('the directory is read so when the source is told to', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'gryphon-calico-'));
  const stop = new AbortController();
  try {
    writeFileSync(join(directory, 'tor.yaml'), calicoPeer('tor'));
    const source = new ManifestSource({
      directory,
      namespace: 'gryphon-system',
      calicoKinds: true,
      clock: systemClock,
      log: silentLog,
      onChange: () => {},
    });
    await source.start(stop.signal);
    expect([...source.snapshot.bgpPeers.keys()]).toEqual(['tor']);
  } finally {
    stop.abort();
    rmSync(directory, { recursive: true });
  }
});
