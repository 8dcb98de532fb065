import { reset } from '../wire/notification.ts';
import { Draft } from './draft.ts';
import type { FsmInput, Step } from './events.ts';
import { settleCollision } from './handshake.ts';
import { localOpen } from './open.ts';
import { receive, receiveUnusable } from './receive.ts';
import { type ConnectionState, type Direction, type FsmState, isAgreed } from './state.ts';
import { DIAL_TIME, holdDeadline, OPEN_WAIT, sendHoldDeadline } from './timing.ts';

/**
 * The state machine of one peer: what `input` at the monotonic moment `now` (milliseconds) makes of `state`, and what is to
 * be done. Inputs about connections that are no longer there change nothing, so late ones are harmless.
 */
export function step(state: FsmState, input: FsmInput, now: number): Step<FsmState> {
  const draft = new Draft(state, now);
  handle(draft, input);
  settleCollision(draft);
  plan(draft);
  return { state: draft.state, outputs: draft.outputs };
}

function handle(draft: Draft, input: FsmInput): void {
  switch (input.kind) {
    case 'start':
      return start(draft);
    case 'stop':
      return stop(draft, input);
    case 'connected':
      return connected(draft, input.id, input.direction);
    case 'dial-failed':
      if (draft.state.dialUntil === undefined) return;
      draft.change({ dialUntil: undefined });
      return draft.dialFailed(input.reason);
    case 'recovered':
      return draft.change({ restart: { ...draft.state.restart, restarting: false } });
    case 'tick':
      return tick(draft);
    default: {
      const connection = draft.connection(input.id);
      return connection === undefined ? undefined : handleConnection(draft, connection, input);
    }
  }
}

type ConnectionInput = Extract<
  FsmInput,
  { kind: 'closed' | 'message' | 'heard' | 'unusable' | 'reset' | 'sent' | 'blocked' }
>;

function handleConnection(draft: Draft, connection: ConnectionState, input: ConnectionInput): void {
  switch (input.kind) {
    case 'closed':
      return draft.lose(connection, { reason: input.reason });
    case 'message':
      return receive(draft, connection, input.message, input.at);
    case 'heard':
      return connection.phase === 'opensent' ? undefined : draft.put({ ...connection, heardAt: input.at });
    case 'unusable':
      return receiveUnusable(draft, connection, input.type, input.reset);
    case 'reset':
      // What has to stay away for a while must not come back over the connection beside it.
      if (input.retryAfter !== undefined) draft.keepOnly(connection);
      return draft.fail(connection, input.reset, input.retryAfter);
    case 'sent':
      return isAgreed(connection) ? void draft.talk(connection) : undefined;
    case 'blocked':
      return draft.put({
        ...connection,
        blockedAt: input.blocked ? (connection.blockedAt ?? draft.now) : undefined,
      });
  }
}

function start(draft: Draft): void {
  if (draft.state.phase !== 'stopped') return;
  draft.change({ phase: 'running', failures: 0 });
  if (!draft.state.config.passive) draft.dial();
}

/** RFC 4271 §8.2.2, events 2 and 8, in every state. */
function stop(draft: Draft, { notification, reason }: Extract<FsmInput, { kind: 'stop' }>): void {
  draft.cancelDial();
  draft.change({ phase: 'stopped', retryAt: undefined, failures: 0 });
  for (const connection of draft.state.connections) {
    draft.end(connection, reason, notification);
  }
}

function connected(draft: Draft, id: number, direction: Direction): void {
  const expected = direction === 'incoming' || draft.state.dialUntil !== undefined;
  if (direction === 'outgoing') draft.change({ dialUntil: undefined });
  // RFC 4271 §8.2.2: Idle refuses all connections.
  if (draft.state.phase !== 'running' || !expected) return draft.emit({ kind: 'close', id, abort: true });
  // A peer has one outgoing connection, so an older one of its, if unfinished, is dead on its side.
  for (const older of draft.state.connections) {
    if (direction === 'incoming' && older.direction === 'incoming' && older.phase !== 'established') {
      draft.yieldTo(older);
    }
  }
  if (draft.state.connections.length > 1) return draft.emit({ kind: 'close', id, abort: true });
  const open = localOpen(draft.state);
  const moments = { openedAt: draft.now, heardAt: draft.now, blockedAt: undefined };
  draft.put({ id, direction, phase: 'opensent', open, ...moments });
  draft.emit({ kind: 'send', id, message: open });
}

/** RFC 4271 §8.1.3 and RFC 9687 §4.3: whatever has run out by now. */
function tick(draft: Draft): void {
  const { now } = draft;
  const due = (deadline: number | undefined): boolean => deadline !== undefined && deadline <= now;
  for (const connection of draft.state.connections) {
    if (due(holdDeadline(connection))) holdTimerExpired(draft, connection);
    else if (due(sendHoldDeadline(connection))) sendHoldTimerExpired(draft, connection);
    else if (isAgreed(connection) && due(connection.keepaliveAt)) draft.keepalive(connection);
  }
  if (due(draft.state.dialUntil)) {
    // RFC 4271 §8.2.2, event 9 in Connect: dial anew.
    draft.cancelDial();
    draft.dialFailed(`no answer within ${DIAL_TIME / 1000} s`, { unanswered: true });
    draft.dial();
  }
  if (due(draft.state.retryAt)) {
    draft.change({ phase: 'running', retryAt: undefined });
    if (!draft.state.config.passive) draft.dial();
  }
}

function holdTimerExpired(draft: Draft, connection: ConnectionState): void {
  const reason =
    connection.phase === 'opensent'
      ? `no OPEN within ${OPEN_WAIT / 1000} s`
      : `hold timer expired: nothing heard for ${connection.negotiated.holdTime} s`;
  draft.fail(connection, reset('holdTimerExpired', reason));
}

/** RFC 9687 §4.3: a NOTIFICATION would only queue behind what the peer does not take. */
function sendHoldTimerExpired(draft: Draft, connection: ConnectionState): void {
  draft.emit({ kind: 'close', id: connection.id, abort: true });
  const seconds = Math.round((draft.now - (connection.blockedAt ?? draft.now)) / 1000);
  const reason = `send hold timer expired: the peer has read nothing for ${seconds} s`;
  draft.lose(connection, { reason, cause: 'send-hold-timer' });
}

/** Dials are planned from the state alone: a peer without a promising connection has one coming, every other has none. */
function plan(draft: Draft): void {
  const { state } = draft;
  if (state.phase !== 'running') return;
  const promising = state.connections.some((c) => c.direction === 'outgoing' || c.phase !== 'opensent');
  if (promising || state.config.passive) {
    draft.cancelDial();
    if (state.retryAt !== undefined) draft.change({ retryAt: undefined });
  } else if (state.dialUntil === undefined && state.retryAt === undefined) {
    draft.retryLater();
  }
}
