import type { Clock, Timer } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Problem } from '../ports/problem.ts';
import type { Connection, Endpoint, Listener, Transport, TransportError } from './transport.ts';

/** Milliseconds until a listener that failed is tried again. */
const RETRY = 5_000;

interface Entry {
  readonly on: Endpoint;
  listener: Listener | undefined;
  retry: Timer | undefined;
  error: TransportError | undefined;
}

export interface ListenersOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly log: Log;
  readonly onConnection: (connection: Connection) => void;
  /** `problems()` changed. */
  readonly onChange: () => void;
}

/** Keeps the configured listeners open; one that cannot be is tried again for ever and told as a problem meanwhile. */
export class Listeners {
  readonly #options: ListenersOptions;
  readonly #entries = new Map<string, Entry>();

  constructor(options: ListenersOptions) {
    this.#options = options;
  }

  /** Opens and closes what differs. */
  set(wanted: readonly Endpoint[]): void {
    const keys = new Set(wanted.map(format));
    for (const [key, entry] of this.#entries) {
      if (keys.has(key)) continue;
      entry.retry?.cancel();
      entry.listener?.close();
      this.#entries.delete(key);
      if (entry.error !== undefined) this.#options.onChange();
    }
    for (const on of wanted) {
      if (this.#entries.has(format(on))) continue;
      const entry: Entry = { on, listener: undefined, retry: undefined, error: undefined };
      this.#entries.set(format(on), entry);
      this.#open(entry);
    }
  }

  problems(): readonly Problem[] {
    return [...this.#entries.values()].flatMap(({ on, error }) =>
      error === undefined ? [] : [listenProblem(on, error)],
    );
  }

  #open(entry: Entry): void {
    const { transport, clock, log, onConnection, onChange } = this.#options;
    const fields = { address: entry.on.address, port: entry.on.port };
    entry.retry = undefined;
    entry.listener = transport.listen(entry.on, {
      connection: onConnection,
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
        entry.retry = clock.setTimer(RETRY, () => this.#open(entry));
        if (changed) onChange();
      },
    });
  }
}

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
