import { describe, expect, test } from 'vitest';
import type { PeerConfig, SpeakerConfig } from '../../src/bgp/config.ts';
import { WELL_KNOWN_COMMUNITIES } from '../../src/bgp/wire/communities.ts';
import { prefix } from '../../src/net/prefix.ts';
import { converged, meshPeer, podCIDR, SimCluster } from '../support/bgp-cluster.ts';

const withPeers = (config: SpeakerConfig, overrides: Partial<PeerConfig>): SpeakerConfig => ({
  ...config,
  peers: config.peers.map((peer) => ({ ...peer, ...overrides })),
});

/** What node 2 knows of the first node's prefixes: `10.244.1.0/24 100 no-export`, with the reason where it is not used. */
function seen(cluster: SimCluster): readonly string[] {
  return [...cluster.node(2).speaker.rib()]
    .flatMap(({ prefix: of, paths }) => paths.map((path) => ({ of, ...path })))
    .filter(({ peer }) => peer === 'mesh/node-1')
    .map(({ of, localPref, communities, best, reason }) =>
      [of, localPref, ...communities, ...(best ? [] : [reason])].join(' '),
    );
}

describe('policy between two speakers', () => {
  test('communities of what is originated arrive, and change without a flap', () => {
    const cluster = converged(2);
    const originate = (communities: readonly number[]): void => {
      cluster.configure(1, (c) => ({ ...c, originated: [{ prefix: podCIDR(1), communities }] }));
      cluster.run(1);
    };
    originate([0xfde80001]);
    expect(seen(cluster)).toEqual(['10.244.1.0/24 100 65000:1']);
    originate([WELL_KNOWN_COMMUNITIES['no-export']]);
    expect(seen(cluster)).toEqual(['10.244.1.0/24 100 no-export']);
    expect(cluster.peer(2, 1).flaps).toBe(0);
  });

  test('a rule on the way out, and another on the way in, without a flap', () => {
    const cluster = converged(2);
    const rule = { family: 'ipv4-unicast', match: {}, action: 'accept' } as const;
    cluster.configure(1, (c) =>
      withPeers(c, {
        export: {
          kind: 'none',
          rules: [{ ...rule, name: 'out', operations: [{ kind: 'set-local-pref', value: 300 }] }],
        },
      }),
    );
    cluster.run(1);
    expect(seen(cluster)).toEqual(['10.244.1.0/24 300']);
    const out = { cidr: { prefix: podCIDR(1), operator: 'Equal' } } as const;
    cluster.configure(2, (c) =>
      withPeers(c, {
        import: {
          kind: 'all',
          rules: [
            { ...rule, name: 'BGPFilter in importV4[0]', match: out, action: 'reject', operations: [] },
          ],
        },
      }),
    );
    cluster.run(1);
    expect(seen(cluster)).toEqual(['10.244.1.0/24 300 BGPFilter in importV4[0] rejects it']);
    expect(cluster.peer(2, 1).flaps).toBe(0);
  });

  test('a node that is leaving says so, and is the last choice', () => {
    const cluster = converged(2);
    cluster.configure(1, (c) => ({ ...c, gracefulShutdown: true }));
    cluster.run(1);
    expect(seen(cluster)).toEqual(['10.244.1.0/24 0 graceful-shutdown']);
  });

  test("nothing inside of a node's own prefixes is taken, although it announces none of them", () => {
    const cluster = converged(2);
    cluster.configure(2, (c) => ({
      ...withPeers(c, { import: { kind: 'all' } }),
      originated: [],
      localPrefixes: [prefix('10.244.0.0/23')],
    }));
    cluster.run(1);
    expect(seen(cluster)).toEqual(['10.244.1.0/24 100 it lies inside a prefix of this node']);
  });

  test('a peer that becomes a client, and is none any more, without a flap', () => {
    const cluster = new SimCluster(3);
    // Node 1 is between 2 and 3, which is nobody's client.
    const transit: Partial<PeerConfig> = { import: { kind: 'all' }, export: { kind: 'all' } };
    const set = (client: Partial<PeerConfig>): void => {
      cluster.configure(1, (c) => ({
        ...c,
        peers: [meshPeer(1, 2, { ...transit, ...client }), meshPeer(1, 3, transit)],
      }));
      cluster.run(15);
    };
    for (const index of [2, 3]) {
      const peers = [meshPeer(index, 1, { import: { kind: 'all' } })];
      cluster.configure(index, (c) => ({ ...c, peers }));
    }
    const fromNode2 = (): boolean => cluster.node(3).speaker.learned().has(podCIDR(2));
    const known = [{}, { reflectorClient: true }, {}].map((client) => {
      set(client);
      return fromNode2();
    });
    expect([known, cluster.peer(1, 2).flaps]).toEqual([[false, true, false], 0]);
  });

  test('a peer that is reached through another link is judged by that, without a flap', () => {
    const cluster = converged(2);
    const rule = { family: 'ipv4-unicast', action: 'reject', operations: [] } as const;
    const policy = {
      kind: 'all',
      rules: [{ ...rule, name: 'by link', match: { interface: 'eth1' } }],
    } as const;
    const taken = ['eth0', 'eth1', 'eth0'].map((link) => {
      cluster.configure(2, (c) => withPeers(c, { import: policy, link }));
      cluster.run(1);
      return cluster.node(2).speaker.learned().has(podCIDR(1));
    });
    expect([taken, cluster.peer(2, 1).flaps]).toEqual([[true, false, true], 0]);
  });
});
