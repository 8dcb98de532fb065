import { connect, createServer, type Socket } from 'node:net';
import { type Address, parseAddress } from '../net/address.ts';
import {
  type Connection,
  type ConnectionHandlers,
  type Dial,
  type DialHandlers,
  type Endpoint,
  type Listener,
  type ListenHandlers,
  type Transport,
  TransportError,
} from './transport.ts';

/** Real TCP, by node:net. */
export class TcpTransport implements Transport {
  connect(to: Endpoint, options: { readonly localAddress?: Address }, handlers: DialHandlers): Dial {
    return dial(to, options, handlers);
  }

  listen(on: Endpoint, handlers: ListenHandlers): Listener {
    return listen(on, handlers);
  }
}

/** Connections that the kernel may hold for us until we accept them: a whole cluster coming back at once. */
const BACKLOG = 511;

function dial(
  to: Endpoint,
  { localAddress }: { readonly localAddress?: Address },
  handlers: DialHandlers,
): Dial {
  const socket = connect({
    host: to.address,
    port: to.port,
    noDelay: true,
    ...(localAddress !== undefined && { localAddress }),
  });
  let pending = true;
  const settle = (tell: () => void): void => {
    if (!pending) return;
    pending = false;
    tell();
  };
  socket.once('connect', () => settle(() => handlers.connected(new TcpConnection(socket))));
  socket.on('error', (error) => settle(() => handlers.failed(transportError(error))));
  return { cancel: () => settle(() => void socket.destroy()) };
}

function listen(on: Endpoint, handlers: ListenHandlers): Listener {
  const server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
    handlers.connection(new TcpConnection(socket));
  });
  server.once('error', (error) => handlers.failed(transportError(error)));
  // An IPv6 socket takes IPv6 only: IPv4 peers have their own listener and their own form of address.
  server.listen({ host: on.address, port: on.port, ipv6Only: true, exclusive: true, backlog: BACKLOG }, () =>
    handlers.listening(),
  );
  return {
    close: () => {
      server.removeAllListeners('error');
      // What fails while closing harms nobody: the listener is gone either way.
      server.on('error', () => {});
      server.close();
    },
  };
}

class TcpConnection implements Connection {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly #socket: Socket;
  #error: TransportError | undefined;
  #closing = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.local = endpoint(socket.localAddress, socket.localPort);
    this.remote = endpoint(socket.remoteAddress, socket.remotePort);
    socket.on('error', (error) => {
      this.#error ??= transportError(error);
    });
  }

  start(handlers: ConnectionHandlers): void {
    const socket = this.#socket;
    socket.on('data', (bytes) => {
      if (!this.#closing) handlers.data(bytes);
    });
    socket.on('drain', () => handlers.drain());
    socket.once('close', () => handlers.closed(this.#error));
    socket.resume();
  }

  write(bytes: Uint8Array): boolean {
    return this.#socket.write(bytes);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#closing = true;
    // Unread input would turn our orderly end into a reset, and the peer would never see our last message.
    this.#socket.resume();
    this.#socket.end();
  }

  destroy(): void {
    this.#closing = true;
    this.#socket.destroy();
  }
}

/** Zones are cut off: link-local peers are told apart by their address alone. */
function endpoint(text: string | undefined, port: number | undefined): Endpoint {
  const address = parseAddress((text ?? '').replace(/%.*$/, ''));
  // A socket that broke before it was looked at has no address: such a connection matches no peer.
  return { address: address ?? ('' as Address), port: port ?? 0 };
}

/** The errors that people meet, by errno name. */
const REASONS: ReadonlyMap<string, readonly [code: string, reason: string]> = new Map([
  ['ECONNREFUSED', ['GRY_TCP_REFUSED', 'connection refused']],
  ['ECONNRESET', ['GRY_TCP_RESET', 'connection reset by the peer']],
  ['EPIPE', ['GRY_TCP_RESET', 'connection closed by the peer']],
  ['ETIMEDOUT', ['GRY_TCP_TIMEOUT', 'connection timed out']],
  ['EHOSTUNREACH', ['GRY_TCP_UNREACHABLE', 'no route to host']],
  ['ENETUNREACH', ['GRY_TCP_UNREACHABLE', 'network is unreachable']],
  ['ENETDOWN', ['GRY_TCP_UNREACHABLE', 'the network interface is down']],
  ['EADDRNOTAVAIL', ['GRY_TCP_NO_ADDRESS', 'the local address is not on this node']],
  ['EADDRINUSE', ['GRY_TCP_IN_USE', 'the port is in use']],
  ['EACCES', ['GRY_TCP_NOT_PERMITTED', 'not permitted']],
  ['EPERM', ['GRY_TCP_NOT_PERMITTED', 'not permitted']],
]);

function transportError(error: Error & { readonly code?: string }): TransportError {
  const [code, reason] = REASONS.get(error.code ?? '') ?? ['GRY_TCP_FAILED', error.message];
  return new TransportError(code, reason, { cause: error });
}
