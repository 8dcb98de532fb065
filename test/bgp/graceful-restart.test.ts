import { describe, expect, test } from 'vitest';
import type { PeerConfig } from '../../src/bgp/config.ts';
import type { OpenMessage } from '../../src/bgp/wire/message.ts';
import { converged, meshPeer, nodeAddress, others, podCIDR, SimCluster } from '../support/bgp-cluster.ts';
import { RawPeer } from '../support/raw-peer.ts';

const RESTARTED = { forwarding: true };
const KEPT = 'routes are kept while the peer restarts';

/** A mesh of two that has settled, with both sides' peer changed. */
function pair(overrides: Partial<PeerConfig> = {}): SimCluster {
  const cluster = converged(2);
  for (const [from, to] of [
    [1, 2],
    [2, 1],
  ] as const) {
    cluster.configure(from, (c) => ({ ...c, peers: [meshPeer(from, to, overrides)] }));
  }
  cluster.run(30);
  cluster.node(1).batches.length = 0;
  return cluster;
}

/** Of a peer that speaks IPv4 and knows graceful restart. */
const open: OpenMessage = {
  kind: 'open',
  as: 64512,
  holdTime: 90,
  routerID: nodeAddress(2),
  capabilities: [
    { kind: 'multiprotocol', family: 'ipv4-unicast' },
    { kind: 'graceful-restart', restarting: false, notification: false, restartTime: 120, families: [] },
  ],
};

/** `R`, where the OPEN says so, and `F`, where all families do. */
function restartFlags({ capabilities }: OpenMessage): string {
  const found = capabilities.find((c) => c.kind === 'graceful-restart');
  const forwarding = found?.families.length === 2 && found.families.every((f) => f.forwarding);
  return [...(found?.restarting === true ? ['R'] : []), ...(forwarding ? ['F'] : [])].join(' ');
}

/** Whether node 1 was told of any change of its routes since `pair`. */
const moved = (cluster: SimCluster): boolean => cluster.node(1).batches.flat().length > 0;
const restartOf = (cluster: SimCluster) => cluster.peer(1, 2).gracefulRestart;

describe('an agent that restarts', () => {
  test('by its own stop is not noticed in anybody’s routes', () => {
    const cluster = pair();
    void cluster.node(2).speaker.stop();
    cluster.run(20);
    expect(cluster.peer(1, 2)).toMatchObject({
      state: 'active',
      prefixes: { 'ipv4-unicast': { received: 1, accepted: 1, stale: 1 } },
      gracefulRestart: { staleUntil: expect.any(Number), remoteTime: 120 },
    });
    cluster.restart(2, RESTARTED);
    cluster.run(10);
    expect(moved(cluster)).toBe(false);
    expect(cluster.peer(1, 2)).toMatchObject({
      state: 'established',
      prefixes: { 'ipv4-unicast': { received: 1, accepted: 1, stale: 0 } },
    });
    expect(restartOf(cluster)?.staleUntil).toBeUndefined();
    expect(cluster.routes(2)).toEqual(others(2, 2));
  });

  test('by kill -9, its power still on: the new connection replaces the old session', () => {
    const cluster = pair();
    cluster.node(2).host.crash();
    cluster.restart(2, RESTARTED);
    cluster.run(10);
    expect(moved(cluster)).toBe(false);
    expect(cluster.peer(1, 2)).toMatchObject({ state: 'established', flaps: expect.any(Number) });
  });

  test('again and again loses nothing either', () => {
    const cluster = pair();
    for (let i = 0; i < 5; i++) {
      void cluster.node(2).speaker.stop();
      cluster.run(3);
      cluster.restart(2, RESTARTED);
      cluster.run(7);
    }
    expect(moved(cluster)).toBe(false);
  });

  test('and reflects tells End-of-RIB when it has what the others tell, not before', () => {
    const cluster = new SimCluster(3);
    const client = { import: { kind: 'all' }, export: { kind: 'all' }, reflectorClient: true } as const;
    cluster.configure(1, (c) => ({ ...c, peers: [2, 3].map((to) => meshPeer(1, to, client)) }));
    for (const index of [2, 3]) {
      const peers = [meshPeer(index, 1, { import: { kind: 'all' } })];
      cluster.configure(index, (c) => ({ ...c, peers }));
    }
    cluster.run(15);
    const { batches, speaker } = cluster.node(3);
    expect(speaker.learned().has(podCIDR(2))).toBe(true);
    batches.length = 0;
    void cluster.node(1).speaker.stop();
    cluster.network.cut(cluster.node(2).host);
    cluster.run(1);
    cluster.restart(1, RESTARTED);
    cluster.run(20);
    expect(cluster.peer(3, 1).state).toBe('established');
    cluster.network.restore(cluster.node(2).host);
    cluster.run(40);
    expect(batches.flat()).toEqual([]);
    expect(cluster.peer(3, 1).endOfRib).toBe(true);
  });

  test('after a reboot has its routes dropped when it is back, and told anew', () => {
    const cluster = pair();
    void cluster.node(2).speaker.stop();
    cluster.run(20);
    cluster.configure(2, (c) => ({ ...c, originated: [] }));
    cluster.restart(2, { forwarding: false });
    expect(moved(cluster)).toBe(false);
    cluster.run(10);
    expect(cluster.routes(1)).toEqual([]);
  });

  test('and does not announce a route any more: it goes with End-of-RIB', () => {
    const cluster = pair();
    void cluster.node(2).speaker.stop();
    cluster.run(5);
    cluster.node(2).config = { ...cluster.node(2).config, originated: [{ prefix: podCIDR(9) }] };
    cluster.restart(2, RESTARTED);
    cluster.run(10);
    expect(cluster.routes(1)).toEqual([]);
    expect(cluster.peer(1, 2).prefixes['ipv4-unicast']).toMatchObject({ received: 1, stale: 0 });
  });

  test('and does not come back: its routes go after its restart time', () => {
    const cluster = pair({ restartTime: 40 });
    void cluster.node(2).speaker.stop();
    cluster.run(39);
    expect(moved(cluster)).toBe(false);
    cluster.run(2);
    expect(cluster.routes(1)).toEqual([]);
    expect(cluster.peer(1, 2).prefixes['ipv4-unicast'].received).toBe(0);
  });

  test.each([
    ['of the same boot', { forwarding: true }, ['R F', 'R F', 'F']],
    // Once it has announced something itself, that is being forwarded.
    ['after a reboot', { forwarding: false }, ['R', 'R F', 'F']],
    ['for the first time', undefined, ['', 'F', 'F']],
  ])('%s tells so until its peers have told what they know', (_, restart, flags) => {
    const cluster = new SimCluster(1);
    const peer = new RawPeer(cluster.network.host(nodeAddress(2)), open);
    cluster.configure(1, (c) => ({ ...c, peers: [meshPeer(1, 2)] }));
    void cluster.node(1).speaker.stop();
    cluster.run(1);
    peer.opens.length = 0;
    cluster.restart(1, restart);
    // The peer goes twice before it has told everything, and then once more.
    for (const endOfRib of [false, true, false]) {
      cluster.run(5);
      peer.establish();
      if (endOfRib) peer.send({ kind: 'end-of-rib', family: 'ipv4-unicast' });
      cluster.run(1);
      peer.close();
    }
    expect(peer.opens.map(restartFlags)).toEqual(flags);
  });

  test('without graceful restart takes its routes with it', () => {
    const cluster = pair({ restartTime: 0 });
    void cluster.node(2).speaker.stop();
    cluster.run(0.1);
    expect(cluster.routes(1)).toEqual([]);
    expect(restartOf(cluster)).toBeUndefined();
  });
});

describe('a node that goes', () => {
  test.each([
    ['with the N bit: a Hard Reset', true, 'Cease/Hard Reset (Cease/Administrative Shutdown)', 9],
    ['without it: a plain shutdown', false, 'Cease/Administrative Shutdown', 2],
  ] as const)('takes its routes with it at once, %s', async (_, notificationRestart, name, subcode) => {
    const cluster = pair({ notificationRestart });
    const stopped = cluster
      .node(2)
      .speaker.stop({ mode: 'shutdown', text: 'node-2 is shutting down', grace: 2000 });
    await cluster.clock.advanceAsync(1900);
    expect(cluster.peer(1, 2)).toMatchObject({ state: 'established', flaps: expect.any(Number) });
    expect(communities(cluster)).toContain('graceful-shutdown');
    await cluster.clock.advanceAsync(300);
    expect(cluster.routes(1)).toEqual([]);
    expect(cluster.peer(1, 2).lastDown).toMatchObject({
      reason: `peer sent ${name}: "node-2 is shutting down"`,
      notification: { direction: 'received', code: 6, subcode, text: 'node-2 is shutting down' },
    });
    await cluster.clock.advanceAsync(3000);
    await stopped;
  });

  test('does not wait for a peer that takes nothing', async () => {
    const cluster = pair();
    cluster.network.cut(cluster.node(1).host);
    let stopped = false;
    void cluster
      .node(2)
      .speaker.stop({ mode: 'shutdown', grace: 1000 })
      .then(() => {
        stopped = true;
      });
    await cluster.clock.advanceAsync(9000);
    expect(stopped).toBe(true);
  });

  test('and is removed from the configuration of another takes them with it', () => {
    const cluster = pair();
    void cluster.node(2).speaker.stop();
    cluster.run(1);
    cluster.configure(1, (c) => ({ ...c, peers: [] }));
    cluster.run(1);
    expect(cluster.routes(1)).toEqual([]);
  });
});

/** Of the routes that node 1 has. */
const communities = (cluster: SimCluster): readonly string[] =>
  [...cluster.node(1).speaker.rib()].flatMap((e) =>
    e.paths.filter((p) => p.peer !== 'local').flatMap((p) => p.communities),
  );

describe('a session that ends otherwise', () => {
  const silent = (cluster: SimCluster): void => {
    cluster.network.cut(cluster.node(2).host);
    cluster.run(31);
  };
  const otherHoldTime = (cluster: SimCluster): void => {
    cluster.configure(2, (c) => ({ ...c, peers: c.peers.map((p) => ({ ...p, holdTime: 60 })) }));
    cluster.run(0.1);
  };
  /** What node 2 cannot read. */
  const malformed = (cluster: SimCluster): void => {
    for (const end of cluster.node(1).host.ends) end.write(new Uint8Array(19));
    cluster.run(0.1);
  };
  const silence = 'hold timer expired';
  test.each([
    ['the hold timer, with RFC 8538', silent, true, silence, true],
    ['the hold timer, without', silent, false, silence, false],
    ['a NOTIFICATION, with RFC 8538', malformed, true, 'peer sent Message Header Error', true],
    ['a NOTIFICATION, without', malformed, false, 'peer sent Message Header Error', false],
    ['another configuration, with RFC 8538', otherHoldTime, true, 'Other Configuration Change', true],
    ['another configuration, without: nothing is said', otherHoldTime, false, 'closed by the peer', true],
  ] as const)('%s', (_, end, notificationRestart, reason, kept) => {
    const cluster = pair({ notificationRestart });
    end(cluster);
    expect(cluster.peer(1, 2).lastDown?.reason).toMatch(reason);
    expect(moved(cluster)).toBe(!kept);
  });

  test('and is configured for another AS: what the former peer told goes', () => {
    const cluster = pair({ notificationRestart: true });
    cluster.configure(1, (c) => ({ ...c, peers: c.peers.map((p) => ({ ...p, remoteAS: 65009 })) }));
    cluster.run(0.1);
    expect(cluster.routes(1)).toEqual([]);
  });
});

test('what is kept is said once', () => {
  const lines: string[] = [];
  const cluster = converged(2, 1, (msg) => void lines.push(msg));
  void cluster.node(2).speaker.stop();
  cluster.run(60);
  expect(lines.filter((l) => l === KEPT)).toHaveLength(1);
});
