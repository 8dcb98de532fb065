import { describeError } from '../ports/error.ts';
import type { Log } from '../ports/log.ts';
import { ERRNO } from './errno.ts';
import { SystemError } from './error.ts';
import { DATAGRAM_LENGTH, NetlinkSocket } from './netlink-socket.ts';
import { type ReadableWatch, watchReadable } from './socket.ts';
import { RTMGRP } from './wire/constants.ts';
import { decodeEvent, type MonitorEvent } from './wire/event.ts';
import { MessageReader } from './wire/message-reader.ts';

export type { MonitorEvent } from './wire/event.ts';

export interface MonitorOptions {
  /** Events in the order in which they happened. Never empty. */
  readonly onEvents: (events: readonly MonitorEvent[]) => void;
  /** Events were lost: read links, addresses and routes again. The events after it follow what is read then. */
  readonly onOverrun: () => void;
  readonly log: Log;
  /** Sockets whose own changes are not told (`Rtnetlink.ports`): their owner knows them. */
  readonly ignorePorts?: readonly number[];
  /** Receive buffer in bytes; 32 MiB hold a burst of some 40,000 routes. */
  readonly buffer?: number;
}

const GROUPS = RTMGRP.LINK | RTMGRP.IPV4_IFADDR | RTMGRP.IPV4_ROUTE | RTMGRP.IPV6_IFADDR | RTMGRP.IPV6_ROUTE;
/** One datagram is one event; so many are read in one turn of the event loop: about a millisecond. */
const EVENTS_PER_TURN = 256;

/**
 * Tells what happens to links, addresses and routes of the network namespace in which it was opened. Reads when libuv finds its
 * socket readable, so it needs no thread and no timer, and it does not keep the process alive.
 *
 * After an overrun (ENOBUFS) whatever still waits is older than the state that the owner is about to read: it is thrown away,
 * and the same socket goes on, so that nothing can fall between two sockets.
 */
export class Monitor implements Disposable {
  readonly #options: MonitorOptions;
  readonly #socket: NetlinkSocket;
  readonly #watch: ReadableWatch;
  readonly #buffer = new Uint8Array(DATAGRAM_LENGTH);
  #closed = false;

  private constructor(options: MonitorOptions) {
    this.#options = options;
    const { buffer = 32 * 1024 * 1024, ignorePorts = [] } = options;
    this.#socket = new NetlinkSocket({ groups: GROUPS, buffer, ignorePorts });
    this.#watch = watchReadable(this.#socket.fd, () => {
      this.#read(EVENTS_PER_TURN);
    });
  }

  /** @throws SystemError */
  static open(options: MonitorOptions): Monitor {
    return new Monitor(options);
  }

  /** Delivers at once what has happened until now: to be called before a decision that must not rest on an old picture. */
  drain(): void {
    this.#read(Number.POSITIVE_INFINITY);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#watch.close();
    this.#socket.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #read(limit: number): void {
    if (this.#closed) return;
    const events: MonitorEvent[] = [];
    let overrun = false;
    try {
      for (let datagrams = 0; datagrams < limit; datagrams++) {
        const length = this.#socket.receive(this.#buffer);
        if (length === undefined) break;
        this.#decode(length, events);
      }
    } catch (error) {
      // Whatever it was, something has not been told.
      overrun = true;
      this.#recover(error);
    }
    if (events.length > 0) this.#options.onEvents(events);
    if (overrun) this.#options.onOverrun();
  }

  #decode(length: number, events: MonitorEvent[]): void {
    const message = new MessageReader(this.#buffer, length);
    while (message.next()) {
      const event = decodeEvent(message);
      if (event !== undefined) events.push(event);
    }
  }

  #recover(error: unknown): void {
    const lost = error instanceof SystemError && error.errno === ERRNO.ENOBUFS;
    if (!lost) this.#options.log.error('kernel events unreadable', { reason: describeError(error) });
    this.#socket.discard(this.#buffer);
  }
}
