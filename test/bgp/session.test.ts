import { describe, expect, test } from 'vitest';
import type { SessionRib } from '../../src/bgp/exchange.ts';
import type { Rib } from '../../src/bgp/rib/rib.ts';
import type { Session } from '../../src/bgp/session.ts';
import { notification } from '../../src/bgp/wire/notification.ts';
import { address } from '../../src/net/address.ts';
import { prefix } from '../../src/net/prefix.ts';
import { nodeAddress, podCIDR } from '../support/bgp-cluster.ts';
import type { FakeNetwork } from '../support/fake-network.ts';
import { RawPeer } from '../support/raw-peer.ts';
import { badOrigin, established, open, route, world } from './session-world.ts';

describe('a session', () => {
  test('opens, sends its table and End-of-RIB for every family', () => {
    const { peer, session } = established();
    expect(peer.received).toEqual([
      'open',
      'keepalive',
      'update +10.244.1.0/24',
      'end-of-rib ipv4-unicast',
      'end-of-rib ipv6-unicast',
    ]);
    expect(session.status().state).toBe('established');
  });

  test('sends End-of-RIB also after an empty table', () => {
    expect(established({ export: { kind: 'none' } }).peer.received.slice(2)).toEqual([
      'end-of-rib ipv4-unicast',
      'end-of-rib ipv6-unicast',
    ]);
  });

  test('is complete when End-of-RIB has come for every family', () => {
    const { peer, session, run } = established();
    peer.send({ kind: 'end-of-rib', family: 'ipv4-unicast' });
    run(1);
    expect([session.completed, session.status().endOfRib]).toEqual([false, false]);
    peer.send({ kind: 'end-of-rib', family: 'ipv6-unicast' });
    run(1);
    expect([session.completed, session.status().endOfRib]).toEqual([true, true]);
    peer.close();
    run(0.1);
    expect([session.completed, session.status().endOfRib]).toEqual([true, false]);
  });

  test('is complete without End-of-RIB when a peer without graceful restart has been silent for five seconds', () => {
    const { peer, session, run } = established();
    run(3);
    peer.sendBytes(badOrigin);
    run(5);
    expect(session.completed).toBe(false);
    peer.send({ kind: 'keepalive' });
    run(7);
    expect([session.completed, session.status().endOfRib]).toEqual([true, false]);
  });

  test('waits for End-of-RIB of a peer that has graceful restart, however long it is silent', () => {
    const restart = { kind: 'graceful-restart', restarting: false, notification: false } as const;
    const capabilities = [...open.capabilities, { ...restart, restartTime: 120, families: [] }];
    const { peer, session, run } = established({}, {}, undefined, { ...open, capabilities });
    run(20);
    expect(session.completed).toBe(false);
    for (const family of ['ipv4-unicast', 'ipv6-unicast'] as const) peer.send({ kind: 'end-of-rib', family });
    run(1);
    expect(session.completed).toBe(true);
  });

  test('answers a route refresh with the family once more, and ignores markers and other families', () => {
    const { peer, run } = established();
    peer.received.length = 0;
    peer.send({ kind: 'route-refresh', operation: 'begin', family: 'ipv4-unicast' });
    peer.send({ kind: 'route-refresh', operation: 'request', family: 'ipv6-unicast' });
    peer.send({ kind: 'route-refresh', operation: 'request', family: '1/128' });
    run(1);
    expect(peer.received).toEqual([]);
    peer.send({ kind: 'route-refresh', operation: 'request', family: 'ipv4-unicast' });
    run(1);
    expect(peer.received).toEqual(['update +10.244.1.0/24']);
  });

  test('takes back what grew beyond the messages of the peer, and says so', () => {
    let rib: Rib | undefined;
    const { peer, session, lines, run } = established({}, {}, (made) => (rib = made));
    peer.received.length = 0;
    lines.length = 0;
    const self = {
      routerID: nodeAddress(1),
      asNumbers: new Set([64512]),
      addresses: new Set([nodeAddress(1)]),
    };
    const communities = Array.from({ length: 1_100 }, (_, i) => i + 1);
    rib?.setSelf({ ...self, originated: new Set() }, [{ prefix: podCIDR(1), communities }]);
    rib?.flush();
    run(1);
    expect(peer.received).toEqual(['update -10.244.1.0/24']);
    expect(lines).toEqual(['warn prefixes not announced: their attributes fill a whole message']);
    expect(session.status().prefixes['ipv4-unicast'].advertised).toBe(0);
  });

  test('tells the reason of the peer that shuts it, although TCP ends right behind', () => {
    const { peer, session, run } = established();
    const text = new TextEncoder().encode('maintenance');
    const data = Uint8Array.of(text.length, ...text);
    peer.send({ kind: 'notification', code: 6, subcode: 2, data });
    peer.close();
    run(0.1);
    expect(session.status().lastDown).toEqual({
      at: expect.any(Number),
      reason: 'peer sent Cease/Administrative Shutdown: "maintenance"',
      notification: {
        direction: 'received',
        code: 6,
        subcode: 2,
        name: 'Cease/Administrative Shutdown',
        text: 'maintenance',
      },
    });
  });

  test('logs at info when it is established and when it goes down, nothing else', () => {
    const { peer, lines, run } = established();
    run(60);
    peer.close();
    run(120);
    expect(lines).toEqual(['info session established', 'info session down']);
  });
});

const delegate = (rib: Rib): SessionRib => ({
  open: (...args) => rib.open(...args),
  close: (...args) => rib.close(...args),
  announce: (...args) => rib.announce(...args),
  withdraw: (...args) => rib.withdraw(...args),
  setPolicy: (...args) => rib.setPolicy(...args),
  retain: (...args) => rib.retain(...args),
  resume: (...args) => rib.resume(...args),
  markStale: (...args) => rib.markStale(...args),
  dropStale: (...args) => rib.dropStale(...args),
  longLived: (...args) => rib.longLived(...args),
  attach: (...args) => rib.attach(...args),
  setExport: (...args) => rib.setExport(...args),
  detach: (...args) => rib.detach(...args),
});

describe('an unexpected exception', () => {
  test('costs the session, which ends with Cease, Out of Resources, and starts anew', () => {
    let poisoned = true;
    const { peer, session, lines, run, routes } = established({}, {}, (rib) => ({
      ...delegate(rib),
      announce: (...args) => {
        if (poisoned) throw new RangeError('index out of range');
        rib.announce(...args);
      },
    }));
    peer.announce(route(2));
    run(0.1);
    expect(peer.received.at(-1)).toBe('notification 6/8 Cease/Out of Resources');
    expect(session.exceptions).toBe(1);
    expect(session.status().lastDown?.reason).toBe('internal error: index out of range');
    expect(lines).toContain('error unexpected exception, closing the session');
    poisoned = false;
    run(2);
    peer.establish();
    run(1);
    peer.announce(route(2));
    run(1);
    expect(routes()).toEqual([podCIDR(2)]);
  });

  test('over a message right before the end of TCP leaves no connection behind', async () => {
    const { peer, session, run } = established({}, {}, (rib) => ({
      ...delegate(rib),
      announce: () => {
        throw new RangeError('index out of range');
      },
    }));
    peer.announce(route(2));
    peer.close();
    run(0.1);
    let stopped = false;
    void session.stop('the agent stops').then(() => {
      stopped = true;
    });
    run(5);
    await Promise.resolve();
    await Promise.resolve();
    expect(stopped).toBe(true);
  });

  test('over the end of one connection leaves no other one behind', async () => {
    const { network, session, run } = established({}, {}, (rib) => ({
      ...delegate(rib),
      close: () => {
        throw new RangeError('index out of range');
      },
    }));
    const second = secondPeer(network, session);
    run(0.1);
    second.dial(nodeAddress(1));
    run(0.1);
    let stopped = false;
    void session.stop('the agent stops').then(() => {
      stopped = true;
    });
    run(5);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    expect([stopped, second.connected, session.exceptions]).toEqual([true, false, 1]);
  });

  test('that repeats while the session is ended cuts TCP, and goes no further', () => {
    const thrown = (text: string) => () => {
      throw new Error(text);
    };
    const { peer, session, run } = established({}, {}, (rib) => ({
      ...delegate(rib),
      announce: thrown('first'),
      close: thrown('again'),
    }));
    peer.announce(route(2));
    run(0.1);
    expect(session.status().state).toBe('idle');
    expect(peer.ends).toHaveLength(1);
  });
});

describe('bounded work', () => {
  test('at most 100 messages of a peer are handled in one piece', () => {
    const { peer, session, run, turns } = established();
    const count = (): number => session.status().messages.received.keepalive;
    const before = count();
    turns.hold = true;
    peer.send(...Array.from({ length: 110 }, () => ({ kind: 'keepalive' as const })));
    run(1);
    const handled: number[] = [];
    while (turns.held.length > 0) {
      for (const turn of turns.held.splice(0)) turn();
      handled.push(count() - before);
    }
    expect(handled).toEqual([100, 110]);
  });

  test('of long messages none more is after 16 KiB', () => {
    const { peer, session, run, turns } = established();
    const prefixes = Array.from({ length: 1000 }, (_, i) => prefix(`10.${i >> 8}.${i & 255}.0/24`));
    const count = (): number => session.status().messages.received.update;
    const before = count();
    turns.hold = true;
    for (let i = 0; i < 7; i++) peer.announce({ ...route(2), prefixes });
    run(1);
    const handled: number[] = [];
    while (turns.held.length > 0) {
      for (const turn of turns.held.splice(0)) turn();
      handled.push(count() - before);
    }
    expect(handled).toEqual([5, 7]);
  });

  test('a peer that reads nothing costs no memory beyond one window, and gets the latest when it reads again', () => {
    const many = Array.from({ length: 60_000 }, (_, i) => ({
      prefix: prefix(`10.${i >> 8}.${i & 255}.0/24`),
    }));
    const { peer, session, run } = world({}, { originated: many });
    run(1);
    peer.establish();
    run(0.001);
    peer.pause();
    run(1);
    const stuck = session.status().prefixes['ipv4-unicast'].advertised;
    expect(stuck).toBeLessThan(60_000);
    run(5);
    expect(session.status().prefixes['ipv4-unicast'].advertised).toBe(stuck);
    peer.resume();
    run(1);
    expect(session.status().prefixes['ipv4-unicast'].advertised).toBe(60_000);
    expect(peer.received.at(-1)).toMatch(/^end-of-rib/);
  });

  test('a peer that reads nothing for eight minutes is cut off', () => {
    const many = Array.from({ length: 60_000 }, (_, i) => ({
      prefix: prefix(`10.${i >> 8}.${i & 255}.0/24`),
    }));
    const { peer, session, run } = world({}, { originated: many });
    run(1);
    peer.establish();
    run(0.001);
    peer.pause();
    for (let i = 0; i < 50 && session.status().lastDown === undefined; i++) {
      run(10);
      peer.send({ kind: 'keepalive' });
    }
    expect(session.status().lastDown?.reason).toBe(
      'send hold timer expired: the peer has read nothing for 480 s',
    );
  });

  test('a peer that reads nothing gets two seconds for our last words, then TCP is cut off', async () => {
    const { clock, peer, session, run } = established();
    peer.pause();
    let stopped = false;
    const stop = session.stop('the agent stops', notification('administrativeShutdown')).then(() => {
      stopped = true;
    });
    run(1.9);
    await Promise.resolve();
    expect([stopped, clock.pending]).toEqual([false, 1]);
    run(0.2);
    await stop;
    expect(clock.pending).toBe(0);
  });

  test('input that was not looked at yet is a sign of life', () => {
    const { peer, session, run, turns } = established();
    // The event loop stands still: the hold timer comes due first, then the bytes are read, then deferred work runs.
    turns.hold = true;
    run(31);
    peer.send({ kind: 'keepalive' });
    run(0.01);
    for (const turn of turns.held.splice(0)) turn();
    turns.hold = false;
    run(1);
    expect(session.status()).toMatchObject({ state: 'established', flaps: 0 });
  });

  test('silence is not, however late it is looked at', () => {
    const { session, run, turns } = established();
    turns.hold = true;
    run(31);
    for (const turn of turns.held.splice(0)) turn();
    expect(session.status().lastDown?.reason).toBe('hold timer expired: nothing heard for 30 s');
  });
});

test('a connection of a peer whose session is up is closed as a collision, after the old one was tried', () => {
  const { network, session, run } = established();
  const second = secondPeer(network, session);
  run(0.1);
  second.dial(nodeAddress(1));
  run(0.1);
  second.send(open);
  run(1.1);
  expect(second.received).toEqual(['open', 'notification 6/7 Cease/Connection Collision Resolution']);
  expect(session.status()).toMatchObject({ state: 'established', flaps: 0 });
});

/** Somebody whose connections are given to the session as those of its peer. */
function secondPeer(network: FakeNetwork, session: Session): RawPeer {
  network
    .host(nodeAddress(1))
    .listen(
      { address: nodeAddress(1), port: 179 },
      { listening: () => {}, refused: () => {}, connection: (c) => session.accept(c), failed: () => {} },
    );
  return new RawPeer(network.host(address('192.0.2.3')), open);
}
