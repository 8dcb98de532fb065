import { describe, expect, test } from 'vitest';
import type { PeerConfig } from '../../src/bgp/config.ts';
import { prefix } from '../../src/net/prefix.ts';
import { converged, meshPeer, SimCluster } from '../support/bgp-cluster.ts';

/** Two nodes of which the first, and the second, has its peer configured like this. */
function pair(first: Partial<PeerConfig>, second: Partial<PeerConfig> = {}): SimCluster {
  const cluster = new SimCluster(2);
  configure(cluster, first, second);
  cluster.start();
  cluster.run(15);
  return cluster;
}

function configure(cluster: SimCluster, first: Partial<PeerConfig>, second: Partial<PeerConfig>): void {
  for (const [index, other, overrides] of [
    [1, 2, first],
    [2, 1, second],
  ] as const) {
    const node = cluster.node(index);
    node.config = { ...node.config, peers: [meshPeer(index, other, overrides)] };
  }
}

const problems = (cluster: SimCluster, index: number): readonly string[] =>
  cluster
    .node(index)
    .speaker.problems()
    .map(({ code, severity, subject, message }) => `${severity} ${code} ${subject}: ${message}`);

const external = { localAS: 64512, remoteAS: 65001 };
const there = { localAS: 65001, remoteAS: 64512 };

/** What goes wrong, and what the two nodes say of it. */
const REFUSALS: readonly {
  readonly what: string;
  readonly first: Partial<PeerConfig>;
  readonly second: Partial<PeerConfig>;
  readonly says: readonly string[];
  readonly saysThere: readonly string[];
}[] = [
  {
    what: 'another AS than configured',
    first: { remoteAS: 65001 },
    second: {},
    says: ['error GRY_BGP_AS_MISMATCH BGP peer mesh/node-2: peer is AS 64512, configured is AS 65001'],
    saysThere: ['error GRY_BGP_AS_MISMATCH BGP peer mesh/node-1: peer sent OPEN Message Error/Bad Peer AS'],
  },
  {
    what: 'roles that do not go together',
    first: { ...external, role: 'provider' },
    second: { ...there, role: 'provider' },
    says: [
      'error GRY_BGP_ROLE_MISMATCH BGP peer mesh/node-2: peer has the role provider, which does not go with ours, provider',
    ],
    saysThere: [
      'error GRY_BGP_ROLE_MISMATCH BGP peer mesh/node-1: peer has the role provider, which does not go with ours, provider',
    ],
  },
  {
    what: 'no family in common',
    first: { families: ['ipv4-unicast'], passive: true },
    second: { families: ['ipv6-unicast'] },
    says: [
      'error GRY_BGP_FAMILY_MISMATCH BGP peer mesh/node-2: peer has none of the configured address families (ipv4-unicast)',
    ],
    saysThere: [
      'error GRY_BGP_FAMILY_MISMATCH BGP peer mesh/node-1: peer has none of the configured address families (ipv6-unicast)',
    ],
  },
];

describe('a session that cannot come up', () => {
  test.each(REFUSALS)('for $what is a problem on both sides', ({ first, second, says, saysThere }) => {
    const cluster = pair(first, second);
    expect([problems(cluster, 1), problems(cluster, 2)]).toEqual([says, saysThere]);
    // What the peer shows is what the speaker tells.
    expect(cluster.peer(1, 2).problems).toEqual(cluster.node(1).speaker.problems());
  });

  test.each(REFUSALS)('for $what no longer is one when it is good', ({ first, second }) => {
    const cluster = pair(first, second);
    configure(cluster, {}, {});
    cluster.start();
    expect(problems(cluster, 1)).toEqual([]);
    cluster.run(15);
    expect([problems(cluster, 1), problems(cluster, 2)]).toEqual([[], []]);
    expect(cluster.peer(1, 2).state).toBe('established');
  });

  test('keeps its reason while the peer does not answer at all', () => {
    const cluster = pair({ remoteAS: 65001 });
    cluster.network.cut(cluster.node(2).host);
    cluster.run(30);
    expect(cluster.peer(1, 2).lastError).toBe('no answer within 5 s');
    expect(problems(cluster, 1)[0]).toContain('peer is AS 64512, configured is AS 65001');
  });

  test('for a reason that may pass by itself is none', () => {
    const cluster = converged(2);
    cluster.network.cut(cluster.node(2).host);
    cluster.run(60);
    expect(cluster.peer(1, 2).lastDown?.notification?.name).toBe('Hold Timer Expired');
    expect(problems(cluster, 1)).toEqual([]);
  });

  test('because of our own configuration is told with the peer only: whoever made that has told it already', () => {
    const reason = 'its password cannot be used: the file /p is empty';
    const cluster = pair({ enabled: false, problem: reason, remedy: 'write the password into it' });
    expect(cluster.peer(1, 2).problems).toEqual([
      {
        code: 'GRY_BGP_PEER_HELD',
        severity: 'error',
        subject: 'BGP peer mesh/node-2',
        message: reason,
        remedy: 'write the password into it',
      },
    ]);
    expect(problems(cluster, 1)).toEqual([]);
  });

  test('because its connections are not let in', () => {
    const cluster = new SimCluster(2);
    cluster.network.separate(cluster.node(1).host, cluster.node(2).host, 2);
    configure(cluster, { ttlSecurity: 1, passive: true }, {});
    cluster.start();
    cluster.run(15);
    expect(problems(cluster, 1)).toEqual([
      'error GRY_BGP_PROTECTION BGP peer mesh/node-2: its connection was not let in: the peer is too far away',
    ]);
    cluster.configure(1, (c) => ({ ...c, peers: [meshPeer(1, 2, { ttlSecurity: 2, passive: true })] }));
    cluster.run(15);
    expect(problems(cluster, 1)).toEqual([]);
    expect(cluster.peer(1, 2).state).toBe('established');
  });
});

test('what both sides offer is known also where they do not agree', () => {
  const cluster = pair({ families: ['ipv4-unicast'] }, { families: ['ipv6-unicast'] });
  const { offered, state } = cluster.peer(1, 2);
  expect(state).not.toBe('established');
  expect([offered.local[0], offered.remote?.[0]]).toEqual(['ipv4-unicast', 'ipv6-unicast']);
  const kinds = cluster.peer(1, 2).notifications.filter((n) => n.direction === 'sent');
  expect(kinds).toMatchObject([{ code: 2, subcode: 7, name: 'OPEN Message Error/Unsupported Capability' }]);
});

describe('the number of prefixes', () => {
  const announce = (cluster: SimCluster, count: number): void => {
    cluster.configure(2, (c) => ({
      ...c,
      originated: Array.from({ length: count }, (_, i) => ({ prefix: prefix(`10.9.${i}.0/24`) })),
    }));
    cluster.run(1);
  };

  test('is a warning before the limit, an error beyond it, and nothing when it is small again', () => {
    const cluster = pair({ prefixLimit: { limit: 10, warnAt: 8, restartAfter: 60 } });
    const told: (readonly string[])[] = [];
    for (const count of [7, 8, 11, 2]) {
      announce(cluster, count);
      told.push(problems(cluster, 1));
    }
    const exceeded =
      'error GRY_BGP_PREFIX_LIMIT BGP peer mesh/node-2: ' +
      'ipv4-unicast: 11 prefixes are more than the limit of 10; tried again after 60 s';
    expect(told).toEqual([
      [],
      [
        'warning GRY_BGP_PREFIX_LIMIT BGP peer mesh/node-2: ' +
          'ipv4-unicast: 8 prefixes, the session ends when there are more than 10',
      ],
      [exceeded],
      [exceeded],
    ]);
    expect(problems(cluster, 2)).toEqual([
      'error GRY_BGP_PREFIX_LIMIT BGP peer mesh/node-1: peer sent Cease/Maximum Number of Prefixes Reached',
    ]);
    cluster.run(90);
    expect([problems(cluster, 1), problems(cluster, 2)]).toEqual([[], []]);
  });

  test('is found inside of a Hard Reset too', () => {
    const limit = { prefixLimit: { limit: 10, warnAt: 8, restartAfter: 60 } };
    const cluster = pair({ ...limit, notificationRestart: true }, { notificationRestart: true });
    announce(cluster, 11);
    expect(cluster.peer(2, 1).lastDown?.notification?.name).toBe('Cease/Hard Reset');
    expect(problems(cluster, 2)).toEqual([
      'error GRY_BGP_PREFIX_LIMIT BGP peer mesh/node-1: ' +
        'peer sent Cease/Hard Reset (Cease/Maximum Number of Prefixes Reached)',
    ]);
  });
});
