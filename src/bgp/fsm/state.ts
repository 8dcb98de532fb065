import type { Address } from '../../net/address.ts';
import type { PeerConfig } from '../config.ts';
import type { OpenMessage, WireContext } from '../wire/message.ts';
import type { AgreedRestart } from './restart-agreement.ts';

/** What the state machine must know of the peer and of us. */
export interface FsmConfig
  extends Pick<
    PeerConfig,
    | 'localAS'
    | 'remoteAS'
    | 'families'
    | 'holdTime'
    | 'keepaliveTime'
    | 'passive'
    | 'restartTime'
    | 'notificationRestart'
    | 'addPath'
    | 'role'
  > {
  readonly routerID: Address;
  /** IPv4 routes may come with IPv6 next hops, RFC 8950. Absent: not offered. */
  readonly extendedNextHop?: boolean;
  /** We help with long-lived graceful restart, RFC 9494. Absent: not offered. */
  readonly longLived?: boolean;
}

/** What graceful restart must know of this run: whether it follows another, and what that has left. RFC 4724 §4.1. */
export interface RestartBits {
  /** The R bit: we have restarted and wait for what the peers have to tell. */
  readonly restarting: boolean;
  /** The F bit of every family: what we have announced to the peer before is still being forwarded. */
  readonly forwarding: boolean;
}

/**
 * What our OPEN leaves out because the peer refused it: nothing, all that a session can do without, or every capability
 * (RFC 5492 §3).
 */
export type Withheld = 'nothing' | 'extras' | 'capabilities';

/** Who opened a connection. */
export type Direction = 'outgoing' | 'incoming';

/** What both OPENs agreed on. */
export interface Negotiated {
  readonly local: OpenMessage;
  readonly remote: OpenMessage;
  readonly context: WireContext;
  /** Undefined: there is no graceful restart. */
  readonly restart: AgreedRestart | undefined;
  /** Seconds; 0: neither hold timer nor keepalives. */
  readonly holdTime: number;
  readonly keepaliveTime: number;
}

interface ConnectionBase {
  /** Given by whoever runs the machine; never used twice. */
  readonly id: number;
  readonly direction: Direction;
  /** When TCP was up. */
  readonly openedAt: number;
  /** When the hold timer was last restarted. All moments are monotonic milliseconds. */
  readonly heardAt: number;
  /** Since when the peer has taken nothing of what we wrote; undefined: it takes everything. */
  readonly blockedAt: number | undefined;
}

export interface OpenSent extends ConnectionBase {
  readonly phase: 'opensent';
  /** The OPEN that we have sent. */
  readonly open: OpenMessage;
}

/**
 * Its OPEN is good, and the KEEPALIVE that answers it is held back until it is seen which of the two connections survives.
 * Without it the peer cannot establish the session here, so that nothing is lost whatever comes. OpenSent in the RFC's terms.
 */
export interface Contending extends ConnectionBase {
  readonly phase: 'contending';
  readonly negotiated: Negotiated;
  /** When the wait is over. */
  readonly until: number;
  /** The peer's KEEPALIVE has come. */
  readonly confirmed: boolean;
}

/** Both OPENs are answered. */
export interface Agreed extends ConnectionBase {
  readonly phase: 'openconfirm' | 'established';
  readonly negotiated: Negotiated;
  /** When the next KEEPALIVE is due; undefined: never. */
  readonly keepaliveAt: number | undefined;
  /** When Established was entered. */
  readonly establishedAt: number | undefined;
}

export type ConnectionState = OpenSent | Contending | Agreed;

/** Everything about one peer. */
export interface FsmState {
  readonly config: FsmConfig;
  /** `stopped`: until a start; `held`: Idle until `retryAt`; `running`: dialling, listening or talking. */
  readonly phase: 'stopped' | 'held' | 'running';
  /** When to dial again (running) or to leave Idle (held). */
  readonly retryAt: number | undefined;
  /** When the dial in progress is given up; undefined: none is. */
  readonly dialUntil: number | undefined;
  /** Attempts and sessions that failed in a row: what the retry time grows with. */
  readonly failures: number;
  readonly connections: readonly ConnectionState[];
  readonly restart: RestartBits;
  readonly withheld: Withheld;
  /** Of the jitter. */
  readonly seed: number;
}

/** A run that follows no other. */
export const FIRST_RUN: RestartBits = { restarting: false, forwarding: false };

/** A peer that nobody has started. `seed` is any unsigned 32-bit number. */
export function initialState(config: FsmConfig, seed: number, restart = FIRST_RUN): FsmState {
  return {
    config,
    phase: 'stopped',
    retryAt: undefined,
    dialUntil: undefined,
    failures: 0,
    connections: [],
    restart,
    withheld: 'nothing',
    seed,
  };
}

export const isAgreed = (connection: ConnectionState): connection is Agreed =>
  connection.phase === 'openconfirm' || connection.phase === 'established';

export const establishedConnection = (state: FsmState): Agreed | undefined =>
  state.connections.find((c): c is Agreed => c.phase === 'established');

/** The state of RFC 4271 §8.2.2 that the peer as a whole is in. */
export function peerState(
  state: FsmState,
): 'idle' | 'connect' | 'active' | 'opensent' | 'openconfirm' | 'established' {
  for (const phase of ['established', 'openconfirm'] as const) {
    if (state.connections.some((c) => c.phase === phase)) return phase;
  }
  if (state.connections.length > 0) return 'opensent';
  if (state.phase !== 'running') return 'idle';
  return state.dialUntil === undefined ? 'active' : 'connect';
}
