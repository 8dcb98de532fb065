import {
  type Connection,
  type ConnectionHandlers,
  type ConnectOptions,
  type Dial,
  type DialHandlers,
  type Endpoint,
  type Listener,
  type ListenHandlers,
  type ProtectedPeer,
  type Protection,
  type ProtectionFailure,
  type Transport,
  TransportError,
} from '../../src/bgp/transport.ts';
import type { Address } from '../../src/net/address.ts';
import type { Timer } from '../../src/ports/clock.ts';
import type { FakeClock } from './fake-clock.ts';

/** Bytes that a sender may have under way before `write` says no. */
const WINDOW = 64 * 1024;

const name = ({ address, port }: Endpoint): string => `${address} ${port}`;
const refused = (): TransportError => new TransportError('GRY_TCP_REFUSED', 'connection refused');
const tooFar = (): TransportError => new TransportError('GRY_TCP_TTL', 'the peer is too far away');
const reset = (): TransportError => new TransportError('GRY_TCP_RESET', 'connection reset by the peer');

interface FakeListener {
  readonly host: FakeHost;
  readonly handlers: ListenHandlers;
  peers: readonly ProtectedPeer[];
  failures: readonly ProtectionFailure[];
}

/**
 * TCP between hosts in memory, timed by the fake clock. A cut host neither gets nor sends anything and nobody is told, as
 * with a pulled cable; what is under way waits, as with TCP's retransmission, until the cable is back. Likewise what is signed
 * with another password than the receiver's waits until both have the same.
 */
export class FakeNetwork {
  readonly clock: FakeClock;
  /** Milliseconds one way. */
  latency: number;
  /** Up to so many milliseconds more, for each direction of each connection as chance will have it: what is sent on two may overtake. */
  spread = 0;
  readonly listeners = new Map<string, FakeListener>();
  /** How many hops away hosts are from each other, where it is not one, by `hops`. */
  readonly #hops = new Map<FakeHost, Map<FakeHost, number>>();
  readonly #cut = new Set<FakeHost>();
  #waiting: (() => void)[] = [];
  #port = 49_152;

  constructor(clock: FakeClock, options: { readonly latency?: number } = {}) {
    this.clock = clock;
    this.latency = options.latency ?? 1;
  }

  host(...addresses: readonly Address[]): FakeHost {
    return new FakeHost(this, addresses);
  }

  /** Pulls the host's cable. */
  cut(host: FakeHost): void {
    this.#cut.add(host);
  }

  /** Plugs it in again: what waited is delivered. */
  restore(host: FakeHost): void {
    this.#cut.delete(host);
    this.retransmit();
  }

  /** Puts `hops - 1` routers between two hosts. */
  separate(a: FakeHost, b: FakeHost, hops: number): void {
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const)
      this.#hops.set(from, (this.#hops.get(from) ?? new Map<FakeHost, number>()).set(to, hops));
  }

  /** Whether segments of `from` are near enough for a receiver with this TTL security. */
  near(from: FakeHost, to: FakeHost, { ttlSecurity }: Protection): boolean {
    return ttlSecurity === undefined || (this.#hops.get(from)?.get(to) ?? 1) <= ttlSecurity;
  }

  /** What waits is tried again. */
  retransmit(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const deliver of waiting) this.clock.setTimer(this.latency, deliver);
  }

  connected(a: FakeHost, b: FakeHost): boolean {
    return a === b || !(this.#cut.has(a) || this.#cut.has(b));
  }

  /** Runs `fn` one latency later, or when the cable between the two is back and the receiver `takes` it. */
  carry(from: FakeHost, to: FakeHost, fn: () => void, extra = 0, takes: () => boolean = () => true): Timer {
    let cancelled = false;
    const deliver = (): void => {
      if (cancelled) return;
      if (this.connected(from, to) && takes()) fn();
      else this.#waiting.push(deliver);
    };
    this.clock.setTimer(this.latency + extra, deliver);
    return {
      cancel: () => {
        cancelled = true;
      },
    };
  }

  ephemeralPort(): number {
    return this.#port++;
  }
}

/** One machine on the network: a Transport whose failures can be arranged. */
export class FakeHost implements Transport {
  readonly network: FakeNetwork;
  readonly address: Address;
  readonly addresses: readonly Address[];
  readonly ends = new Set<FakeEnd>();
  /** The next so many listeners fail with this error. */
  readonly failListens: TransportError[] = [];
  /** Peers whose password the listeners of this host cannot take, and why. */
  readonly failPasswords = new Map<Address, TransportError>();
  /** Dials of this host so far. */
  dials = 0;

  constructor(network: FakeNetwork, addresses: readonly Address[]) {
    const [first] = addresses;
    if (first === undefined) throw new Error('a host needs an address');
    this.network = network;
    this.addresses = addresses;
    this.address = first;
  }

  connect(to: Endpoint, options: ConnectOptions, handlers: DialHandlers): Dial {
    this.dials++;
    const { network } = this;
    const sameFamily = (a: Address): boolean => a.includes(':') === to.address.includes(':');
    const address = options.localAddress ?? this.addresses.find(sameFamily) ?? this.address;
    const local: Endpoint = { address, port: network.ephemeralPort() };
    const target = network.listeners.get(name(to));
    let cancelled = false;
    const timer = network.carry(this, target?.host ?? this, () => {
      const listener = network.listeners.get(name(to));
      if (listener === undefined || listener.host !== target?.host) {
        // A host without a listener has no password to sign a refusal with: it answers a signed SYN with nothing.
        if (options.password !== undefined) return;
        network.clock.setTimer(network.latency, () => {
          if (!cancelled) handlers.failed(refused());
        });
        return;
      }
      const asked: Protection = listener.peers.find((p) => p.address === address) ?? {};
      if (listener.failures.some((f) => f.address === address)) return;
      if (asked.password !== options.password || !network.near(listener.host, this, options)) return;
      const [ours, theirs] = pair(
        { host: this, at: local, protection: options },
        { host: listener.host, at: to, protection: asked },
      );
      network.carry(listener.host, this, () => {
        if (cancelled) ours.destroy();
        else handlers.connected(ours);
      });
      if (network.near(this, listener.host, asked)) return listener.handlers.connection(theirs);
      listener.handlers.refused(local, to, tooFar());
      theirs.destroy();
    });
    return {
      cancel: () => {
        cancelled = true;
        timer.cancel();
      },
    };
  }

  listen(on: Endpoint, handlers: ListenHandlers): Listener {
    const key = name(on);
    const { network } = this;
    let open = true;
    const listener: FakeListener = { host: this, handlers, peers: [], failures: [] };
    network.clock.setTimer(0, () => {
      if (!open) return;
      const error = this.failListens.shift();
      if (error !== undefined) return handlers.failed(error);
      if (network.listeners.has(key)) {
        return handlers.failed(new TransportError('GRY_TCP_IN_USE', 'the port is in use'));
      }
      network.listeners.set(key, listener);
      handlers.listening();
    });
    return {
      secure: (peers) => {
        listener.peers = peers;
        listener.failures = peers.flatMap(({ address, password }) => {
          const error = password === undefined ? undefined : this.failPasswords.get(address);
          return error === undefined ? [] : [{ address, error }];
        });
        return listener.failures;
      },
      close: () => {
        open = false;
        if (network.listeners.get(key) === listener) network.listeners.delete(key);
      },
    };
  }

  /** Power off: everything of this host vanishes, and the others learn it only when they send something. */
  crash(): void {
    for (const end of this.ends) end.vanish();
    for (const [key, { host }] of this.network.listeners)
      if (host === this) this.network.listeners.delete(key);
  }
}

/** One side of a connection that begins. */
interface Side {
  readonly host: FakeHost;
  readonly at: Endpoint;
  readonly protection: Protection;
}

function pair(a: Side, b: Side): readonly [FakeEnd, FakeEnd] {
  const { clock, spread } = a.host.network;
  const extra = (): number => Math.floor(clock.random() * (spread + 1));
  const ours = new FakeEnd(a, b.at, extra());
  const theirs = new FakeEnd(b, a.at, extra());
  ours.peer = theirs;
  theirs.peer = ours;
  return [ours, theirs];
}

/** One side of a connection. */
export class FakeEnd implements Connection {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly host: FakeHost;
  peer: FakeEnd | undefined;
  #password: string | undefined;
  /** Milliseconds from here to the other side beyond those of the network. */
  readonly #extra: number;
  #handlers: ConnectionHandlers | undefined;
  #state: 'open' | 'closing' | 'closed' = 'open';
  #vanished = false;
  #paused = false;
  /** What came and was not read yet; undefined stands for the other side's end. */
  #inbox: (Uint8Array | undefined)[] = [];
  #underWay = 0;
  #blocked = false;

  constructor({ host, at, protection }: Side, remote: Endpoint, extra: number) {
    this.#extra = extra;
    this.host = host;
    this.local = at;
    this.remote = remote;
    this.#password = protection.password;
    host.ends.add(this);
  }

  start(handlers: ConnectionHandlers): void {
    this.#handlers = handlers;
    this.#read();
  }

  write(bytes: Uint8Array): boolean {
    if (this.#state !== 'open') return true;
    this.#underWay += bytes.length;
    this.#carry((peer) => peer.#arrive(bytes));
    this.#blocked = this.#underWay > WINDOW;
    return !this.#blocked;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#read();
  }

  setPassword(password: string | undefined): void {
    this.#password = password;
    this.host.network.retransmit();
  }

  close(): void {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#carry((peer) => peer.#arrive(undefined));
    if (this.#underWay === 0) this.host.network.clock.setTimer(0, () => this.#end());
  }

  destroy(): void {
    if (this.#state === 'closed') return;
    const was = this.#state;
    this.#state = 'closing';
    if (was === 'open') this.#carry((peer) => peer.#end(reset()));
    this.host.network.clock.setTimer(0, () => this.#end());
  }

  /** As if it had never been: nobody is told. */
  vanish(): void {
    this.#vanished = true;
    this.#state = 'closed';
    this.host.ends.delete(this);
  }

  /** To the other side, in order; a side that vanished answers with a reset. */
  #carry(deliver: (peer: FakeEnd) => void): void {
    const { peer, host } = this;
    if (peer === undefined) return;
    const arrived = (): void => {
      if (peer.#vanished) host.network.carry(peer.host, host, () => this.#end(reset()), this.#extra);
      else deliver(peer);
    };
    // What is sent again is signed anew, so only the passwords at the time of its arrival count.
    const takes = (): boolean => peer.#vanished || peer.#password === this.#password;
    host.network.carry(host, peer.host, arrived, this.#extra, takes);
  }

  #arrive(bytes: Uint8Array | undefined): void {
    if (this.#state === 'closed') return;
    this.#inbox.push(bytes);
    this.#read();
  }

  #read(): void {
    while (this.#handlers !== undefined && !this.#paused && this.#inbox.length > 0) {
      const bytes = this.#inbox.shift();
      if (bytes === undefined) return this.#end();
      if (this.#state === 'open') this.#handlers.data(bytes);
      if (this.peer !== undefined) this.peer.#taken(bytes.length);
    }
  }

  #taken(count: number): void {
    this.#underWay -= count;
    if (this.#state === 'closing' && this.#underWay === 0) return this.#end();
    if (!this.#blocked || this.#underWay > 0 || this.#state !== 'open') return;
    this.#blocked = false;
    this.#handlers?.drain();
  }

  #end(error?: TransportError): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.host.ends.delete(this);
    this.#handlers?.closed(error);
  }
}
