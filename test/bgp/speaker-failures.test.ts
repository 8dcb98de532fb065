import { describe, expect, test } from 'vitest';
import { TransportError } from '../../src/bgp/transport.ts';
import { converged, meshPeer, others, podCIDR, SimCluster } from '../support/bgp-cluster.ts';

describe('a node that is lost', () => {
  test('silently: its routes leave the others within the hold time', () => {
    const cluster = converged(3);
    cluster.network.cut(cluster.node(3).host);
    cluster.run(10);
    expect(cluster.routes(1)).toEqual(others(3, 1));
    cluster.run(21);
    expect(cluster.routes(1)).toEqual(['10.244.2.0/24 via 192.0.2.2']);
    expect(cluster.peer(1, 3).lastDown).toMatchObject({
      reason: 'hold timer expired: nothing heard for 30 s',
      notification: { direction: 'sent', code: 4, subcode: 0, name: 'Hold Timer Expired' },
    });
    expect(cluster.peer(1, 2).flaps).toBe(0);
  });

  test('silently, and back: its routes return within seconds', () => {
    const cluster = converged(3);
    cluster.network.cut(cluster.node(3).host);
    cluster.run(120);
    cluster.network.restore(cluster.node(3).host);
    cluster.run(15);
    for (const index of [1, 2, 3]) expect(cluster.routes(index)).toEqual(others(3, index));
  });

  test('by power failure and back: its first new connection takes the place of the old session', () => {
    const cluster = converged(3);
    cluster.node(3).host.crash();
    cluster.restart(3);
    cluster.run(0.5);
    for (const index of [1, 2, 3]) expect(cluster.routes(index)).toEqual(others(3, index));
    expect(cluster.peer(1, 3)).toMatchObject({
      flaps: 1,
      lastDown: { reason: 'the peer has restarted: it opened a new connection' },
    });
  });

  test('with closed sockets: its routes leave when the restart time is over', () => {
    const cluster = converged(3);
    void cluster.node(3).speaker.stop();
    cluster.run(0.1);
    expect(cluster.peer(1, 3).lastDown?.reason).toBe('connection closed by the peer');
    cluster.run(119);
    expect(cluster.routes(1)).toEqual(others(3, 1));
    expect(cluster.peer(1, 3)).toMatchObject({ state: 'active', lastError: 'connection refused' });
    cluster.run(1);
    expect(cluster.routes(1)).toEqual(['10.244.2.0/24 via 192.0.2.2']);
    cluster.restart(3);
    cluster.run(10);
    expect(cluster.routes(1)).toEqual(others(3, 1));
  });

  test('with a notification: the others know why', async () => {
    const cluster = converged(2);
    const stopped = cluster.node(2).speaker.stop({ mode: 'shutdown' });
    await cluster.clock.advanceAsync(1000);
    await stopped;
    expect(cluster.peer(1, 2).lastDown).toMatchObject({
      reason: 'peer sent Cease/Administrative Shutdown',
      notification: { direction: 'received', code: 6, subcode: 2 },
    });
    expect(cluster.node(2).host.ends.size).toBe(0);
  });
});

describe('what cannot work', () => {
  test('a wrong AS is refused with a reason and tried at most every few seconds', () => {
    const cluster = new SimCluster(2);
    cluster.node(1).config = { ...cluster.node(1).config, peers: [meshPeer(1, 2, { remoteAS: 65001 })] };
    cluster.start();
    cluster.run(120);
    expect(cluster.peer(1, 2)).toMatchObject({
      flaps: 0,
      lastDown: { notification: { code: 2, subcode: 2 } },
    });
    expect(cluster.peer(2, 1).messages.sent.open).toBeLessThan(70);
  });

  test('two passive peers wait for each other and nothing runs', () => {
    const cluster = new SimCluster(2);
    for (const node of cluster.nodes) {
      node.config = { ...node.config, peers: node.config.peers.map((p) => ({ ...p, passive: true })) };
    }
    cluster.start();
    cluster.run(10);
    expect(cluster.peer(1, 2).state).toBe('active');
    expect(cluster.node(1).host.dials + cluster.node(2).host.dials).toBe(0);
  });

  test('one passive side is enough', () => {
    const cluster = new SimCluster(2);
    cluster.node(1).config = { ...cluster.node(1).config, peers: [meshPeer(1, 2, { passive: true })] };
    cluster.start();
    cluster.run(5);
    expect(cluster.routes(1)).toEqual(others(2, 1));
    expect(cluster.node(1).host.dials).toBe(0);
  });

  test('a port in use is a problem with a remedy; sessions come up by dialling, and listening is tried again', () => {
    const cluster = new SimCluster(2);
    const inUse = new TransportError('GRY_TCP_IN_USE', 'the port is in use');
    cluster.node(1).host.failListens.push(inUse, inUse);
    cluster.start();
    cluster.run(3);
    expect(cluster.node(1).speaker.problems()).toEqual([
      {
        code: 'GRY_BGP_LISTEN',
        severity: 'error',
        subject: 'BGP listener 192.0.2.1:179',
        message:
          'Cannot listen on 192.0.2.1:179: the port is in use; peers cannot connect to us, we still connect to them.',
        remedy: expect.stringContaining('ss -ltnp'),
      },
    ]);
    expect(cluster.routes(1)).toEqual(others(2, 1));
    cluster.run(10);
    expect(cluster.node(1).speaker.problems()).toEqual([]);
  });

  test('a prefix that this node originates is never taken from a peer', () => {
    const cluster = new SimCluster(2);
    cluster.node(2).config = { ...cluster.node(2).config, originated: [{ prefix: podCIDR(1) }] };
    cluster.node(1).config = {
      ...cluster.node(1).config,
      peers: [meshPeer(1, 2, { import: { kind: 'exactly', prefixes: [podCIDR(1)] } })],
    };
    cluster.start();
    cluster.run(10);
    expect(cluster.routes(1)).toEqual([]);
    const [entry] = cluster.node(1).speaker.rib();
    expect(entry?.paths.map((p) => [p.peer, p.best, p.reason])).toEqual([
      ['local', true, undefined],
      ['mesh/node-2', false, 'this node originates the prefix'],
    ]);
  });
});
