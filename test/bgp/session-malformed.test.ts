import { describe, expect, test } from 'vitest';
import { hex } from '../../src/bgp/wire/bytes.ts';
import { podCIDR } from '../support/bgp-cluster.ts';
import { badMarker, badOrigin, established, route, world } from './session-world.ts';

describe('malformed input', () => {
  test('that must end the session does so with its NOTIFICATION, and the next attempt waits', () => {
    const { peer, session, lines, run } = established();
    peer.sendBytes(badMarker);
    run(0.1);
    expect(peer.received.at(-1)).toBe('notification 1/1 Message Header Error/Connection Not Synchronized');
    expect(session.status()).toMatchObject({
      state: 'idle',
      flaps: 1,
      lastDown: { notification: { code: 1 } },
    });
    expect(lines).toContain(`warn malformed message ${hex(badMarker)}`);
    run(2);
    expect(session.status().state).toBe('opensent');
  });

  test('that RFC 7606 treats as withdrawal withdraws and keeps the session', () => {
    const { peer, session, lines, run, routes } = established();
    peer.announce(route(2));
    run(0.1);
    expect(routes()).toEqual([podCIDR(2)]);
    peer.sendBytes(badOrigin);
    run(0.1);
    expect(routes()).toEqual([]);
    expect(session.status()).toMatchObject({ state: 'established', flaps: 0 });
    expect(lines).toContain(`warn malformed message ${hex(badOrigin)}`);
  });

  test('is counted by what was done about it, and a problem for ten minutes', () => {
    const { peer, session, run } = established();
    peer.send({ kind: 'route-refresh', operation: 'request', family: '1/128' });
    peer.sendBytes(badOrigin);
    peer.sendBytes(badOrigin);
    run(1);
    expect(session.status()).toMatchObject({
      state: 'established',
      malformed: { reset: 0, withdraw: 2, discard: 0, ignore: 0 },
      problems: [
        {
          code: 'GRY_BGP_MALFORMED',
          severity: 'warning',
          subject: 'BGP peer mesh/node-2',
          message: 'malformed messages arrive from it; so far 2 withdrew the routes in it',
        },
      ],
    });
    for (let seconds = 0; seconds < 598; seconds += 23) {
      peer.send({ kind: 'keepalive' });
      run(23);
      expect(session.problems()).toHaveLength(seconds + 24 < 600 ? 1 : 0);
    }
    expect(session.status().malformed.withdraw).toBe(2);
  });

  test('that ended a session is a problem also after the next one is established', () => {
    const { peer, session, run } = established();
    peer.sendBytes(badMarker);
    run(0.1);
    expect(session.status()).toMatchObject({
      malformed: { reset: 1 },
      notifications: [{ direction: 'sent', code: 1, subcode: 1, count: 1 }],
    });
    run(3);
    peer.establish();
    run(1);
    expect(session.status().state).toBe('established');
    expect(session.problems().map((p) => p.message)).toEqual([
      'malformed messages arrive from it; so far 1 ended a session',
    ]);
  });

  test('is written whole once a minute at most', () => {
    const { peer, lines, run } = established();
    const keepalive = { kind: 'keepalive' } as const;
    for (let i = 0; i < 13; i++) {
      peer.sendBytes(badOrigin);
      peer.send(keepalive);
      run(10);
    }
    expect(lines.filter((l) => l.startsWith('warn'))).toHaveLength(3);
  });

  test('that comes back with every session does not make it spin', () => {
    const { peer, session, run } = established();
    for (let i = 0; i < 6000; i++) {
      if (peer.connected && peer.received.at(-1) === 'open') {
        peer.establish();
        peer.sendBytes(badMarker);
      }
      run(0.02);
    }
    const { flaps, messages } = session.status();
    expect(flaps).toBeGreaterThan(20);
    expect(flaps).toBeLessThan(40);
    expect(messages.sent.open).toBeLessThan(45);
  });

  test('before the OPENs ends the attempt', () => {
    const { peer, session, run } = world();
    run(1);
    peer.sendBytes(badMarker);
    run(0.1);
    expect(session.status()).toMatchObject({
      state: 'idle',
      flaps: 0,
      lastDown: { notification: { code: 1, subcode: 1 } },
    });
  });
});
