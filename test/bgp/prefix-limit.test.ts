import { describe, expect, test } from 'vitest';
import type { PrefixLimit } from '../../src/bgp/config.ts';
import { PrefixWatch } from '../../src/bgp/prefix-limit.ts';
import { prefix } from '../../src/net/prefix.ts';
import { converged, meshPeer, type SimCluster } from '../support/bgp-cluster.ts';

const limit: PrefixLimit = { limit: 10, warnAt: 8, restartAfter: 60 };

describe('the number of prefixes', () => {
  const counts =
    (v4: number, v6 = 0) =>
    (family: string) =>
      family === 'ipv4-unicast' ? v4 : v6;

  test.each([
    [7, 0, undefined],
    [8, 0, 'warn'],
    [10, 0, 'warn'],
    [11, 0, 'exceeded'],
    [0, 11, 'exceeded'],
    // Each family has its own count.
    [7, 7, undefined],
  ] as const)('%i of IPv4 and %i of IPv6: %s', (v4, v6, verdict) => {
    expect(new PrefixWatch().check(limit, counts(v4, v6))?.kind).toBe(verdict);
  });

  test('is warned of once in each family', () => {
    const watch = new PrefixWatch();
    const kinds = [
      [8, 0],
      [9, 0],
      [9, 8],
      [2, 2],
      [9, 9],
    ].map(([v4, v6]) => watch.check(limit, counts(v4 ?? 0, v6))?.kind);
    expect(kinds).toEqual(['warn', undefined, 'warn', undefined, undefined]);
  });
});

/** Node 2 announces so many prefixes to node 1, of which it takes none: what is counted is counted before policy. */
function announce(cluster: SimCluster, count: number): void {
  cluster.configure(2, (c) => ({
    ...c,
    originated: Array.from({ length: count }, (_, i) => ({ prefix: prefix(`10.9.${i}.0/24`) })),
  }));
  cluster.run(0.1);
}

describe('a peer with a limit', () => {
  const limited = (warnings: string[] = [], notificationRestart = false): SimCluster => {
    const cluster = converged(
      2,
      1,
      () => {},
      (msg, fields) => warnings.push(`${msg} ${fields?.['count']}`),
    );
    for (const [from, to] of [
      [1, 2],
      [2, 1],
    ] as const) {
      const overrides = { notificationRestart, import: { kind: 'none' }, prefixLimit: limit } as const;
      cluster.configure(from, (c) => ({ ...c, peers: [meshPeer(from, to, overrides)] }));
    }
    cluster.run(30);
    return cluster;
  };

  test('does not flap when the limit is configured, only when it is exceeded', () => {
    const cluster = limited();
    const { flaps, since } = cluster.peer(1, 2);
    cluster.configure(1, (c) => ({
      ...c,
      peers: c.peers.map((p) => ({ ...p, prefixLimit: { ...limit, limit: 20 } })),
    }));
    announce(cluster, 15);
    expect(cluster.peer(1, 2)).toMatchObject({ state: 'established', flaps, since, prefixLimit: 20 });
  });

  const setLimit = (cluster: SimCluster, count: number): void => {
    const prefixLimit = { ...limit, limit: count };
    cluster.configure(1, (c) => ({ ...c, peers: c.peers.map((p) => ({ ...p, prefixLimit })) }));
  };

  test('that is lowered below what the peer has told is beyond it at once', () => {
    const cluster = limited();
    announce(cluster, 9);
    setLimit(cluster, 5);
    cluster.run(0.1);
    expect(cluster.peer(1, 2)).toMatchObject({
      state: 'idle',
      lastDown: { reason: expect.stringContaining('9 prefixes are more than the limit of 5') },
    });
  });

  test('that is raised while the peer is shut out for it lets it in again', () => {
    const cluster = limited();
    announce(cluster, 15);
    expect(cluster.peer(1, 2).state).toBe('idle');
    setLimit(cluster, 20);
    cluster.run(10);
    expect(cluster.peer(1, 2)).toMatchObject({ state: 'established', prefixLimit: 20 });
  });

  test('is warned of, once', () => {
    const warnings: string[] = [];
    const cluster = limited(warnings);
    announce(cluster, 8);
    announce(cluster, 9);
    expect(warnings).toEqual(['many prefixes 8']);
    expect(cluster.peer(1, 2).state).toBe('established');
  });

  test.each([
    ['Cease/Maximum Number of Prefixes Reached', false],
    ['Cease/Hard Reset (Cease/Maximum Number of Prefixes Reached)', true],
  ])('is ended with %s, and tried again after its time', (name, notificationRestart) => {
    const cluster = limited([], notificationRestart);
    announce(cluster, 11);
    const reason = 'ipv4-unicast: 11 prefixes are more than the limit of 10; tried again after 60 s';
    expect(cluster.peer(1, 2)).toMatchObject({ state: 'idle', lastDown: { reason }, lastError: reason });
    expect(cluster.peer(1, 2).prefixes['ipv4-unicast'].received).toBe(0);
    expect(cluster.peer(2, 1).lastDown?.reason).toBe(`peer sent ${name}`);
    announce(cluster, 3);
    cluster.run(59);
    expect(cluster.peer(1, 2).state).toBe('idle');
    cluster.run(10);
    expect(cluster.peer(1, 2)).toMatchObject({ state: 'established' });
    expect(cluster.peer(1, 2).lastError).toBeUndefined();
  });
});
