import type { BgpFamily } from '../config.ts';
import { FAMILIES } from '../wire/family.ts';
import type { OpenMessage } from '../wire/message.ts';
import { isHardReset } from '../wire/notification.ts';
import type { DownReason } from './events.ts';
import {
  type AgreedRestart,
  keptForwarding,
  keptLongLived,
  type LongLivedTimes,
  longLivedTimes,
} from './restart-agreement.ts';

/** Milliseconds that a peer which is back may take for End-of-RIB, and the stale timer of RFC 8538 §4.1: the default there. */
export const STALE_TIME = 180_000;

/** Routes of one family that a peer told in a session which is over. All moments are monotonic milliseconds. */
export interface StaleFamily {
  readonly family: BgpFamily;
  /** RFC 9494: they are the least preferred by now. */
  readonly longLived: boolean;
  /** When they go, or become long-lived. Of no meaning once they are that. */
  readonly until: number;
  /** The latest moment until which they may be kept as ordinary stale routes, however often the peer restarts. */
  readonly bound: number;
  /** RFC 9494: milliseconds that the peer wants them to stay as long-lived ones; 0: they do not become that. */
  readonly longLivedTime: number;
  /**
   * Since when they have been that, and `longLivedTime` of then; undefined: they never were. Set once, neither stopped nor moved
   * before End-of-RIB.
   */
  readonly longLivedTimer: { readonly since: number; readonly time: number } | undefined;
}

/** What is kept of a peer: nothing, mostly. */
export interface RestartState {
  /** A session is established. */
  readonly connected: boolean;
  readonly stale: readonly StaleFamily[];
  /**
   * Families whose long-lived time was over before the End-of-RIB of this session: should it be lost before that too, nothing of
   * them is kept (RFC 9494 §4.2).
   */
  readonly overdue: readonly BgpFamily[];
  /** Seconds that routes may be long-lived stale, whatever the peer wants; 0: not at all. */
  readonly granted: number;
}

export const NOTHING_STALE: RestartState = { connected: false, stale: [], overdue: [], granted: 0 };

export type RestartInput =
  /** An established session is over; with what it had agreed on. */
  | { readonly kind: 'lost'; readonly agreed: AgreedRestart | undefined; readonly down: DownReason }
  /** The peer is back, with the families that both sides have now. */
  | { readonly kind: 'established'; readonly remote: OpenMessage; readonly families: readonly BgpFamily[] }
  | { readonly kind: 'end-of-rib'; readonly family: BgpFamily }
  /** Another `RestartState.granted`: it holds for what is kept, too. */
  | { readonly kind: 'granted'; readonly seconds: number }
  | { readonly kind: 'tick' };

/** What is to be done to the routes of the peer, in this order. */
export type RestartOutput =
  /** All routes of these families are stale from now on, those of other families go. */
  | { readonly kind: 'retain'; readonly families: readonly BgpFamily[] }
  /** What is stale goes. */
  | { readonly kind: 'drop'; readonly family: BgpFamily }
  /** What is stale becomes long-lived stale. */
  | { readonly kind: 'long-lived'; readonly family: BgpFamily };

export interface RestartStep {
  readonly state: RestartState;
  readonly outputs: readonly RestartOutput[];
}

/**
 * The helping side of graceful restart: RFC 4724 §4.2, RFC 8538 §4.1, RFC 9494 §4.2. Pure like `step`: no timers, whoever
 * runs it gives a `tick` at `restartDeadline`.
 */
export function helpRestart(state: RestartState, input: RestartInput, now: number): RestartStep {
  switch (input.kind) {
    case 'lost':
      return expire(lose(state, input.agreed, input.down, now), now);
    case 'established':
      return expire(returned(state, input.remote, input.families, now), now);
    case 'end-of-rib':
      return synchronized(state, input.family);
    case 'granted':
      return expire({ state: { ...state, granted: input.seconds }, outputs: [] }, now);
    case 'tick':
      return expire({ state, outputs: [] }, now);
  }
}

/** When the next `tick` is due; undefined: never. */
export const restartDeadline = ({ stale, granted }: RestartState): number | undefined =>
  stale.length === 0 ? undefined : Math.min(...stale.map((s) => nextMoment(s, granted)));

/** When the last of what is kept goes at the latest; undefined: nothing is kept. */
export function keptUntil({ stale, connected, granted }: RestartState): number | undefined {
  if (stale.length === 0) return undefined;
  const end = (s: StaleFamily): number => s.until + (connected ? 0 : bounded(s.longLivedTime, granted));
  return Math.max(...stale.map((s) => longLivedEnd(s, granted) ?? end(s)));
}

/**
 * Whether the end of a session leaves routes behind. Plain TCP's end does (RFC 4724 §4.2); a NOTIFICATION in either direction,
 * a hold timer that ran out among them, where both sides announced the N bit, unless it is a Hard Reset (RFC 8538 §4).
 */
export function keepsRoutes(agreed: AgreedRestart, { notification, cause }: DownReason): boolean {
  if (notification !== undefined) return agreed.notification && !isHardReset(notification.message);
  // RFC 9687 ends a session as the hold timer does, only that the peer cannot be told.
  return cause !== 'send-hold-timer' || agreed.notification;
}

function lose(
  state: RestartState,
  agreed: AgreedRestart | undefined,
  down: DownReason,
  now: number,
): RestartStep {
  if (agreed === undefined || !keepsRoutes(agreed, down)) {
    return {
      state: { ...NOTHING_STALE, granted: state.granted },
      outputs: [{ kind: 'retain', families: [] }],
    };
  }
  const times = longLivedTimes(agreed, state.granted);
  const survives = (family: BgpFamily): boolean => survivesRepetition(agreed, times[family]);
  const families = keptFamilies(agreed, times).filter((family) => !state.overdue.includes(family));
  const stale = families.map((family): StaleFamily => {
    // RFC 9494 §4.2: a family that RFC 4724 does not list has a restart time of 0.
    const restartTime = agreed.families.includes(family) ? agreed.remoteTime * 1000 : 0;
    const before = state.stale.find((s) => s.family === family);
    const longLivedTime = (agreed.longLived[family] ?? 0) * 1000;
    const earlier = survives(family) ? before : undefined;
    // Long-lived ones have a bound of their own; what the peer has told since has its restart time.
    const bound = earlier === undefined || earlier.longLived ? now + restartTime + STALE_TIME : earlier.bound;
    const until = Math.min(now + restartTime, bound);
    return { family, longLived: false, until, bound, longLivedTime, longLivedTimer: earlier?.longLivedTimer };
  });
  // RFC 4724 §4.2: to deal with consecutive restarts, what was stale already goes.
  const twice = drop(state, ({ family }) => !survives(family));
  return {
    state: { ...state, connected: false, stale, overdue: [] },
    outputs: [...twice.outputs, { kind: 'retain', families }],
  };
}

/** Those that the peer preserves by RFC 4724, then those by RFC 9494 alone. */
function keptFamilies({ families }: AgreedRestart, times: LongLivedTimes): readonly BgpFamily[] {
  return [...families, ...FAMILIES.filter((f) => !families.includes(f) && times[f] !== undefined)];
}

/** RFC 8538 §4.1 lifts the rule about consecutive restarts; and routes that may be kept for hours are not to go by it. */
const survivesRepetition = (agreed: AgreedRestart, longLivedTime: number | undefined): boolean =>
  agreed.notification || longLivedTime !== undefined;

/** RFC 4724 §4.2: what the peer did not preserve, or does not speak of any more, goes at once; the rest waits for End-of-RIB. */
function returned(
  state: RestartState,
  remote: OpenMessage,
  families: readonly BgpFamily[],
  now: number,
): RestartStep {
  const { state: left, outputs } = drop(state, ({ family, longLived }) => {
    const kept = longLived ? keptLongLived : keptForwarding;
    return !families.includes(family) || !kept(remote, family);
  });
  const stale = left.stale.map((s) => ({ ...s, until: Math.min(now + STALE_TIME, s.bound) }));
  return { state: { ...state, connected: true, stale, overdue: [] }, outputs };
}

/** End-of-RIB: what the peer has not told again goes, and what it has told is a session's like any other. */
function synchronized(state: RestartState, family: BgpFamily): RestartStep {
  const overdue = state.overdue.filter((f) => f !== family);
  return drop({ ...state, overdue }, (s) => s.family === family);
}

/** Whatever has run out by now. */
function expire({ state, outputs }: RestartStep, now: number): RestartStep {
  const { granted } = state;
  const become = (s: StaleFamily): boolean =>
    !state.connected && !s.longLived && bounded(s.longLivedTime, granted) > 0 && s.until <= now;
  const longLived = state.stale.filter(become).map(({ family }) => ({ kind: 'long-lived', family }) as const);
  const stale = state.stale.map((s) =>
    become(s)
      ? { ...s, longLived: true, longLivedTimer: s.longLivedTimer ?? { since: now, time: s.longLivedTime } }
      : s,
  );
  const late = state.connected ? stale.filter((s) => (longLivedEnd(s, granted) ?? now + 1) <= now) : [];
  const overdue = [...state.overdue, ...late.map(({ family }) => family)];
  const rest = drop({ ...state, stale, overdue }, (s) => nextMoment(s, granted) <= now);
  return { state: rest.state, outputs: [...outputs, ...longLived, ...rest.outputs] };
}

function nextMoment(stale: StaleFamily, granted: number): number {
  const end = longLivedEnd(stale, granted) ?? Number.POSITIVE_INFINITY;
  return stale.longLived ? end : Math.min(stale.until, end);
}

/** When they go for good; undefined: they were never long-lived. */
const longLivedEnd = ({ longLivedTimer: timer }: StaleFamily, granted: number): number | undefined =>
  timer && timer.since + bounded(timer.time, granted);

/** Milliseconds that the peer wants, bounded by the seconds that it gets. */
const bounded = (wanted: number, granted: number): number => Math.min(wanted, granted * 1000);

function drop(state: RestartState, goes: (family: StaleFamily) => boolean): RestartStep {
  const stale = state.stale.filter((s) => !goes(s));
  const outputs = state.stale.filter(goes).map(({ family }) => ({ kind: 'drop', family }) as const);
  return { state: { ...state, stale }, outputs };
}
