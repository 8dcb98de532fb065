import type { Address } from '../net/address.ts';
import { GryphonError } from '../ports/error.ts';

export interface Endpoint {
  readonly address: Address;
  readonly port: number;
}

/** What protects a peer's connections from everybody else. */
export interface Protection {
  /** TCP-MD5 (RFC 2385), 1 to 80 octets of UTF-8; absent: segments are not signed, and signed ones are dropped. Secret. */
  readonly password?: string;
  /** TTL security (RFC 5082): segments from more hops away are dropped, 1 to 254; absent: none are. */
  readonly ttlSecurity?: number;
}

/** What connections of the peer with this address must satisfy. */
export interface ProtectedPeer extends Protection {
  readonly address: Address;
}

/** What a connection tells its owner. After `closed` nothing else comes; it comes exactly once, whoever closed. */
export interface ConnectionHandlers {
  /** Bytes as they arrived; the callee may keep them. */
  data(bytes: Uint8Array): void;
  /** After a `write` that returned false: everything queued has been handed to the kernel. */
  drain(): void;
  /** The error when the connection broke, nothing when one of the sides closed it properly. */
  closed(error?: TransportError): void;
}

/** An established TCP connection. */
export interface Connection {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** Starts the flow of data; until then nothing is read. */
  start(handlers: ConnectionHandlers): void;
  /** Queues bytes, which must not change afterwards. False: enough is queued, write no more before `drain`. */
  write(bytes: Uint8Array): boolean;
  /** Stops reading, so that TCP holds the other side back; `resume` goes on. */
  pause(): void;
  resume(): void;
  /**
   * From now on segments are signed, and must be, with another password, or none: what was signed with the former one is dropped
   * and sent again by TCP, so that the connection lives when the other side changes soon. One that cannot be changed breaks.
   */
  setPassword(password: string | undefined): void;
  /** Sends what is queued, then closes; takes as long as the other side likes, so its owner may `destroy` it later. */
  close(): void;
  /** Closes at once and drops what is queued. */
  destroy(): void;
}

/** An attempt to connect, until one of its callbacks was called. */
export interface Dial {
  /** Gives up; no callback comes any more. */
  cancel(): void;
}

export interface DialHandlers {
  connected(connection: Connection): void;
  failed(error: TransportError): void;
}

export interface ConnectOptions extends Protection {
  /** Source address; absent: the kernel chooses. */
  readonly localAddress?: Address;
}

/** A peer whose password cannot be set on a listener: its connections are refused. */
export interface ProtectionFailure {
  readonly address: Address;
  readonly error: TransportError;
}

export interface Listener {
  /**
   * What is asked of whom from now on; everybody else is asked for nothing. Declarative: the same value twice changes nothing.
   * Established connections stay as they are. Gives the peers that cannot be protected; those of a listener that failed are none.
   */
  secure(peers: readonly ProtectedPeer[]): readonly ProtectionFailure[];
  close(): void;
}

export interface ListenHandlers {
  listening(): void;
  /** The owner starts or destroys it in the same turn. */
  connection(connection: Connection): void;
  /** A peer's connection was not let in, because of what protects it. */
  refused(remote: Endpoint, local: Endpoint, error: TransportError): void;
  /** The listener does not work (any more); nothing else comes. */
  failed(error: TransportError): void;
}

/** Port: TCP as the speaker needs it. Real: `tcp/`; simulated: `test/support/fake-network.ts`. Callbacks never come in the calling turn. */
export interface Transport {
  connect(to: Endpoint, options: ConnectOptions, handlers: DialHandlers): Dial;
  listen(on: Endpoint, handlers: ListenHandlers): Listener;
}

/** `GRY_TCP_…`; the message is the reason alone (`connection refused`), because who and where is known to the caller. */
export class TransportError extends GryphonError {}
