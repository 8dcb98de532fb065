import type { Socket } from 'node:net';
import { socketName } from '../../netlink/socket.ts';
import type { Connection, ConnectionHandlers, Endpoint, TransportError } from '../transport.ts';
import { transportError } from './error.ts';
import { setMd5Key } from './md5-key.ts';
import { decodeSockaddr } from './sockaddr.ts';

/** An established connection: node:net moves the bytes, its options are set on the descriptor. */
export class TcpConnection implements Connection {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly #fd: number;
  readonly #socket: Socket;
  #error: TransportError | undefined;
  #closing = false;

  /** `fd` is what `socket` was made of. @throws SystemError */
  constructor(fd: number, socket: Socket, remote: Endpoint) {
    this.#fd = fd;
    this.#socket = socket;
    this.local = decodeSockaddr(socketName(fd));
    this.remote = remote;
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

  setPassword(password: string | undefined): void {
    // From its destruction on the number of the descriptor may belong to somebody else.
    if (this.#socket.destroyed) return;
    try {
      setMd5Key(this.#fd, this.remote.address, password);
    } catch (error) {
      this.#socket.destroy(transportError(error));
    }
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
