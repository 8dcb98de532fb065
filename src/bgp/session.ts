import { equal } from '../net/equal.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import { describeError } from '../ports/error.ts';
import type { Log } from '../ports/log.ts';
import type { Problem } from '../ports/problem.ts';
import type { Received } from './channel.ts';
import type { BgpFamily, PeerConfig } from './config.ts';
import { type ConnectionEvents, Connections } from './connections.ts';
import { type Announced, Exchange, imported, type SessionRib } from './exchange.ts';
import type { DownReason, FsmOutput } from './fsm/events.ts';
import { establishedConnection, type Negotiated, peerState, type RestartBits } from './fsm/state.ts';
import { Machine } from './machine.ts';
import { MalformedLog } from './malformed-log.ts';
import { peerProblems } from './peer-problems.ts';
import { PrefixWatch } from './prefix-limit.ts';
import { Retention } from './retention.ts';
import { fsmConfig, sessionIdentity } from './session-config.ts';
import { SessionRecord } from './session-record.ts';
import { sessionStatus } from './session-status.ts';
import { silenceHint } from './silence.ts';
import type { PeerStatus } from './status.ts';
import type { Connection, Transport } from './transport.ts';
import type { Turns } from './turns.ts';
import type { Message, NotificationMessage } from './wire/message.ts';
import { notification, reset } from './wire/notification.ts';

export interface SessionOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly log: Log;
  readonly defer: (fn: () => void) => void;
  /** Shares the event loop among all sessions. */
  readonly turns: Turns;
  readonly rib: SessionRib;
  /** What our first OPEN says of graceful restart. */
  readonly restart?: RestartBits;
  /** The status changed. */
  readonly onChange: () => void;
  /** The RIB has something to flush. */
  readonly onRoutes: () => void;
}

/** Milliseconds without an UPDATE after which a peer that sends no End-of-RIB has told all. */
const SILENCE = 5_000;

/**
 * One configured peer: runs its state machine with the clock and its connections, and carries routes between its session
 * and the RIB. Work is bounded per turn of the event loop in both directions. Whatever is thrown inside costs this session only.
 */
export class Session {
  readonly #options: SessionOptions;
  readonly #log: Log;
  readonly #record: SessionRecord;
  readonly #malformed: MalformedLog;
  readonly #connections: Connections;
  readonly #machine: Machine;
  readonly #retention: Retention;
  #peer: PeerConfig;
  #speaker: Announced;
  #exchange: Exchange | undefined;
  #prefixes = new PrefixWatch();
  /** The connection of the exchange. */
  #sending: number | undefined;
  #completed = false;
  #silence: Timer | undefined;
  #exceptions = 0;

  constructor(peer: PeerConfig, speaker: Announced, options: SessionOptions) {
    this.#peer = peer;
    this.#speaker = speaker;
    this.#options = options;
    this.#log = options.log;
    this.#record = new SessionRecord(options.clock);
    this.#malformed = new MalformedLog(peer.name, options.clock, options.log);
    const { transport, clock, defer, turns, rib, log, onRoutes } = options;
    const guard = (fn: () => void): void => this.#guard(fn);
    this.#connections = new Connections({ transport, clock, turns, guard, events: this.#events });
    this.#retention = new Retention({ name: peer.name, rib, clock, log, defer, guard, onRoutes });
    this.#retention.grant(peer.longLivedStaleTime ?? 0);
    this.#machine = new Machine(fsmConfig(peer, speaker), {
      clock,
      defer,
      restart: options.restart,
      carryOut: (output) => this.#carryOut(output),
      settled: () => this.#settled(),
      due: () => guard(() => this.#tick()),
    });
    this.#start();
  }

  get peer(): PeerConfig {
    return this.#peer;
  }

  /** The peer has told all that it knows, in this session or one before. */
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
    this.#guard(() => this.#retention.grant(peer.longLivedStaleTime ?? 0));
    if (!equal(sessionIdentity(before.peer, before.speaker), sessionIdentity(peer, speaker))) {
      this.#restart(before.peer, before.speaker);
    } else {
      if (before.peer.password !== peer.password) this.#guard(() => this.#connections.setPassword(peer));
      this.#guard(() => this.#exchange?.set(peer, speaker));
    }
    if (!equal(imported(before.peer), imported(peer))) this.#guard(() => this.#retention.setPolicy(peer));
    if (!equal(before.peer.prefixLimit, peer.prefixLimit)) this.#applyLimit();
  }

  /** A connection that the peer opened. */
  accept(connection: Connection): void {
    this.#guard(() => this.#connections.adopt(connection, 'incoming'));
  }

  /** A connection that the peer opened and that did not satisfy what protects it. */
  refused(reason: string): void {
    this.#record.keptOut = reason;
    this.#attemptFailed({ reason });
  }

  /** Our own restart is over: the next OPEN says so (RFC 4724 §4.1). */
  recovered(): void {
    this.#guard(() => this.#machine.feed({ kind: 'recovered' }));
    this.#guard(() => this.#exchange?.recovered());
  }

  get isEstablished(): boolean {
    return this.#exchange !== undefined;
  }

  /** The peer has been told everything that it should know, or there is no session. */
  get drained(): boolean {
    return this.#exchange?.drained ?? true;
  }

  /** Ends the session for good; settles when all its connections are closed. */
  async stop(reason: string, message?: NotificationMessage): Promise<void> {
    this.#guard(() => this.#retention.end());
    this.#stop(reason, message);
    await this.#connections.closed();
  }

  status(): PeerStatus {
    return sessionStatus({
      peer: this.#peer,
      record: this.#record,
      state: this.#machine.state,
      exchange: this.#exchange,
      kept: this.#retention.status(),
      problems: this.problems(),
    });
  }

  /** What a person should mend, as far as the session itself knows. */
  problems(): readonly Problem[] {
    const received = (family: BgpFamily): number => this.#exchange?.inbound.received(family) ?? 0;
    return peerProblems(this.#peer, this.#record, received, this.#options.clock.monotonic());
  }

  // --- life ---

  #start(): void {
    if (this.#peer.enabled !== false) this.#guard(() => this.#machine.feed({ kind: 'start' }));
    else if (this.#record.enter('disabled')) this.#options.onChange();
  }

  /** Another address or AS is another peer, which has not told what this one told. */
  #restart(before: PeerConfig, { routerID }: Announced): void {
    const { enabled, address, localAS, remoteAS } = this.#peer;
    if (enabled === false) {
      this.#stop('disabled by configuration', notification('administrativeShutdown'));
      this.#guard(() => this.#retention.forget());
    } else if (equal([address, localAS, remoteAS], [before.address, before.localAS, before.remoteAS])) {
      // Without RFC 8538 a NOTIFICATION would cost both sides their routes, and a connection that is just closed does not.
      const { restart } = establishedConnection(this.#machine.state)?.negotiated ?? {};
      const silent = restart !== undefined && !restart.notification && routerID === this.#speaker.routerID;
      this.#stop('configuration changed', silent ? undefined : notification('otherConfigurationChange'));
    } else {
      this.#stop('configuration changed', notification('peerDeconfigured'));
      this.#guard(() => this.#retention.forget());
    }
    this.#record.reconfigured();
    this.#machine.configure(fsmConfig(this.#peer, this.#speaker));
    this.#start();
  }

  #stop(reason: string, message?: NotificationMessage): void {
    this.#guard(() =>
      this.#machine.feed({ kind: 'stop', reason, ...(message !== undefined && { notification: message }) }),
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
    this.#machine.clear();
    const fields = { peer: this.#peer.name, error: describeError(error), stack: stackOf(error) };
    this.#log.error('unexpected exception, closing the session', fields);
    const end = reset('outOfResources', `internal error: ${describeError(error)}`);
    try {
      for (const { id } of this.#machine.state.connections)
        this.#machine.feed({ kind: 'reset', id, reset: end });
    } catch {
      // Not even an orderly end works: TCP's end is the last that can be done, and the machine learns of it in its turn.
      this.#connections.destroyAll();
    }
    this.#connections.destroyForgotten();
  }

  // --- the state machine ---

  #settled(): void {
    const state = this.#peer.enabled === false ? 'disabled' : peerState(this.#machine.state);
    if (this.#record.enter(state)) this.#options.onChange();
  }

  #carryOut(output: FsmOutput): void {
    switch (output.kind) {
      case 'dial':
        return this.#connections.dial(this.#peer);
      case 'cancel-dial':
        return this.#connections.cancelDial();
      case 'send':
        if (this.#connections.send(output.id, output.message)) this.#record.count('sent', output.message);
        return;
      case 'close':
        return this.#connections.close(output.id, output.abort);
      case 'agreed':
        return this.#connections.agree(output.id, output.negotiated.context);
      case 'established':
        return this.#established(output.id, output.negotiated);
      case 'end-of-rib':
        this.#exchange?.endOfRib(output.family);
        this.#retention.endOfRib(output.family);
        return this.#checkComplete();
      case 'refresh':
        return this.#exchange?.refresh(output.message);
      case 'down':
        return this.#down(output);
      case 'attempt-failed':
        return this.#attemptFailed(
          output.unanswered ? { reason: output.reason + silenceHint(this.#peer) } : output,
        );
    }
  }

  #tick(): void {
    // Bytes that arrived and wait for us to read them are a sign of life.
    for (const { id, since } of this.#connections.waiting())
      this.#machine.feed({ kind: 'heard', id, at: since });
    this.#machine.feed({ kind: 'tick' });
  }

  // --- connections ---

  readonly #events: ConnectionEvents = {
    connected: (id, direction) => this.#machine.feed({ kind: 'connected', id, direction }),
    dialFailed: (reason) => this.#machine.feed({ kind: 'dial-failed', reason }),
    listens: (id) => this.#machine.state.connections.some((c) => c.id === id),
    received: (id, received) => this.#received(id, received),
    heard: (id, at) => this.#machine.feed({ kind: 'heard', id, at }),
    blocked: (id, blocked) => {
      this.#machine.feed({ kind: 'blocked', id, blocked });
      if (!blocked && id === this.#sending) this.#exchange?.resume();
    },
    closed: (id, reason) => this.#machine.feed({ kind: 'closed', id, reason }),
  };

  #received(id: number, received: Received): void {
    const { decoded, type, at } = received;
    const reaction = this.#malformed.report(received);
    if (reaction !== undefined) this.#record.malformed(reaction);
    switch (decoded.kind) {
      case 'message':
        this.#record.count('received', decoded.message);
        return this.#take(id, decoded.message, at);
      case 'withdraw':
        this.#record.received.update++;
        return this.#take(id, { kind: 'update', withdrawn: decoded.withdrawn, announced: [] }, at);
      case 'ignore':
        return type === undefined ? undefined : this.#machine.feed({ kind: 'unusable', id, type });
      case 'reset':
        if (type === undefined) return this.#machine.feed({ kind: 'reset', id, reset: decoded });
        return this.#machine.feed({ kind: 'unusable', id, type, reset: decoded });
    }
  }

  /** The routes of an established connection mean nothing to the machine: what it should know is that the peer is `heard`. */
  #take(id: number, message: Message, at: number): void {
    if (message.kind !== 'update' || id !== this.#sending)
      return this.#machine.feed({ kind: 'message', id, message, at });
    this.#exchange?.update(message);
    this.#watchPrefixes();
  }

  // --- the established session ---

  #established(id: number, negotiated: Negotiated): void {
    const { rib, log, turns, onRoutes } = this.#options;
    const { name, address } = this.#peer;
    this.#record.established();
    log.info('session established', {
      peer: name,
      address,
      routerID: negotiated.remote.routerID,
      families: negotiated.context.families,
    });
    this.#prefixes = new PrefixWatch();
    this.#exchange = new Exchange(this.#peer, this.#speaker, negotiated, {
      restarting: this.#machine.state.restart.restarting,
      kept: this.#retention.established(negotiated),
      rib,
      log,
      turns,
      onRoutes,
      write: (bytes, messages) => this.#writeUpdates(id, bytes, messages),
      guard: (fn) => this.#guard(fn),
    });
    this.#sending = id;
    if (negotiated.restart === undefined) this.#awaitSilence(this.#exchange);
  }

  /**
   * RFC 4724 §4.1: a peer without graceful restart is not waited for, because it need not send End-of-RIB, and many do not. Yet its
   * routes come a moment after its OPEN: it has told them when no UPDATE has come for a while.
   */
  #awaitSilence(exchange: Exchange): void {
    const { update } = this.#record.received;
    this.#silence = this.#options.clock.setTimer(SILENCE, () => {
      if (this.#exchange !== exchange || this.#completed) return;
      if (this.#record.received.update !== update) return this.#awaitSilence(exchange);
      this.#complete();
    });
  }

  #writeUpdates(id: number, bytes: Uint8Array, messages: number): boolean {
    this.#record.sent.update += messages;
    const more = this.#connections.write(id, bytes);
    this.#machine.feed({ kind: 'sent', id });
    return more;
  }

  /**
   * RFC 4486 §4, per family and before policy. What is stale was brought by another session and does not count, as long as it is not
   * more than a session may bring: so nobody fills our memory by coming again and again.
   */
  #watchPrefixes(): void {
    const inbound = this.#exchange?.inbound;
    const { prefixLimit } = this.#peer;
    if (prefixLimit === undefined || inbound === undefined || this.#sending === undefined) return;
    const stale = (family: BgpFamily): number => Math.min(inbound.stale(family), prefixLimit.limit);
    const verdict = this.#prefixes.check(prefixLimit, (family) => inbound.received(family) - stale(family));
    if (verdict?.kind === 'exceeded') {
      this.#machine.feed({ ...verdict, kind: 'reset', id: this.#sending });
    } else if (verdict !== undefined) {
      const { family, count } = verdict;
      this.#log.warn('many prefixes', {
        peer: this.#peer.name,
        family,
        count,
        limit: prefixLimit,
      });
    }
  }

  /** Another limit: one that the peer is beyond already ends the session, and nobody is shut out by the former one any longer. */
  #applyLimit(): void {
    this.#guard(() => this.#watchPrefixes());
    if (!this.#record.isOverLimit || this.#machine.state.phase !== 'held') return;
    this.#record.reconfigured();
    this.#stop('configuration changed');
    this.#start();
  }

  #checkComplete(): void {
    if (!this.#completed && this.#exchange?.complete === true) this.#complete();
  }

  #complete(): void {
    this.#completed = true;
    this.#options.onChange();
  }

  #attemptFailed(failure: DownReason): void {
    this.#record.attemptFailed(failure);
    this.#log.debug('attempt failed', { peer: this.#peer.name, reason: failure.reason });
    this.#options.onChange();
  }

  #down(down: DownReason): void {
    const { name, address } = this.#peer;
    this.#record.down(down);
    this.#log.info('session down', { peer: name, address, reason: down.reason });
    const exchange = this.#exchange;
    this.#exchange = undefined;
    this.#sending = undefined;
    this.#silence?.cancel();
    if (exchange !== undefined) this.#retention.lost(exchange, down);
    this.#options.onChange();
  }
}

const stackOf = (error: unknown): string | undefined => (error instanceof Error ? error.stack : undefined);
