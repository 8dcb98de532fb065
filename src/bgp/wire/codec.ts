import type { ByteWriter } from '../../net/byte-writer.ts';
import type { Frame } from './framer.ts';
import type { Announcement, Decoded, Message, OpenMessage, UpdateMessage, WireContext, Withdrawal } from './message.ts';

/** Never throws; values do not refer to the frame's bytes. */
export declare function decodeMessage(frame: Frame, context: WireContext): Decoded;

/** Everything but routes: those go through `encodeUpdate`. Appends one message to `out`. */
export declare function encodeMessage(out: ByteWriter, message: Exclude<Message, UpdateMessage>): void;

/**
 * Appends ONE UPDATE to `out` with as many of the prefixes, from index `from` on, as fit; returns the index of the first
 * that is still to be sent (prefixes.length: done; `from` itself, nothing written: the attributes leave no room at all).
 */
export declare function encodeAnnouncement(out: ByteWriter, routes: Announcement, context: WireContext, from?: number): number;
export declare function encodeWithdrawal(out: ByteWriter, routes: Withdrawal, context: WireContext, from?: number): number;

/** The context until both OPENs are there. */
export declare const beforeOpen: WireContext;

/** What both OPENs together allow (negotiate.ts). */
export declare function negotiate(local: OpenMessage, remote: OpenMessage): WireContext;
