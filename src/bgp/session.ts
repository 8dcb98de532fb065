import { equal } from '../net/equal.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import { describeError } from '../ports/error.ts';
import type { Log } from '../ports/log.ts';
import { Channel } from './channel.ts';
import type { PeerConfig } from './config.ts';
import { type Announced, Exchange, type SessionRib } from './exchange.ts';
import type { DownReason, FsmInput, FsmOutput } from './fsm/events.ts';
import {
  type ConnectionState,
  type FsmConfig,
  type FsmState,
  initialState,
  type Negotiated,
  peerState,
} from './fsm/state.ts';
import { step } from './fsm/step.ts';
import { nextDeadline } from './fsm/timing.ts';
import { MalformedLog } from './malformed-log.ts';
import { counterOf, SessionRecord } from './session-record.ts';
import { sessionStatus } from './session-status.ts';
import type { PeerStatus } from './status.ts';
import type { Connection, Dial, Transport } from './transport.ts';
import type { NotificationMessage } from './wire/message.ts';
import { notification, reset } from './wire/notification.ts';

export interface SessionOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly log: Log;
  readonly defer: (fn: () => void) => void;
  readonly rib: SessionRib;
  /** The status changed. */
  readonly onChange: () => void;
  /** The RIB has something to flush. */
  readonly onRoutes: () => void;
}

/** Milliseconds that a peer has to take our last words before TCP is cut off. */
const LINGER = 2_000;
/** Messages that one peer may have handled in one turn of the event loop. */
const MESSAGES_A_TURN = 25;

/**
 * One configured peer: runs its state machine with real timers and connections, and carries routes between its session and
 * the RIB. Work is bounded per turn of the event loop in both directions. Whatever is thrown inside costs this session only.
 */
export class Session {
  readonly #options: SessionOptions;
  readonly #log: Log;
  readonly #record: SessionRecord;
  readonly #malformed: MalformedLog;
  readonly #channels = new Map<number, Channel>();
  readonly #inputs: FsmInput[] = [];
  readonly #whenClosed: (() => void)[] = [];
  #peer: PeerConfig;
  #speaker: Announced;
  #state: FsmState;
  #exchange: Exchange | undefined;
  /** The channel of the exchange. */
  #sending: Channel | undefined;
  #completed = false;
  #running = false;
  #reading = false;
  #nextId = 1;
  #dial: Dial | undefined;
  #timer: { readonly at: number; readonly timer: Timer } | undefined;
  #exceptions = 0;

  constructor(peer: PeerConfig, speaker: Announced, options: SessionOptions) {
    this.#peer = peer;
    this.#speaker = speaker;
    this.#options = options;
    this.#log = options.log;
    this.#record = new SessionRecord(options.clock);
    this.#malformed = new MalformedLog(peer.name, options.clock, options.log);
    this.#state = this.#initialState();
    this.#start();
  }

  get peer(): PeerConfig {
    return this.#peer;
  }

  /** End-of-RIB has come for all families of a session, this one or one before. */
  get completed(): boolean {
    return this.#completed;
  }

  /** Exceptions that cost a session, so far. */
  get exceptions(): number {
    return this.#exceptions;
  }

  /** Changes what differs: a parameter of the session itself restarts it, policies are applied to the tables at hand. */
  set(peer: PeerConfig, speaker: Announced): void {
    const before = { peer: this.#peer, speaker: this.#speaker };
    this.#peer = peer;
    this.#speaker = speaker;
    if (!equal(identity(before.peer, before.speaker), identity(peer, speaker))) return this.#restart();
    this.#guard(() => this.#exchange?.set(peer, speaker));
  }

  /** A connection that the peer opened. */
  accept(connection: Connection): void {
    this.#guard(() => this.#adopt(connection, 'incoming'));
  }

  /** Ends the session for good; settles when all its connections are closed. */
  async stop(reason: string, message?: NotificationMessage): Promise<void> {
    this.#stop(reason, message);
    if (this.#channels.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#whenClosed.push(resolve);
    });
  }

  status(): PeerStatus {
    return sessionStatus(this.#peer, this.#record, this.#state, this.#exchange);
  }

  // --- life ---

  #initialState(): FsmState {
    const { localAS, remoteAS, families, holdTime, keepaliveTime, passive } = this.#peer;
    const { routerID } = this.#speaker;
    const config: FsmConfig = { localAS, remoteAS, families, holdTime, keepaliveTime, passive, routerID };
    return initialState(config, Math.floor(this.#options.clock.random() * 2 ** 32));
  }

  #start(): void {
    if (this.#peer.enabled !== false) this.#guard(() => this.#feed({ kind: 'start' }));
    else if (this.#record.enter('disabled')) this.#options.onChange();
  }

  #restart(): void {
    if (this.#peer.enabled === false) {
      this.#stop('disabled by configuration', notification('administrativeShutdown'));
    } else {
      this.#stop('configuration changed', notification('otherConfigurationChange'));
    }
    this.#state = this.#initialState();
    this.#start();
  }

  #stop(reason: string, message?: NotificationMessage): void {
    this.#guard(() =>
      this.#feed({ kind: 'stop', reason, ...(message !== undefined && { notification: message }) }),
    );
  }

  /** Runs `fn`; an exception ends this session with Cease, Out of Resources, and goes no further. */
  #guard(fn: () => void): void {
    try {
      fn();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#exceptions++;
    this.#inputs.length = 0;
    const fields = { peer: this.#peer.name, error: describeError(error), stack: stackOf(error) };
    this.#log.error('unexpected exception, closing the session', fields);
    const end = reset('outOfResources', `internal error: ${describeError(error)}`);
    try {
      for (const { id } of this.#state.connections) this.#feed({ kind: 'reset', id, reset: end });
    } catch {
      // Not even an orderly end works: TCP's end is the last that can be done, and the machine learns of it in its turn.
      for (const { connection } of this.#channels.values()) connection.destroy();
    }
  }

  // --- the state machine ---

  /** Steps the machine; an input that arises while an output is carried out waits its turn. */
  #feed(input: FsmInput): void {
    this.#inputs.push(input);
    if (this.#running) return;
    this.#running = true;
    try {
      for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) {
        const { state, outputs } = step(this.#state, next, this.#options.clock.monotonic());
        this.#state = state;
        for (const output of outputs) this.#carryOut(output);
      }
    } finally {
      this.#running = false;
      this.#arm();
      const state = this.#peer.enabled === false ? 'disabled' : peerState(this.#state);
      if (this.#record.enter(state)) this.#options.onChange();
    }
  }

  #carryOut(output: FsmOutput): void {
    switch (output.kind) {
      case 'dial':
        return this.#startDial();
      case 'cancel-dial':
        return this.#dial?.cancel();
      case 'send':
        return this.#send(output);
      case 'close':
        return this.#close(output.id, output.abort);
      case 'agreed':
        return this.#channels.get(output.id)?.agree(output.negotiated.context);
      case 'established':
        return this.#established(output.id, output.negotiated);
      case 'update':
        return this.#exchange?.update(output.message);
      case 'end-of-rib':
        this.#exchange?.endOfRib(output.family);
        return this.#checkComplete();
      case 'refresh':
        return this.#exchange?.refresh(output.message);
      case 'down':
        return this.#down(output);
      case 'attempt-failed':
        this.#record.attemptFailed(output);
        this.#log.debug('attempt failed', { peer: this.#peer.name, reason: output.reason });
        return this.#options.onChange();
    }
  }

  /**
   * One timer for the earliest deadline. It is not moved when the deadline moves away, which it does with every message: a
   * timer that fires early only looks and sleeps again.
   */
  #arm(): void {
    const at = nextDeadline(this.#state);
    if (this.#timer !== undefined && at !== undefined && this.#timer.at <= at) return;
    this.#timer?.timer.cancel();
    this.#timer = undefined;
    if (at === undefined) return;
    const { clock, defer } = this.#options;
    // Deferred, so that what the peer sent while we were busy elsewhere is read before its silence is judged.
    const timer = clock.setTimer(Math.max(0, at - clock.monotonic()), () => defer(() => this.#tick()));
    this.#timer = { at, timer };
  }

  #tick(): void {
    this.#timer?.timer.cancel();
    this.#timer = undefined;
    this.#guard(() => {
      for (const { id, waitingSince } of this.#channels.values()) {
        // Bytes that arrived and wait for us to read them are a sign of life.
        if (waitingSince !== undefined) this.#feed({ kind: 'heard', id, at: waitingSince });
      }
      this.#feed({ kind: 'tick' });
    });
  }

  // --- connections ---

  #startDial(): void {
    const { address, port, localAddress } = this.#peer;
    const options = localAddress === undefined ? {} : { localAddress };
    const dial = this.#options.transport.connect({ address, port }, options, {
      connected: (connection) => this.#guard(() => this.#adopt(connection, 'outgoing')),
      failed: (error) => this.#guard(() => this.#feed({ kind: 'dial-failed', reason: error.message })),
    });
    this.#dial = dial;
  }

  #adopt(connection: Connection, direction: ConnectionState['direction']): void {
    const id = this.#nextId++;
    const channel = new Channel(id, connection);
    this.#channels.set(id, channel);
    connection.start({
      data: (bytes) => {
        channel.push(bytes, this.#options.clock.monotonic());
        this.#readLater();
      },
      drain: () => {
        channel.blocked = false;
        this.#guard(() => this.#feed({ kind: 'blocked', id, blocked: false }));
        if (channel === this.#sending) this.#exchange?.resume();
      },
      closed: (error) => {
        channel.ended = error?.message ?? 'connection closed by the peer';
        this.#readLater();
      },
    });
    this.#feed({ kind: 'connected', id, direction });
  }

  #closed({ id, linger }: Channel, reason: string): void {
    linger?.cancel();
    this.#channels.delete(id);
    this.#feed({ kind: 'closed', id, reason });
    if (this.#channels.size === 0) for (const resolve of this.#whenClosed.splice(0)) resolve();
  }

  #close(id: number, abort: boolean): void {
    const channel = this.#channels.get(id);
    if (channel === undefined) return;
    const { connection } = channel;
    if (abort) return connection.destroy();
    connection.close();
    channel.linger = this.#options.clock.setTimer(LINGER, () => connection.destroy());
  }

  #isCurrent = ({ id }: Channel): boolean => this.#state.connections.some((c) => c.id === id);

  #send({ id, message }: Extract<FsmOutput, { kind: 'send' }>): void {
    const channel = this.#channels.get(id);
    // Behind a queue that the peer does not take, a KEEPALIVE tells it nothing.
    if (channel === undefined || (channel.blocked && message.kind === 'keepalive')) return;
    this.#record.sent[counterOf(message.kind)]++;
    if (!channel.send(message)) this.#blocked(channel);
  }

  #blocked(channel: Channel): void {
    channel.blocked = true;
    this.#feed({ kind: 'blocked', id: channel.id, blocked: true });
  }

  // --- input ---

  #readLater(): void {
    if (this.#reading) return;
    this.#reading = true;
    this.#options.defer(() => {
      this.#reading = false;
      this.#guard(() => this.#read());
    });
  }

  #read(): void {
    let left = MESSAGES_A_TURN;
    for (const channel of this.#channels.values()) {
      while (this.#isCurrent(channel) && this.#readOne(channel)) {
        left--;
        if (left === 0) return this.#readLater();
      }
      // Only now, because what came before the end still counts, above all the NOTIFICATION that explains it.
      if (channel.ended !== undefined) this.#closed(channel, channel.ended);
    }
  }

  /** Handles one message; false: no whole one is there. */
  #readOne(channel: Channel): boolean {
    const received = channel.next();
    if (received === undefined) return false;
    const { id } = channel;
    const { decoded, at } = received;
    this.#malformed.report(received);
    switch (decoded.kind) {
      case 'message':
        this.#record.received[counterOf(decoded.message.kind)]++;
        this.#feed({ kind: 'message', id, message: decoded.message, at });
        break;
      case 'withdraw': {
        const { withdrawn } = decoded;
        this.#record.received.update++;
        this.#feed({ kind: 'message', id, message: { kind: 'update', withdrawn, announced: [] }, at });
        break;
      }
      case 'ignore':
        break;
      case 'reset':
        this.#feed({ kind: 'reset', id, reset: decoded });
        break;
    }
    return true;
  }

  // --- the established session ---

  #established(id: number, negotiated: Negotiated): void {
    const channel = this.#channels.get(id);
    if (channel === undefined) return;
    const { rib, log, defer, onRoutes } = this.#options;
    const { name, address } = this.#peer;
    this.#record.established();
    log.info('session established', {
      peer: name,
      address,
      routerID: negotiated.remote.routerID,
      families: negotiated.context.families,
    });
    this.#exchange = new Exchange(this.#peer, this.#speaker, negotiated, {
      rib,
      log,
      defer,
      onRoutes,
      write: (bytes, messages) => this.#writeUpdates(channel, bytes, messages),
      guard: (fn) => this.#guard(fn),
    });
    this.#sending = channel;
  }

  #writeUpdates(channel: Channel, bytes: Uint8Array, messages: number): boolean {
    this.#record.sent.update += messages;
    if (!channel.connection.write(bytes)) this.#blocked(channel);
    this.#feed({ kind: 'sent', id: channel.id });
    return !channel.blocked;
  }

  #checkComplete(): void {
    if (this.#completed || this.#exchange?.complete !== true) return;
    this.#completed = true;
    this.#options.onChange();
  }

  #down(down: DownReason): void {
    const { name, address } = this.#peer;
    this.#record.down(down);
    this.#log.info('session down', { peer: name, address, reason: down.reason });
    const exchange = this.#exchange;
    this.#exchange = undefined;
    this.#sending = undefined;
    exchange?.close();
    this.#options.onChange();
  }
}

/** What a session cannot change while it lives. */
function identity(peer: PeerConfig, { routerID }: Announced): unknown {
  const { import: _import, export: _export, description: _description, name: _name, ...rest } = peer;
  return { ...rest, enabled: peer.enabled !== false, routerID };
}

const stackOf = (error: unknown): string | undefined => (error instanceof Error ? error.stack : undefined);
