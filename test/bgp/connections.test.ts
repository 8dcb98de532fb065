import { describe, expect, test } from 'vitest';
import { Connections } from '../../src/bgp/connections.ts';
import type { Transport } from '../../src/bgp/transport.ts';
import { Turns } from '../../src/bgp/turns.ts';
import { meshPeer } from '../support/bgp-cluster.ts';
import { FakeClock } from '../support/fake-clock.ts';

/** So many peers' connections, whose dials are never answered; `turn` runs the work of one turn of the event loop. */
function world(count: number) {
  const clock = new FakeClock();
  const deferred: (() => void)[] = [];
  const turns = new Turns({ clock, defer: (fn) => void deferred.push(fn) });
  const dials = { begun: 0, cancelled: 0 };
  const transport: Transport = {
    connect: () => {
      dials.begun++;
      return { cancel: () => void dials.cancelled++ };
    },
    listen: () => {
      throw new Error('nobody listens here');
    },
  };
  const events = {
    connected: () => {},
    dialFailed: () => {},
    listens: () => true,
    received: () => {},
    heard: () => {},
    blocked: () => {},
    closed: () => {},
  };
  const guard = (fn: () => void): void => fn();
  const all = Array.from(
    { length: count },
    () => new Connections({ transport, clock, turns, guard, events }),
  );
  const turn = (): void => {
    for (const fn of deferred.splice(0)) fn();
  };
  return { all, dials, turn };
}

describe('dials', () => {
  test('of many peers are made in several turns of the event loop', () => {
    const { all, dials, turn } = world(100);
    for (const [i, connections] of all.entries()) connections.dial(meshPeer(1, i + 2));
    const begun = [0, 1, 2].map(() => {
      const { begun } = dials;
      turn();
      return begun;
    });
    expect(begun).toEqual([0, 64, 100]);
  });

  test('are not made where they were cancelled before their turn', () => {
    const { all, dials, turn } = world(1);
    all[0]?.dial(meshPeer(1, 2));
    all[0]?.cancelDial();
    turn();
    expect(dials).toEqual({ begun: 0, cancelled: 0 });
  });

  test('are made once where the password changes before their turn, and anew where it does after', () => {
    const { all, dials, turn } = world(1);
    all[0]?.dial(meshPeer(1, 2));
    all[0]?.setPassword(meshPeer(1, 2, { password: 'one' }));
    turn();
    expect(dials).toEqual({ begun: 1, cancelled: 0 });
    all[0]?.setPassword(meshPeer(1, 2, { password: 'two' }));
    turn();
    expect(dials).toEqual({ begun: 2, cancelled: 1 });
  });
});
