import type { BgpFamily } from '../config.ts';
import type {
  Message,
  NotificationMessage,
  Reset,
  RouteRefreshMessage,
  UpdateMessage,
} from '../wire/message.ts';
import type { Direction, Negotiated } from './state.ts';

/** What can happen to a peer; RFC 4271 §8.1 in brackets. */
export type FsmInput =
  /** [1, 3 to 7] Have a session. */
  | { readonly kind: 'start' }
  /** [2, 8] Have none; with the NOTIFICATION to send, or silently. */
  | { readonly kind: 'stop'; readonly notification?: NotificationMessage; readonly reason: string }
  /** [16, 17] TCP is up. */
  | { readonly kind: 'connected'; readonly id: number; readonly direction: Direction }
  /** [18] The dial failed. */
  | { readonly kind: 'dial-failed'; readonly reason: string }
  /** [18] TCP is gone. */
  | { readonly kind: 'closed'; readonly id: number; readonly reason: string }
  /** [19, 24 to 27] A message that came whole at `at`. */
  | { readonly kind: 'message'; readonly id: number; readonly message: Message; readonly at: number }
  /** Something came from the peer at `at` that is a message but carries nothing for the machine (RFC 7606 withdrawals). */
  | { readonly kind: 'heard'; readonly id: number; readonly at: number }
  /** [22, 28] A message of this type whose contents the codec refused; without `reset`: that a standard tells to ignore. */
  | { readonly kind: 'unusable'; readonly id: number; readonly type: number; readonly reset?: Reset }
  /** [21] The codec refused a message; or the session must end for a reason of ours, for `retryAfter` milliseconds. */
  | { readonly kind: 'reset'; readonly id: number; readonly reset: Reset; readonly retryAfter?: number }
  /** UPDATEs were written: the keepalive timer starts anew. */
  | { readonly kind: 'sent'; readonly id: number }
  /** The peer stopped taking what we write (true), takes it again (false). RFC 9687. */
  | { readonly kind: 'blocked'; readonly id: number; readonly blocked: boolean }
  /** RFC 4724 §4.1: our own restart is over, whatever was waited for. */
  | { readonly kind: 'recovered' }
  /** [9 to 11, 13] Time has passed. */
  | { readonly kind: 'tick' };

export interface DownReason {
  /** One sentence for people. */
  readonly reason: string;
  readonly notification?: { readonly direction: 'sent' | 'received'; readonly message: NotificationMessage };
  /** Where no NOTIFICATION tells: the peer has not read what we send for too long (RFC 9687). Absent: TCP ended. */
  readonly cause?: 'send-hold-timer';
  /** Milliseconds of Idle that were ordered with it. */
  readonly retryAfter?: number;
}

/** What is to be done, in this order. */
export type FsmOutput =
  | { readonly kind: 'dial' }
  | { readonly kind: 'cancel-dial' }
  | { readonly kind: 'send'; readonly id: number; readonly message: Exclude<Message, UpdateMessage> }
  /** Close TCP: after sending what is queued, or at once where the peer takes nothing any more. */
  | { readonly kind: 'close'; readonly id: number; readonly abort: boolean }
  /** Both OPENs are there: from now on decode with `negotiated.context`. */
  | { readonly kind: 'agreed'; readonly id: number; readonly negotiated: Negotiated }
  | { readonly kind: 'established'; readonly id: number; readonly negotiated: Negotiated }
  /** For the RIB. UPDATEs in Established go there at once: all that they mean here is that the peer was heard. */
  | { readonly kind: 'end-of-rib'; readonly family: BgpFamily }
  | { readonly kind: 'refresh'; readonly message: RouteRefreshMessage }
  /** The established session is over. */
  | ({ readonly kind: 'down' } & DownReason)
  /** An attempt did not lead to a session. */
  | ({
      readonly kind: 'attempt-failed';
      /** Nothing came back from the peer. */
      readonly unanswered?: boolean;
    } & DownReason);

export interface Step<State> {
  readonly state: State;
  readonly outputs: readonly FsmOutput[];
}
