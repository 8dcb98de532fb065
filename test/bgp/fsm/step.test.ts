import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FsmInput } from '../../../src/bgp/fsm/events.ts';
import { establishedConnection, initialState, peerState } from '../../../src/bgp/fsm/state.ts';
import { step } from '../../../src/bgp/fsm/step.ts';
import { nextDeadline, OPEN_WAIT, RETRY_MAX, sendHoldDeadline } from '../../../src/bgp/fsm/timing.ts';
import type { Message } from '../../../src/bgp/wire/message.ts';
import { notification, reset, shutdownNotification } from '../../../src/bgp/wire/notification.ts';
import { config, keepalive, peerOpen, restarted, Script } from './script.ts';

const update: Message = { kind: 'update', withdrawn: [], announced: [] };
const endOfRib: Message = { kind: 'end-of-rib', family: 'ipv4-unicast' };
const refresh: Message = { kind: 'route-refresh', operation: 'request', family: 'ipv4-unicast' };
const ceaseShutdown = shutdownNotification('administrativeShutdown', 'maintenance');

type Phase = Parameters<typeof Script.in>[0];

describe('a message on connection 1', () => {
  const rows: readonly (readonly [Phase, Message, Phase, readonly string[]])[] = [
    ['opensent', peerOpen, 'openconfirm', ['agreed 1', 'send 1 keepalive']],
    ['opensent', keepalive, 'idle', unexpected('5/1', 'OpenSent', 'keepalive', 4)],
    ['opensent', update, 'idle', unexpected('5/1', 'OpenSent', 'update', 2)],
    ['opensent', endOfRib, 'idle', unexpected('5/1', 'OpenSent', 'end-of-rib', 2)],
    ['opensent', refresh, 'idle', unexpected('5/1', 'OpenSent', 'route-refresh', 5)],
    ['openconfirm', keepalive, 'established', ['established 1']],
    ['openconfirm', peerOpen, 'idle', unexpected('5/2', 'OpenConfirm', 'open', 1)],
    ['openconfirm', update, 'idle', unexpected('5/2', 'OpenConfirm', 'update', 2)],
    ['openconfirm', refresh, 'idle', unexpected('5/2', 'OpenConfirm', 'route-refresh', 5)],
    ['established', keepalive, 'established', []],
    ['established', update, 'established', []],
    ['established', endOfRib, 'established', ['end-of-rib ipv4-unicast']],
    ['established', refresh, 'established', ['refresh ipv4-unicast']],
    ['established', peerOpen, 'idle', unexpected('5/3', 'Established', 'open', 1, 'down')],
  ];
  test.each(rows)('in %s: %j leads to %s', (phase, message, next, outputs) => {
    const script = Script.in(phase);
    expect(script.message(1, message)).toEqual(outputs);
    expect(peerState(script.state)).toBe(next);
  });

  test.each(['opensent', 'openconfirm', 'established'] as const)(
    'that is a NOTIFICATION in %s ends the connection without an answer and holds the peer in Idle',
    (phase) => {
      const script = Script.in(phase);
      const kind = phase === 'established' ? 'down' : 'attempt-failed';
      expect(script.message(1, ceaseShutdown)).toEqual([
        'close 1',
        `${kind}: peer sent Cease/Administrative Shutdown: "maintenance"`,
      ]);
      expect(peerState(script.state)).toBe('idle');
      expect(nextDeadline(script.state)).toBeGreaterThan(script.now);
    },
  );

  test.each(['idle', 'connect', 'active'] as const)('that comes late, in %s, changes nothing', (phase) => {
    const script = Script.in(phase);
    const before = script.state;
    expect(script.message(1, update)).toEqual([]);
    expect(script.state).toEqual(before);
  });
});

function unexpected(
  code: string,
  state: string,
  message: string,
  type: number,
  outcome = 'attempt-failed',
): readonly string[] {
  const name = `Finite State Machine Error/Receive Unexpected Message in ${state} State`;
  return [`send 1 ${code} ${name} [${type}]`, 'close 1', `${outcome}: unexpected ${message} in ${state}`];
}

describe('a message that the codec refused', () => {
  const refused = reset('badMessageLength', 'length 18 is less than 19', Uint8Array.of(0, 18));
  test.each([
    ['opensent', 'attempt-failed'],
    ['openconfirm', 'attempt-failed'],
    ['established', 'down'],
  ] as const)('in %s is answered with its NOTIFICATION', (phase, outcome) => {
    const script = Script.in(phase);
    expect(script.input({ kind: 'reset', id: 1, reset: refused })).toEqual([
      'send 1 1/2 Message Header Error/Bad Message Length [0 18]',
      'close 1',
      `${outcome}: length 18 is less than 19`,
    ]);
  });
});

describe('TCP', () => {
  test('a start dials', () => {
    const script = new Script();
    expect(script.input({ kind: 'start' })).toEqual(['dial']);
    expect(peerState(script.state)).toBe('connect');
    expect(script.input({ kind: 'start' })).toEqual([]);
  });

  test('a start of a passive peer waits without any timer', () => {
    const script = new Script({ passive: true });
    expect(script.input({ kind: 'start' })).toEqual([]);
    expect(peerState(script.state)).toBe('active');
    expect(nextDeadline(script.state)).toBeUndefined();
    expect(script.connect(1, 'incoming')).toEqual(['send 1 open']);
  });

  test('a connection in Idle is refused', () => {
    expect(new Script().connect(1, 'incoming')).toEqual(['abort 1']);
  });

  test('a failed dial is tried again, later each time, up to a few seconds', () => {
    const script = new Script();
    script.input({ kind: 'start' });
    const waits: number[] = [];
    for (let i = 0; i < 8; i++) {
      expect(script.input({ kind: 'dial-failed', reason: 'connection refused' })).toEqual([
        'attempt-failed: connection refused',
      ]);
      expect(peerState(script.state)).toBe('active');
      waits.push((nextDeadline(script.state) ?? 0) - script.now);
      script.now = nextDeadline(script.state) ?? 0;
      expect(script.input({ kind: 'tick' })).toEqual(['dial']);
    }
    const bounds = [1000, 2000, 4000, 5000, 5000, 5000, 5000, 5000];
    for (const [i, wait] of waits.entries()) {
      expect(wait).toBeGreaterThanOrEqual((bounds[i] ?? 0) * 0.75);
      expect(wait).toBeLessThanOrEqual(bounds[i] ?? 0);
    }
    expect(new Set(waits.slice(3)).size).toBeGreaterThan(1);
  });

  test('a dial without an answer is made anew', () => {
    const script = Script.in('connect');
    expect(script.tick(4.9)).toEqual([]);
    expect(script.tick(0.1)).toEqual(['cancel-dial', 'attempt-failed: no answer within 5 s', 'dial']);
  });

  test('a connection that nobody dialled is closed', () => {
    expect(Script.in('active').connect(1, 'outgoing')).toEqual(['abort 1']);
  });

  test('a dial-failed after the dial was cancelled changes nothing', () => {
    expect(Script.in('established').input({ kind: 'dial-failed', reason: 'late' })).toEqual([]);
  });

  test('a connection lost in Established is dialled again from Active', () => {
    const script = Script.in('established');
    expect(script.input({ kind: 'closed', id: 1, reason: 'connection reset by the peer' })).toEqual([
      'down: connection reset by the peer',
    ]);
    expect(peerState(script.state)).toBe('active');
    expect(script.tick(1)).toEqual(['dial']);
  });

  test('a session that lasted starts the backoff from the beginning, one that did not goes on with it', () => {
    const script = Script.in('connect');
    const failuresAfter = (seconds: number): number => {
      if (script.state.dialUntil === undefined) script.now = nextDeadline(script.state) ?? 0;
      script.input({ kind: 'tick' });
      script.connect(1);
      script.message(1, peerOpen);
      script.message(1, keepalive);
      script.now += seconds * 1000;
      script.input({ kind: 'closed', id: 1, reason: 'gone' });
      return script.state.failures;
    };
    expect([1, 1, 29, 30, 1, 3600].map(failuresAfter)).toEqual([1, 2, 3, 1, 2, 1]);
  });

  test('after a protocol error the peer is held in Idle, refuses connections and then starts again', () => {
    const script = Script.in('opensent');
    script.message(1, { ...peerOpen, as: 65099 });
    expect(peerState(script.state)).toBe('idle');
    expect(script.connect(2, 'incoming')).toEqual(['abort 2']);
    expect(script.tick(1)).toEqual(['dial']);
  });

  test('a passive peer that is held listens again afterwards', () => {
    const script = new Script({ passive: true });
    script.input({ kind: 'start' });
    script.connect(1, 'incoming');
    script.message(1, keepalive);
    expect(peerState(script.state)).toBe('idle');
    expect(script.tick(1)).toEqual([]);
    expect(peerState(script.state)).toBe('active');
  });
});

describe('a stop', () => {
  test.each([
    ['idle', []],
    ['connect', ['cancel-dial']],
    ['active', []],
    ['opensent', ['send 1 6/3 Cease/Peer De-configured', 'close 1', 'attempt-failed: removed']],
    ['openconfirm', ['send 1 6/3 Cease/Peer De-configured', 'close 1', 'attempt-failed: removed']],
    ['established', ['send 1 6/3 Cease/Peer De-configured', 'close 1', 'down: removed']],
  ] as const)('in %s leaves no timer and no connection', (phase, outputs) => {
    const script = Script.in(phase);
    const stop: FsmInput = {
      kind: 'stop',
      reason: 'removed',
      notification: notification('peerDeconfigured'),
    };
    expect(script.input(stop)).toEqual(outputs);
    expect(peerState(script.state)).toBe('idle');
    expect(nextDeadline(script.state)).toBeUndefined();
    expect(script.state.connections).toEqual([]);
  });

  test('without a NOTIFICATION closes silently', () => {
    expect(Script.in('established').input({ kind: 'stop', reason: 'the agent stops' })).toEqual([
      'close 1',
      'down: the agent stops',
    ]);
  });
});

describe('timers', () => {
  test('the smaller hold time of both sides counts, and a third of it for keepalives', () => {
    const negotiated = (ours: number, theirs: number, keepaliveTime = 10): unknown => {
      const script = Script.in('opensent', { holdTime: ours, keepaliveTime });
      script.message(1, { ...peerOpen, holdTime: theirs });
      script.message(1, keepalive);
      const { holdTime, keepaliveTime: agreed } = establishedConnection(script.state)?.negotiated ?? {};
      return [holdTime, agreed];
    };
    expect(negotiated(30, 90)).toEqual([30, 10]);
    expect(negotiated(30, 9)).toEqual([9, 3]);
    expect(negotiated(3, 3)).toEqual([3, 1]);
    expect(negotiated(90, 90, 20)).toEqual([90, 20]);
    expect(negotiated(0, 90)).toEqual([0, 0]);
    expect(negotiated(90, 0)).toEqual([0, 0]);
  });

  test('a hold time of 0 means neither hold timer nor keepalives', () => {
    const script = Script.in('established', { holdTime: 0 });
    expect(nextDeadline(script.state)).toBeUndefined();
    expect(script.tick(100_000)).toEqual([]);
  });

  test('keepalives go out with jitter, never later than their interval', () => {
    const script = Script.in('established');
    for (let i = 0; i < 20; i++) {
      const due = nextDeadline(script.state) ?? 0;
      expect(due - script.now).toBeGreaterThanOrEqual(7500);
      expect(due - script.now).toBeLessThanOrEqual(10_000);
      script.now = due;
      expect(script.input({ kind: 'tick' })).toEqual(['send 1 keepalive']);
      script.message(1, keepalive);
    }
  });

  test('UPDATEs that were sent put the next keepalive off', () => {
    const script = Script.in('established');
    script.now += 7000;
    script.input({ kind: 'sent', id: 1 });
    expect(script.tick(7)).toEqual([]);
    expect(script.tick(3)).toEqual(['send 1 keepalive']);
  });

  test('the hold timer runs out after silence, with 4/0', () => {
    const script = Script.in('established', { keepaliveTime: 10 });
    script.tick(29.9);
    expect(script.tick(0.1)).toEqual([
      'send 1 4/0 Hold Timer Expired',
      'close 1',
      'down: hold timer expired: nothing heard for 30 s',
    ]);
    expect(peerState(script.state)).toBe('active');
  });

  test.each([
    ['keepalive', keepalive, true],
    ['update', update, true],
    ['end-of-rib', endOfRib, true],
    ['route-refresh', refresh, false],
  ] as const)('%s restarts the hold timer: %s', (_, message, restarts) => {
    const script = Script.in('established');
    script.tick(20);
    script.message(1, message);
    const outputs = script.tick(15);
    expect(outputs.includes('close 1')).toBe(!restarts);
  });

  test('a tick that comes late does not end a session whose bytes had arrived in time', () => {
    const script = Script.in('established');
    script.now = 60_000;
    script.input({ kind: 'heard', id: 1, at: 40_000 });
    expect(script.input({ kind: 'tick' })).toEqual(['send 1 keepalive']);
    expect(peerState(script.state)).toBe('established');
  });

  test('a peer that sends no OPEN is given up after four minutes; what it sends else does not count', () => {
    const script = Script.in('opensent');
    script.now = OPEN_WAIT - 1;
    script.input({ kind: 'heard', id: 1, at: script.now });
    script.input({ kind: 'sent', id: 1 });
    expect(script.input({ kind: 'tick' })).toEqual([]);
    expect(script.tick(0.001)).toEqual([
      'send 1 4/0 Hold Timer Expired',
      'close 1',
      'attempt-failed: no OPEN within 240 s',
    ]);
  });

  test('a peer that takes nothing is cut off when the send hold timer runs out, without a NOTIFICATION', () => {
    const script = Script.in('established');
    script.input({ kind: 'blocked', id: 1, blocked: true });
    const alive = (): void => void script.message(1, keepalive);
    for (let i = 0; i < 24; i++) {
      alive();
      expect(script.tick(19.9).filter((o) => o !== 'send 1 keepalive')).toEqual([]);
      script.input({ kind: 'blocked', id: 1, blocked: true });
    }
    alive();
    expect(script.tick(2.4)).toEqual([
      'abort 1',
      'down: send hold timer expired: the peer has read nothing for 480 s',
    ]);
  });

  test('a peer that takes something again has its send hold timer stopped', () => {
    const script = Script.in('established');
    script.input({ kind: 'blocked', id: 1, blocked: true });
    expect(script.state.connections.map(sendHoldDeadline)).toEqual([480_000]);
    script.input({ kind: 'blocked', id: 1, blocked: false });
    expect(script.state.connections.map(sendHoldDeadline)).toEqual([undefined]);
  });

  test('there is no send hold timer where there is no hold timer (RFC 9687 §4.3)', () => {
    const script = Script.in('established', { holdTime: 0 });
    script.input({ kind: 'blocked', id: 1, blocked: true });
    expect(nextDeadline(script.state)).toBeUndefined();
  });

  test('the send hold time is at least twice the hold time', () => {
    const script = Script.in('opensent', { holdTime: 600 });
    script.message(1, { ...peerOpen, holdTime: 600 });
    script.input({ kind: 'blocked', id: 1, blocked: true });
    script.now = 1_199_000;
    script.input({ kind: 'heard', id: 1, at: script.now });
    expect(script.input({ kind: 'tick' })).not.toContain('abort 1');
    expect(script.tick(1)).toContain('abort 1');
  });
});

describe('whatever happens', () => {
  const id = fc.integer({ min: 1, max: 4 });
  const message = fc.constantFrom<Message>(
    keepalive,
    update,
    endOfRib,
    refresh,
    peerOpen,
    { ...peerOpen, capabilities: [...peerOpen.capabilities, restarted(false)] },
    { ...peerOpen, capabilities: [...peerOpen.capabilities, restarted(true)] },
    ceaseShutdown,
    { ...peerOpen, as: 1 },
    notification('connectionCollision'),
    notification('unsupportedOptionalParameter'),
  );
  const input: fc.Arbitrary<FsmInput> = fc.oneof(
    fc.constant<FsmInput>({ kind: 'start' }),
    fc.constant<FsmInput>({ kind: 'tick' }),
    fc.constant<FsmInput>({ kind: 'dial-failed', reason: 'x' }),
    fc.constant<FsmInput>({ kind: 'stop', reason: 'x' }),
    fc.constant<FsmInput>({ kind: 'recovered' }),
    fc.record({
      kind: fc.constant('connected' as const),
      id,
      direction: fc.constantFrom('outgoing' as const, 'incoming' as const),
    }),
    fc.record({ kind: fc.constant('closed' as const), id, reason: fc.constant('x') }),
    fc.record({ kind: fc.constant('message' as const), id, message, at: fc.nat(100_000) }),
    fc.record({ kind: fc.constant('heard' as const), id, at: fc.nat(100_000) }),
    fc.record({ kind: fc.constant('sent' as const), id }),
    fc.record({ kind: fc.constant('blocked' as const), id, blocked: fc.boolean() }),
    fc.record({ kind: fc.constant('reset' as const), id, reset: fc.constant(reset('cease', 'x')) }),
  );

  test('there are never more than two connections or one session, and a stop leaves nothing behind', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(input, fc.nat(20_000)), { maxLength: 60 }),
        fc.boolean(),
        (events, passive) => {
          let state = initialState({ ...config, passive }, 3);
          let now = 0;
          let dialling = false;
          const open = new Set<number>();
          const used = new Set<number>();
          for (const [event, pause] of events) {
            now += pause;
            // A connection is new once, and an outgoing one ends the dial.
            if (
              event.kind === 'connected' &&
              (used.has(event.id) || (event.direction === 'outgoing' && !dialling))
            )
              continue;
            if (event.kind === 'connected') {
              used.add(event.id);
              open.add(event.id);
              if (event.direction === 'outgoing') dialling = false;
            }
            if (event.kind === 'dial-failed') dialling = false;
            if (event.kind === 'closed') open.delete(event.id);
            const result = step(state, event, now);
            state = result.state;
            for (const output of result.outputs) {
              if (output.kind === 'dial') {
                expect(dialling).toBe(false);
                dialling = true;
              }
              if (output.kind === 'cancel-dial') {
                expect(dialling).toBe(true);
                dialling = false;
              }
              if (output.kind === 'close') expect(open.delete(output.id)).toBe(true);
              if (output.kind === 'send') expect(open.has(output.id)).toBe(true);
            }
            expect(dialling).toBe(state.dialUntil !== undefined);
            expect(new Set(state.connections.map((c) => c.id))).toEqual(open);
            expect(open.size).toBeLessThanOrEqual(2);
            expect(state.connections.filter((c) => c.phase === 'established').length).toBeLessThanOrEqual(1);
            const idle =
              state.phase === 'stopped' || (passive && state.phase === 'running' && open.size === 0);
            if (idle) expect(nextDeadline(state)).toBeUndefined();
            else if (open.size === 0) expect(nextDeadline(state)).toBeLessThanOrEqual(now + RETRY_MAX);
          }
          const stopped = step(state, { kind: 'stop', reason: 'end' }, now).state;
          expect(nextDeadline(stopped)).toBeUndefined();
          expect(stopped.connections).toEqual([]);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
