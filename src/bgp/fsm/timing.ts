import { type Agreed, type ConnectionState, type FsmConfig, type FsmState, isAgreed } from './state.ts';

/** Milliseconds to wait for an OPEN: the "large value" that RFC 4271 §8.2.2 suggests for the hold timer in OpenSent. */
export const OPEN_WAIT = 240_000;
/** Milliseconds that a connection waits to see whether another one goes before it: many round trips, no time for people. */
export const COLLISION_WAIT = 1_000;
/** Milliseconds until a dial is given up and made anew. Long enough for three SYNs. */
export const DIAL_TIME = 5_000;
/** Milliseconds: ConnectRetryTime after the first failure; the most that it grows to. */
export const RETRY_FIRST = 1_000;
export const RETRY_MAX = 5_000;
/** Milliseconds that a session must have lasted for its end to count as a first failure again. */
export const STABLE = 30_000;
/** RFC 9687 §6: at least eight minutes, at least twice the hold time. In milliseconds. */
const SEND_HOLD_MIN = 480_000;

/** RFC 4271 §4.2: the smaller of both. */
export const agreedHoldTime = (config: FsmConfig, remote: number): number =>
  Math.min(config.holdTime, remote);

/** RFC 4271 §4.4: no more than a third of the hold time; no keepalives without it. In seconds, at least 1. */
export const agreedKeepaliveTime = (config: FsmConfig, holdTime: number): number =>
  holdTime === 0 ? 0 : Math.max(1, Math.min(config.keepaliveTime, Math.floor(holdTime / 3)));

/** The next number of a linear congruential generator: jitter must differ between peers, no more is asked of it. */
const nextSeed = (seed: number): number => (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;

/** RFC 4271 §10: a factor between 0.75 and 1, and the seed for the next one. */
export function jitter(
  milliseconds: number,
  seed: number,
): { readonly delay: number; readonly seed: number } {
  const next = nextSeed(seed);
  return { delay: Math.round(milliseconds * (0.75 + next / 2 ** 34)), seed: next };
}

/** How long to wait before the next attempt, without jitter. */
export const retryTime = (failures: number): number =>
  Math.min(RETRY_MAX, RETRY_FIRST * 2 ** Math.max(0, Math.min(failures, 10) - 1));

/** When the hold timer of a connection runs out; undefined: it has none. */
export function holdDeadline(connection: ConnectionState): number | undefined {
  if (connection.phase === 'opensent') return connection.heardAt + OPEN_WAIT;
  const { holdTime } = connection.negotiated;
  return holdTime === 0 ? undefined : connection.heardAt + holdTime * 1000;
}

/**
 * When the send hold timer of a connection runs out; undefined: the peer takes what we send, or RFC 9687 §4.3 stops the timer,
 * because neither side wants a hold timer. Before the peer's OPEN the hold timer is the shorter one.
 */
export function sendHoldDeadline(connection: ConnectionState): number | undefined {
  if (connection.blockedAt === undefined || connection.phase === 'opensent') return undefined;
  const { holdTime } = connection.negotiated;
  return holdTime === 0 ? undefined : connection.blockedAt + Math.max(SEND_HOLD_MIN, holdTime * 2000);
}

/** When the machine wants its next `tick`; undefined: it waits for nothing. */
export function nextDeadline(state: FsmState): number | undefined {
  const deadlines = [state.retryAt, state.dialUntil];
  for (const connection of state.connections) {
    deadlines.push(holdDeadline(connection), sendHoldDeadline(connection));
    if (connection.phase === 'contending') deadlines.push(connection.until);
    if (isAgreed(connection)) deadlines.push(connection.keepaliveAt);
  }
  return deadlines.reduce((a, b) => (a === undefined || (b !== undefined && b < a) ? b : a), undefined);
}

/** The connection with its keepalive timer started anew, jittered. */
export function restartKeepalive(connection: Agreed, now: number, seed: number): readonly [Agreed, number] {
  const { keepaliveTime } = connection.negotiated;
  if (keepaliveTime === 0) return [{ ...connection, keepaliveAt: undefined }, seed];
  const jittered = jitter(keepaliveTime * 1000, seed);
  return [{ ...connection, keepaliveAt: now + jittered.delay }, jittered.seed];
}
