import type { Address } from '../net/address.ts';
import { equal } from '../net/equal.ts';
import type { Prefix } from '../net/prefix.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import { describeError } from '../ports/error.ts';
import type { Log } from '../ports/log.ts';
import type { Problem } from '../ports/problem.ts';
import type { Origination, PeerConfig, SpeakerConfig } from './config.ts';
import { Listeners } from './listeners.ts';
import type { Self } from './rib/import-policy.ts';
import { Rib } from './rib/rib.ts';
import { Session } from './session.ts';
import type { AdvertisedStatus, LearnedFeed, LearnedRoute, PeerStatus, RibEntryStatus } from './status.ts';
import type { Connection, Endpoint, Transport, TransportError } from './transport.ts';
import { type Task, Turns } from './turns.ts';
import { notification, shutdownNotification } from './wire/notification.ts';

export interface SpeakerOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly log: Log;
  /** Runs `fn` in the next turn of the event loop, after pending input was read: `setImmediate` in the real world. */
  readonly defer: (fn: () => void) => void;
  /** This run follows another one; `forwarding`: of the same boot, so that what was announced is still forwarded. RFC 4724. */
  readonly restart?: { readonly forwarding: boolean };
  /** Milliseconds after the first `set` when `converged` becomes true in any case. */
  readonly selectionDeferral: number;
  /** There is something new to take in `changes`; coalesced: after a piece of decisions. */
  readonly onRoutes: () => void;
  /** Some peer's state, `converged` or `problems()` changed; coalesced likewise. */
  readonly onPeers: () => void;
}

/** See `Speaker.stop`; `grace` in milliseconds, a minute at most. */
export type StopMode =
  | { readonly mode: 'restart' }
  | { readonly mode: 'shutdown'; readonly text?: string; readonly grace?: number };

/** Milliseconds that peers have to take the last change of our routes, and between two looks whether they did. */
const DRAIN_TIME = 5_000;
const DRAIN_INTERVAL = 50;
const MAX_GRACE = 60_000;

/** Routes that are judged or decided as one unit of work. */
const ROUTES = 1000;

/**
 * All BGP of this node: keeps one session per configured peer, tells what was learned, announces what is originated.
 * Declarative: `set` says what should be, the speaker works towards it and changes nothing that already is so.
 */
export class Speaker {
  readonly #options: SpeakerOptions;
  readonly #rib = new Rib();
  readonly #turns: Turns;
  readonly #flushing: Task;
  readonly #sessions = new Map<string, Session>();
  /** Sessions of removed peers whose connections are not closed yet. */
  readonly #ending = new Set<Promise<void>>();
  readonly #listeners: Listeners;
  #config: SpeakerConfig | undefined;
  #self: Self | undefined;
  #originated: readonly Origination[] = [];
  #deferral: Timer | undefined;
  #converged = false;
  #refused = 0;
  #telling = false;
  /** The shutdown is announced: the configuration does not matter any more. */
  #leaving = false;
  #stopped = false;

  constructor(options: SpeakerOptions) {
    this.#options = options;
    const { transport, clock, log } = options;
    this.#turns = new Turns(options);
    this.#flushing = this.#turns.task(
      () => this.#flush(),
      (fn) => this.#tell(fn),
    );
    this.#listeners = new Listeners({
      transport,
      clock,
      log,
      onConnection: (connection) => this.#accept(connection),
      onRefused: (remote, local, error) => this.#refuse(remote, local, error),
      onChange: () => this.#tellPeers(),
    });
  }

  /** The same value twice changes nothing; only sessions whose own parameters changed restart. */
  set(config: SpeakerConfig): void {
    if (this.#stopped || this.#leaving || equal(this.#config, config)) return;
    if (this.#config === undefined) this.#startDeferral();
    this.#config = config;
    this.#setSelf(selfOf(config), config.originated);
    this.#listeners.set(config.listen, config.peers);
    this.#setPeers(config);
    this.#tellPeers();
  }

  /** In the order of the configuration. */
  peers(): readonly PeerStatus[] {
    const names = this.#config?.peers.map((p) => p.name) ?? [];
    return names.flatMap((name) => this.#sessions.get(name)?.status() ?? []);
  }

  /** The Loc-RIB with all paths, also those not accepted; in no particular order. */
  rib(): Iterable<RibEntryStatus> {
    return this.#rib.entries();
  }

  /** Names of the peers that have been told the prefix. */
  advertisedTo(prefix: Prefix): readonly string[] {
    return this.#rib.advertisedTo(prefix);
  }

  /** What a peer has been told, lazily; undefined: there is no peer of that name. */
  advertised(peer: string): Iterable<AdvertisedStatus> | undefined {
    return this.#sessions.has(peer) ? this.#rib.advertised(peer) : undefined;
  }

  /** What was learned, for whoever follows it: he must take the changes. */
  get changes(): LearnedFeed {
    return this.#rib.learned;
  }

  /** All that is learned now, taken or not: a copy, made on demand. */
  learned(): ReadonlyMap<Prefix, LearnedRoute> {
    return new Map(this.#rib.learned.routes().map((route) => [route.prefix, route]));
  }

  problems(): readonly Problem[] {
    return [...this.#listeners.problems(), ...[...this.#sessions.values()].flatMap((s) => s.problems())];
  }

  /** Connections refused so far: from addresses that are no configured peer, or not protected as theirs must be. */
  get refused(): number {
    return this.#refused;
  }

  /** Exceptions that cost a session, so far: each one is a bug. */
  get exceptions(): number {
    return this.#sessions.values().reduce((sum, session) => sum + session.exceptions, 0);
  }

  /**
   * Whether the routes of an earlier run may be swept: every enabled peer has sent End-of-RIB for its families, or there
   * is none, or the selection deferral time ran out. Once true, it stays so. False before the first `set`.
   */
  get converged(): boolean {
    return this.#converged;
  }

  /**
   * Ends everything. `restart`: the next run is to go on, so TCP is closed without a word, and peers with graceful restart keep
   * our routes. `shutdown`: this node goes. Its routes become the last choice everywhere (RFC 8326), `grace` milliseconds later
   * the sessions end so that nobody keeps anything (RFC 8538 §4, RFC 9003: `text` is for the people there).
   */
  async stop(how: StopMode = { mode: 'restart' }): Promise<void> {
    if (how.mode === 'shutdown') await this.#drain(how.grace ?? 0);
    this.#stopped = true;
    this.#deferral?.cancel();
    this.#listeners.set([], []);
    const message =
      how.mode === 'shutdown' ? shutdownNotification('administrativeShutdown', how.text) : undefined;
    const ends = [...this.#sessions.values()].map((session) => session.stop('the agent stops', message));
    await Promise.all([...ends, ...this.#ending]);
  }

  /** Announces GRACEFUL_SHUTDOWN, waits until all peers have it, but no longer than `DRAIN_TIME`, then `grace` milliseconds. */
  async #drain(grace: number): Promise<void> {
    const { clock } = this.#options;
    if (this.#config === undefined || this.#stopped) return;
    this.set({ ...this.#config, gracefulShutdown: true });
    this.#leaving = true;
    const established = (): Session[] => [...this.#sessions.values()].filter((s) => s.isEstablished);
    if (established().length === 0) return;
    const deadline = clock.monotonic() + DRAIN_TIME;
    // The writes of a change begin in the turn after it.
    do await this.#pause(DRAIN_INTERVAL);
    while (clock.monotonic() < deadline && !established().every((session) => session.drained));
    await this.#pause(Math.min(grace, MAX_GRACE));
  }

  async #pause(milliseconds: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#options.clock.setTimer(milliseconds, resolve);
    });
  }

  #setSelf(self: Self, originated: readonly Origination[]): void {
    if (equal(this.#self, self) && equal(this.#originated, originated)) return;
    this.#self = self;
    this.#originated = originated;
    this.#rib.setSelf(self, originated);
    this.#flushing.wake();
  }

  #setPeers(config: SpeakerConfig): void {
    const wanted = new Map(config.peers.map((peer) => [peer.name, peer]));
    for (const [name, session] of this.#sessions) {
      if (wanted.has(name)) continue;
      this.#sessions.delete(name);
      const end = session.stop('removed from the configuration', notification('peerDeconfigured'));
      this.#ending.add(end);
      void end.finally(() => this.#ending.delete(end));
    }
    for (const peer of config.peers) {
      const session = this.#sessions.get(peer.name);
      if (session === undefined) this.#sessions.set(peer.name, this.#makeSession(peer, config));
      else session.set(peer, config);
    }
  }

  #makeSession(peer: PeerConfig, config: SpeakerConfig): Session {
    const { transport, clock, log, defer } = this.#options;
    return new Session(peer, config, {
      transport,
      clock,
      log,
      defer,
      turns: this.#turns,
      rib: this.#rib,
      restart: {
        restarting: this.#options.restart !== undefined && !this.#converged,
        forwarding: this.#options.restart?.forwarding === true,
      },
      onChange: () => this.#tellPeers(),
      onRoutes: () => this.#flushing.wake(),
    });
  }

  /** Only configured peers may talk to us; where several share an address, our own address of the connection decides. */
  #accept(connection: Connection): void {
    const { remote, local } = connection;
    const session = this.#sessionOf(remote.address, local.address);
    if (session !== undefined) return session.accept(connection);
    this.#refused++;
    this.#options.log.debug('connection refused: no such peer', {
      address: remote.address,
      to: local.address,
    });
    connection.destroy();
  }

  #sessionOf(remote: Address, local: Address): Session | undefined {
    const candidates = [...this.#sessions.values()].filter((s) => s.peer.address === remote);
    return (
      candidates.find((s) => s.peer.localAddress === local) ??
      candidates.find((s) => s.peer.localAddress === undefined)
    );
  }

  /** The kernel or the listener saw that it was not protected as its peer must be. */
  #refuse(remote: Endpoint, local: Endpoint, error: TransportError): void {
    this.#refused++;
    this.#sessionOf(remote.address, local.address)?.refused(describeError(error));
  }

  /** Whether every route that was waited for has been told. */
  #isComplete(): boolean {
    if (this.#config === undefined || this.#rib.pending) return false;
    return [...this.#sessions.values()].every(({ peer, completed }) => completed || peer.enabled === false);
  }

  #startDeferral(): void {
    this.#deferral = this.#options.clock.setTimer(this.#options.selectionDeferral, () => this.#converge());
  }

  #converge(): void {
    this.#deferral?.cancel();
    if (this.#converged) return;
    this.#converged = true;
    this.#options.log.info('routes are complete');
    // RFC 4724 §4.1: the restart is over, and later OPENs say so.
    for (const session of this.#sessions.values()) session.recovered();
    this.#tellPeers();
  }

  /** Decides a piece and tells what changed; tells whether there is more. */
  #flush(): boolean {
    if (this.#stopped) return false;
    const { waiting } = this.changes;
    this.#rib.flush(ROUTES);
    if (this.changes.waiting > waiting) this.#tell(() => this.#options.onRoutes());
    if (!this.#rib.pending) this.#tellPeers();
    return this.#rib.pending;
  }

  #tellPeers(): void {
    if (this.#telling || this.#stopped) return;
    this.#telling = true;
    this.#options.defer(() => {
      this.#telling = false;
      if (this.#isComplete()) this.#converge();
      this.#tell(() => this.#options.onPeers());
    });
  }

  /** What the listener throws must not end the work of the speaker. */
  #tell(fn: () => void): void {
    try {
      fn();
    } catch (error) {
      this.#options.log.error('a listener of the speaker failed', { error: describeError(error) });
    }
  }
}

function selfOf(config: SpeakerConfig): Self {
  const { routerID, clusterID, localAS, peers, nextHops, listen, originated, localPrefixes } = config;
  const addresses: (Address | undefined)[] = [
    nextHops.ipv4,
    nextHops.ipv6,
    ...listen.map((l) => l.address),
    ...peers.map((p) => p.localAddress),
  ];
  return {
    routerID,
    asNumbers: new Set([localAS, ...peers.map((p) => p.localAS)]),
    addresses: new Set(addresses.filter((a) => a !== undefined)),
    originated: new Set(originated.map((o) => o.prefix)),
    ...(clusterID !== undefined && { clusterID }),
    ...(localPrefixes !== undefined && { localPrefixes }),
  };
}
