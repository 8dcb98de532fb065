import type { Clock } from '../ports/clock.ts';
import { describeError } from '../ports/error.ts';
import { Channel, type Received } from './channel.ts';
import type { Direction } from './fsm/state.ts';
import type { Connection, ConnectOptions, Dial, Endpoint, Transport } from './transport.ts';
import type { Task, Turns } from './turns.ts';
import type { Message, UpdateMessage, WireContext } from './wire/message.ts';

/** Where a peer is, and how it is connected to. */
export type DialTarget = Endpoint & ConnectOptions;

/** What happens on a peer's connections, told inside of `guard` wherever the transport or `defer` called. */
export interface ConnectionEvents {
  connected(id: number, direction: Direction): void;
  dialFailed(reason: string): void;
  /** Whether messages of the connection still count; those of another are not read. */
  listens(id: number): boolean;
  received(id: number, received: Received): void;
  /** Of what was `received` together the last octet came at `at`, monotonic milliseconds. */
  heard(id: number, at: number): void;
  /** The peer takes nothing more for the moment (true), or takes what we send again (false). */
  blocked(id: number, blocked: boolean): void;
  /** The connection is gone; everything that came before has been `received`. */
  closed(id: number, reason: string): void;
}

export interface ConnectionsOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly turns: Turns;
  readonly guard: (fn: () => void) => void;
  readonly events: ConnectionEvents;
}

/** Milliseconds that a peer has to take our last words before TCP is cut off. */
const LINGER = 2_000;
/** Messages that make a unit of work, and octets of them after which none more is: a full UPDATE names 1,000 prefixes. */
const MESSAGES = 100;
const OCTETS = 4 * 4096;

/** The dial and the connections of one peer, by id: reads them a bounded piece at a time, writes, closes. */
export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #channels = new Map<number, Channel>();
  readonly #whenClosed: (() => void)[] = [];
  /** Whom to dial as soon as it is our turn. */
  #target: DialTarget | undefined;
  #dial: Dial | undefined;
  #nextId = 1;
  readonly #dialling: Task;
  readonly #reading: Task;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
    this.#reading = options.turns.task(() => this.#read(), options.guard);
    this.#dialling = options.turns.task(() => {
      this.#startDial();
      return false;
    }, options.guard);
  }

  /** Settles when no connection is left. */
  async closed(): Promise<void> {
    if (this.#channels.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#whenClosed.push(resolve);
    });
  }

  /** In a turn of its own: a thousand peers that are to be dialled at once must not hold everything else up. */
  dial(peer: DialTarget): void {
    this.#target = peer;
    this.#dialling.wake();
  }

  #startDial(): void {
    const { transport, guard, events } = this.#options;
    const peer = this.#target;
    if (peer === undefined) return;
    this.#target = undefined;
    this.#dial = transport.connect(peer, peer, {
      connected: (connection) => {
        this.#dial = undefined;
        guard(() => this.adopt(connection, 'outgoing'));
      },
      failed: (error) => {
        this.#dial = undefined;
        guard(() => events.dialFailed(describeError(error)));
      },
    });
  }

  cancelDial(): void {
    this.#target = undefined;
    this.#dial?.cancel();
    this.#dial = undefined;
  }

  /** The peer's password is another one: connections go on with it, a dial that has had no answer yet is made anew. */
  setPassword(peer: DialTarget): void {
    for (const { connection } of this.#channels.values()) connection.setPassword(peer.password);
    if (this.#dial === undefined && this.#target === undefined) return;
    this.cancelDial();
    this.dial(peer);
  }

  adopt(connection: Connection, direction: Direction): void {
    const { clock, guard, events } = this.#options;
    const id = this.#nextId++;
    const channel = new Channel(id, connection);
    this.#channels.set(id, channel);
    connection.start({
      data: (bytes) => {
        channel.push(bytes, clock.monotonic());
        this.#reading.wake();
      },
      drain: () => {
        channel.blocked = false;
        guard(() => events.blocked(id, false));
      },
      closed: (error) => {
        channel.ended = error?.message ?? 'connection closed by the peer';
        this.#reading.wake();
      },
    });
    events.connected(id, direction);
  }

  /** From now on messages are read and written as both OPENs agreed. */
  agree(id: number, context: WireContext): void {
    this.#channels.get(id)?.agree(context);
  }

  /** Tells whether it was sent: behind a queue that the peer does not take, a KEEPALIVE tells it nothing. */
  send(id: number, message: Exclude<Message, UpdateMessage>): boolean {
    const channel = this.#channels.get(id);
    if (channel === undefined || (channel.blocked && message.kind === 'keepalive')) return false;
    if (!channel.send(message)) this.#block(channel);
    return true;
  }

  /** Writes whole messages; false: no more before `events.blocked` says so. */
  write(id: number, bytes: Uint8Array): boolean {
    const channel = this.#channels.get(id);
    if (channel === undefined) return false;
    if (!channel.connection.write(bytes)) this.#block(channel);
    return !channel.blocked;
  }

  /** Closes after what is queued was sent, `abort`: at once. Nothing more of it is `received`. */
  close(id: number, abort: boolean): void {
    const channel = this.#channels.get(id);
    if (channel === undefined) return;
    const { connection } = channel;
    if (abort) return connection.destroy();
    connection.close();
    channel.linger = this.#options.clock.setTimer(LINGER, () => connection.destroy());
  }

  destroyAll(): void {
    for (const { connection } of this.#channels.values()) connection.destroy();
  }

  /** Cuts those that nobody listens to and that nobody has closed: an exception came between. */
  destroyForgotten(): void {
    for (const { id, linger, connection } of this.#channels.values())
      if (linger === undefined && !this.#options.events.listens(id)) connection.destroy();
  }

  /** Since when bytes that arrived wait for us to read them, by connection. */
  *waiting(): Generator<{ readonly id: number; readonly since: number }> {
    for (const { id, waitingSince } of this.#channels.values()) {
      if (waitingSince !== undefined) yield { id, since: waitingSince };
    }
  }

  #block(channel: Channel): void {
    channel.blocked = true;
    this.#options.events.blocked(channel.id, true);
  }

  /** Handles some messages; tells whether there are more. */
  #read(): boolean {
    const { events } = this.#options;
    let messages = MESSAGES;
    let octets = OCTETS;
    try {
      for (const channel of this.#channels.values()) {
        let at: number | undefined;
        while (messages > 0 && octets > 0) {
          const received = events.listens(channel.id) ? channel.next() : undefined;
          if (received === undefined) break;
          const { length } = received.bytes;
          events.received(channel.id, received);
          messages--;
          octets -= length;
          at = received.at;
        }
        if (at !== undefined) events.heard(channel.id, at);
        if (messages === 0 || octets <= 0) return true;
        // Only now, because what came before the end still counts, above all the NOTIFICATION that explains it.
        if (channel.ended !== undefined) this.#remove(channel, channel.ended);
      }
      return false;
    } catch (error) {
      // What a message did must not keep us from seeing the end of the others.
      this.#reading.wake();
      throw error;
    }
  }

  #remove({ id, linger }: Channel, reason: string): void {
    linger?.cancel();
    this.#channels.delete(id);
    this.#options.events.closed(id, reason);
    if (this.#channels.size === 0) for (const resolve of this.#whenClosed.splice(0)) resolve();
  }
}
