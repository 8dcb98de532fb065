import { describe, expect, test } from 'vitest';
import { peerState } from '../../../src/bgp/fsm/state.ts';
import { nextDeadline } from '../../../src/bgp/fsm/timing.ts';
import type { Message } from '../../../src/bgp/wire/message.ts';
import { notification, reset } from '../../../src/bgp/wire/notification.ts';
import { peerOpen, Script } from './script.ts';

/**
 * RFC 4271 §8.2.2, every event of §8.1 in every state, and event 29 of RFC 9687. Events 12 and 20 belong to DelayOpen, which is
 * optional (§8.1.1) and not there. Where the RFC goes to Idle and leaves it again by itself, a peer is Active here and goes on
 * to listen, unless a protocol error holds it in Idle.
 */
type State = Parameters<typeof Script.in>[0];

interface Row {
  readonly event: string;
  readonly happens: (script: Script) => readonly string[];
  /** The state afterwards and what was done; the states that are missing cannot have the event. */
  readonly in: Readonly<Partial<Record<State, string>>>;
}

const message =
  (sent: Message) =>
  (script: Script): readonly string[] =>
    script.message(1, sent);

/** Lets time go on to the deadline that is next. */
const time = (script: Script): readonly string[] => {
  script.now = nextDeadline(script.state) ?? 0;
  return script.input({ kind: 'tick' });
};

/** As `time`, in a state in which KEEPALIVEs come before the hold timer. */
const silence = (script: Script): readonly string[] => {
  script.now = 300_000;
  return script.input({ kind: 'tick' });
};

const sameIn = (states: readonly State[], text: string): Row['in'] =>
  Object.fromEntries(states.map((state) => [state, text]));
const early = sameIn(['idle', 'connect', 'active'], 'same');
const refused = 'length 18 is less than 19';

const rows: readonly Row[] = [
  {
    event: '1, 3: a start',
    happens: (script) => script.input({ kind: 'start' }),
    in: {
      idle: 'connect: dial',
      // §8.2.2: ignored in all other states.
      ...sameIn(['connect', 'active', 'opensent', 'openconfirm', 'established'], 'same'),
    },
  },
  {
    event: '4, 5: a start of a passive peer',
    happens: (script) => {
      script.state = { ...script.state, config: { ...script.state.config, passive: true } };
      return script.input({ kind: 'start' });
    },
    in: { idle: 'active' },
  },
  {
    event: '2, 8: a stop',
    happens: (script) =>
      script.input({ kind: 'stop', reason: 'stopped', notification: notification('cease') }),
    in: {
      idle: 'same',
      connect: 'idle: cancel-dial',
      active: 'idle',
      opensent: 'idle: send 1 6/0 Cease; close 1; attempt-failed: stopped',
      openconfirm: 'idle: send 1 6/0 Cease; close 1; attempt-failed: stopped',
      established: 'idle: send 1 6/0 Cease; close 1; down: stopped',
    },
  },
  {
    event: '6, 7, 13: the start after an error (IdleHoldTimer)',
    happens: (script) => {
      script.input({ kind: 'start' });
      script.connect(1);
      script.message(1, { kind: 'keepalive' });
      expect(peerState(script.state)).toBe('idle');
      return time(script);
    },
    in: { idle: 'connect: dial' },
  },
  {
    event: '9: ConnectRetryTimer',
    happens: time,
    in: {
      connect: 'same: cancel-dial; attempt-failed: no answer within 5 s; dial',
      active: 'connect: dial',
    },
  },
  {
    event: '10: HoldTimer',
    happens: silence,
    in: {
      opensent: 'active: send 1 4/0 Hold Timer Expired; close 1; attempt-failed: no OPEN within 240 s',
      openconfirm:
        'active: send 1 4/0 Hold Timer Expired; close 1; attempt-failed: hold timer expired: nothing heard for 30 s',
      established:
        'active: send 1 4/0 Hold Timer Expired; close 1; down: hold timer expired: nothing heard for 30 s',
    },
  },
  {
    event: '11: KeepaliveTimer',
    happens: time,
    in: { openconfirm: 'same: send 1 keepalive', established: 'same: send 1 keepalive' },
  },
  {
    event: '14, 17: a connection of the peer',
    happens: (script) => script.connect(2, 'incoming'),
    in: {
      idle: 'same: abort 2',
      connect: 'opensent: send 2 open',
      active: 'opensent: send 2 open',
      // §8.2.2: tracked until its OPEN comes.
      opensent: 'same: send 2 open',
      openconfirm: 'same: send 2 open',
      established: 'same: send 2 open',
    },
  },
  {
    event: '15: a connection that nobody wants',
    happens: (script) => {
      script.input({ kind: 'connected', id: 8, direction: 'incoming' });
      script.input({ kind: 'connected', id: 9, direction: 'outgoing' });
      return script.input({ kind: 'connected', id: 10, direction: 'outgoing' });
    },
    in: { idle: 'same: abort 10', opensent: 'same: abort 10', established: 'same: abort 10' },
  },
  {
    event: '16: our connection',
    happens: (script) => script.connect(1),
    in: { connect: 'opensent: send 1 open' },
  },
  {
    event: '18: TCP fails',
    happens: (script) => [
      ...script.input({ kind: 'dial-failed', reason: 'refused' }),
      ...script.input({ kind: 'closed', id: 1, reason: 'reset' }),
    ],
    in: {
      idle: 'same',
      connect: 'active: attempt-failed: refused',
      active: 'same',
      // §8.2.2: back to Active with the ConnectRetryTimer running.
      opensent: 'active: attempt-failed: reset',
      openconfirm: 'active: attempt-failed: reset',
      established: 'active: down: reset',
    },
  },
  {
    event: '19: OPEN',
    happens: message(peerOpen),
    in: {
      ...early,
      opensent: 'openconfirm: agreed 1; send 1 keepalive',
      openconfirm: unexpected('5/2', 'OpenConfirm', 'open', 1),
      established: unexpected('5/3', 'Established', 'open', 1, 'down'),
    },
  },
  {
    event: '21, 22, 28: a message that is malformed',
    happens: (script) => script.input({ kind: 'reset', id: 1, reset: reset('badMessageLength', refused) }),
    in: {
      ...early,
      ...sameIn(
        ['opensent', 'openconfirm'],
        `idle: send 1 1/2 Message Header Error/Bad Message Length; close 1; attempt-failed: ${refused}`,
      ),
      established: `idle: send 1 1/2 Message Header Error/Bad Message Length; close 1; down: ${refused}`,
    },
  },
  {
    event: '23: the collision is lost (the OPEN comes on the connection that survives)',
    happens: (script) => {
      script.connect(2, 'incoming');
      return script.message(2, peerOpen);
    },
    in: {
      opensent: 'openconfirm: agreed 2; send 2 keepalive',
      openconfirm:
        'same: send 1 6/7 Cease/Connection Collision Resolution; close 1; agreed 2; send 2 keepalive',
      // CollisionDetectEstablishedState is off: the later one waits, and the old one is tried.
      established: 'same: agreed 2; send 1 keepalive',
    },
  },
  {
    event: '24: NOTIFICATION, version error',
    happens: message(notification('unsupportedVersion', Uint8Array.of(0, 3))),
    in: { ...early, ...told('OPEN Message Error/Unsupported Version Number') },
  },
  {
    event: '25: NOTIFICATION',
    happens: message(notification('administrativeReset')),
    in: { ...early, ...told('Cease/Administrative Reset') },
  },
  {
    event: '26: KEEPALIVE',
    happens: message({ kind: 'keepalive' }),
    in: {
      ...early,
      opensent: unexpected('5/1', 'OpenSent', 'keepalive', 4),
      openconfirm: 'established: established 1',
      established: 'same',
    },
  },
  {
    event: '27: UPDATE',
    happens: message({ kind: 'update', withdrawn: [], announced: [] }),
    in: {
      ...early,
      opensent: unexpected('5/1', 'OpenSent', 'update', 2),
      openconfirm: unexpected('5/2', 'OpenConfirm', 'update', 2),
      established: 'same',
    },
  },
  {
    event: '29: SendHoldTimer (RFC 9687)',
    happens: (script) => {
      script.input({ kind: 'blocked', id: 1, blocked: true });
      script.now = 480_000;
      script.input({ kind: 'heard', id: 1, at: script.now });
      return script.input({ kind: 'tick' });
    },
    in: {
      openconfirm: `active: abort 1; attempt-failed: ${sendHold(480)}`,
      established: `active: abort 1; down: ${sendHold(480)}`,
    },
  },
];

function unexpected(
  code: string,
  state: string,
  kind: string,
  type: number,
  outcome = 'attempt-failed',
): string {
  const name = `Finite State Machine Error/Receive Unexpected Message in ${state} State`;
  return `idle: send 1 ${code} ${name} [${type}]; close 1; ${outcome}: unexpected ${kind} in ${state}`;
}

function told(name: string): Row['in'] {
  return {
    ...sameIn(['opensent', 'openconfirm'], `idle: close 1; attempt-failed: peer sent ${name}`),
    established: `idle: close 1; down: peer sent ${name}`,
  };
}

function sendHold(seconds: number): string {
  return `send hold timer expired: the peer has read nothing for ${seconds} s`;
}

describe.each(rows)('event $event', ({ happens, in: states }) => {
  test.each(Object.entries(states))('in %s: %s', (state, expected) => {
    const script = Script.in(state as State);
    const outputs = happens(script).join('; ');
    const next = peerState(script.state);
    const text = next === state ? 'same' : next;
    expect(outputs === '' ? text : `${text}: ${outputs}`).toBe(expected);
  });
});
