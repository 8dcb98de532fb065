import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PeerConfig, SpeakerConfig } from '../../src/bgp/config.ts';
import { computeBgp } from '../../src/calc/bgp/speaker-config.ts';
import { parseManifest } from '../../src/kube/manifests/manifest.ts';
import { ManifestStore } from '../../src/kube/manifests/store.ts';
import type { Snapshot } from '../../src/kube/records/snapshot.ts';
import { address } from '../../src/net/address.ts';
import { factsOf } from '../calc/bgp/support.ts';
import { byName, node } from '../support/records.ts';

const directory = join(import.meta.dirname, '../../manifests/examples');
const names = readdirSync(directory);

/** What the agent makes of one file; read twice, because Secrets are read for those who refer to them. */
function load(name: string): Snapshot {
  const text = readFileSync(join(directory, name), 'utf8');
  const store = new ManifestStore();
  store.accept(name, parseManifest(name, text));
  const keys = store.secretReferences();
  store.accept(name, parseManifest(name, text, { namespace: 'gryphon-system', keys }));
  return store.snapshot(true, []);
}

const rack = (name: string, reflects = false): object => ({
  labels: { rack: name, ...(reflects ? { 'route-reflector': 'true' } : {}) },
  ...(reflects ? { routeReflectorClusterID: address('244.0.0.1') } : {}),
});
const nodes = byName(
  node('node-a', ['10.244.1.0/24', 'fd00:244:0:1::/64'], ['192.0.2.11'], rack('rack-1', true)),
  node('node-b', ['10.244.2.0/24'], ['192.0.2.12'], rack('rack-1', true)),
  node('node-c', ['10.244.3.0/24'], ['192.0.2.130'], rack('rack-2')),
);

/** The speaker of a node that has nothing but the example. */
function speaker(name: string, self: string, withReflectors = false): SpeakerConfig {
  const { bgpConfigurations, bgpPeers, bgpFilters, pools, secrets } = load(name);
  const plain = [...nodes.values()].map(({ routeReflectorClusterID: _reflects, ...rest }) => rest);
  const { config, problems } = computeBgp(
    factsOf(self, withReflectors ? nodes : byName(...plain), {
      configurations: bgpConfigurations,
      peers: bgpPeers,
      filters: bgpFilters,
      pools,
      secrets,
    }),
  );
  expect(problems).toEqual([]);
  if (config === undefined) throw new Error('no speaker');
  return config;
}

const peer = ({ peers }: SpeakerConfig, name: string): PeerConfig | undefined =>
  peers.find((p) => p.name === name);

it.each(names)('%s has nothing that the agent complains of', (name) => {
  const { problems, complete } = load(name);
  expect(problems).toEqual([]);
  expect(complete).toBe(true);
});

describe('what they say is what happens', () => {
  it('top-of-rack.yaml', () => {
    expect(peer(speaker('top-of-rack.yaml', 'node-a'), 'peer/tor-rack-1')).toMatchObject({
      address: '192.0.2.1',
    });
  });

  it('external-router.yaml', () => {
    const config = speaker('external-router.yaml', 'node-c');
    expect(peer(config, 'peer/border')).toMatchObject({
      password: 'replace-this-password',
      ttlSecurity: 1,
      prefixLimit: { limit: 100 },
      import: { kind: 'none', rules: { length: 3 } },
      export: { kind: 'originated' },
    });
  });

  it('route-reflectors.yaml', () => {
    const peers = (self: string): string[] =>
      speaker('route-reflectors.yaml', self, true).peers.map(
        (p) => `${p.name}${p.reflectorClient === true ? ' client' : ''}`,
      );
    expect(peers('node-a')).toEqual(['peer/clients/node-c client', 'peer/reflectors/node-b']);
    expect(peers('node-c')).toEqual(['peer/clients/node-a', 'peer/clients/node-b']);
  });

  it('communities.yaml', () => {
    const config = speaker('communities.yaml', 'node-c');
    const pods = 64_512 * 65_536 + 100;
    expect(config.originated).toEqual([
      {
        prefix: '10.244.3.0/24',
        communities: [pods],
        largeCommunities: [{ global: 64_512, local1: 1, local2: 7 }],
      },
    ]);
    expect(peer(config, 'peer/tor-rack-2')?.export.rules?.[0]?.operations).toEqual([
      { kind: 'prepend-as-path', asns: [64_512, 64_512] },
      { kind: 'add-community', community: { kind: 'standard', value: 64_512 * 65_536 + 200 } },
    ]);
  });
});
