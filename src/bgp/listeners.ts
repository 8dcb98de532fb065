import { type Address, familyOf, isUnspecified } from '../net/address.ts';
import { equal } from '../net/equal.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Problem } from '../ports/problem.ts';
import type {
  Connection,
  Endpoint,
  Listener,
  ProtectedPeer,
  ProtectionFailure,
  Transport,
  TransportError,
} from './transport.ts';

/** Milliseconds until a listener that failed is tried again. */
const RETRY = 5_000;

interface Entry {
  readonly on: Endpoint;
  listener: Listener | undefined;
  retry: Timer | undefined;
  error: TransportError | undefined;
  /** Peers that cannot be protected here. */
  failures: readonly ProtectionFailure[];
}

/** What the listeners must know of a peer. */
export interface ListenedPeer extends ProtectedPeer {
  /** Our address for it; absent: any. */
  readonly localAddress?: Address;
}

export interface ListenersOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly log: Log;
  readonly onConnection: (connection: Connection) => void;
  /** A peer's connection did not satisfy what protects it. */
  readonly onRefused: (remote: Endpoint, local: Endpoint, error: TransportError) => void;
  /** `problems()` changed. */
  readonly onChange: () => void;
}

/** Keeps the configured listeners open; one that cannot be is tried again for ever and told as a problem meanwhile. */
export class Listeners {
  readonly #options: ListenersOptions;
  readonly #entries = new Map<string, Entry>();
  #peers: readonly ListenedPeer[] = [];

  constructor(options: ListenersOptions) {
    this.#options = options;
  }

  /** Opens and closes what differs; those that stay open learn what their peers are protected by. */
  set(wanted: readonly Endpoint[], peers: readonly ListenedPeer[]): void {
    this.#peers = peers;
    const keys = new Set(wanted.map(format));
    for (const [key, entry] of this.#entries) {
      if (keys.has(key)) continue;
      entry.retry?.cancel();
      entry.listener?.close();
      this.#entries.delete(key);
      if (entry.error !== undefined || entry.failures.length > 0) this.#options.onChange();
    }
    for (const entry of this.#entries.values()) this.#secure(entry);
    for (const on of wanted) {
      if (this.#entries.has(format(on))) continue;
      const entry: Entry = { on, listener: undefined, retry: undefined, error: undefined, failures: [] };
      this.#entries.set(format(on), entry);
      this.#open(entry);
    }
  }

  problems(): readonly Problem[] {
    return [...this.#entries.values()].flatMap(({ on, error, failures }) => [
      ...(error === undefined ? [] : [listenProblem(on, error)]),
      ...failures.map((failure) => protectionProblem(on, failure)),
    ]);
  }

  #open(entry: Entry): void {
    const { transport, clock, log, onConnection, onRefused, onChange } = this.#options;
    const fields = { address: entry.on.address, port: entry.on.port };
    entry.retry = undefined;
    entry.listener = transport.listen(entry.on, {
      connection: onConnection,
      refused: onRefused,
      listening: () => {
        log.debug('listening', fields);
        if (entry.error === undefined) return;
        entry.error = undefined;
        onChange();
      },
      failed: (error) => {
        if (entry.error === undefined) log.warn('cannot listen', { ...fields, reason: error.message });
        const changed = entry.error?.code !== error.code;
        entry.error = error;
        entry.listener = undefined;
        entry.retry?.cancel();
        entry.retry = clock.setTimer(RETRY, () => this.#open(entry));
        if (changed) onChange();
      },
    });
    this.#secure(entry);
  }

  #secure(entry: Entry): void {
    const { on, listener, failures } = entry;
    if (listener === undefined) return;
    entry.retry?.cancel();
    entry.failures = listener.secure(protectedPeers(this.#peers, on));
    if (entry.failures.length > 0)
      entry.retry = this.#options.clock.setTimer(RETRY, () => this.#secure(entry));
    if (equal(entry.failures.map(reasonOf), failures.map(reasonOf))) return;
    for (const { address, error } of entry.failures)
      this.#options.log.warn('cannot protect a peer', { peer: address, reason: error.message });
    this.#options.onChange();
  }
}

/** Those that may connect to the listener and are to be protected. Of several with one address the one that names ours counts. */
function protectedPeers(peers: readonly ListenedPeer[], on: Endpoint): readonly ProtectedPeer[] {
  const byAddress = new Map<Address, ListenedPeer>();
  for (const peer of peers) {
    const { address, localAddress } = peer;
    if (familyOf(address) !== familyOf(on.address)) continue;
    if (localAddress === undefined && byAddress.has(address)) continue;
    if (localAddress === undefined || isUnspecified(on.address) || localAddress === on.address)
      byAddress.set(address, peer);
  }
  return [...byAddress.values()].filter((p) => p.password !== undefined || p.ttlSecurity !== undefined);
}

const reasonOf = ({ address, error }: ProtectionFailure): readonly string[] => [address, error.code];

const format = ({ address, port }: Endpoint): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

/** What to do about an error, by its code. */
const REMEDIES: Readonly<Record<string, (on: Endpoint) => string>> = {
  GRY_TCP_IN_USE: ({ port }) =>
    `find the other BGP daemon on this node with "ss -ltnp sport = :${port}" and stop it, or choose another port with --bgp-port`,
  GRY_TCP_NOT_PERMITTED: () =>
    'give the agent the capability NET_BIND_SERVICE, or choose a port above 1023 with --bgp-port',
  GRY_TCP_NO_ADDRESS: ({ address }) =>
    `add ${address} to an interface of this node, or correct the node's address annotation`,
};

function listenProblem(on: Endpoint, error: TransportError): Problem {
  return {
    code: 'GRY_BGP_LISTEN',
    severity: 'error',
    subject: `BGP listener ${format(on)}`,
    message: `Cannot listen on ${format(on)}: ${error.message}; peers cannot connect to us, we still connect to them.`,
    remedy: REMEDIES[error.code]?.(on) ?? 'see the reason; the listener is tried again every few seconds',
  };
}

function protectionProblem(on: Endpoint, { address, error }: ProtectionFailure): Problem {
  return {
    code: 'GRY_BGP_PASSWORD',
    severity: 'error',
    subject: `BGP listener ${format(on)}`,
    message: `Cannot ask ${address} for its password: ${error.message}; it cannot connect to us.`,
    remedy: error.remedy ?? 'see the reason; it is tried again every few seconds',
  };
}
