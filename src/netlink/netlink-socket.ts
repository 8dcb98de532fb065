import { ERRNO } from './errno.ts';
import { SystemError } from './error.ts';
import {
  AF_NETLINK,
  attachSocketFilter,
  bindSocket,
  closeDescriptor,
  linkIndex,
  openSocket,
  receive,
  SOCK_RAW,
  SOL_SOCKET,
  sendAsync,
  sendSync,
  setSocketOption,
  socketName,
} from './socket.ts';
import { portFilter } from './wire/port-filter.ts';

const NETLINK_ROUTE = 0;
export const NETLINK_NETFILTER = 12;
const SOL_NETLINK = 270;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const NETLINK_GET_STRICT_CHK = 12;
const SO_SNDBUF = 7;
const SO_RCVBUF = 8;
const SO_SNDBUFFORCE = 32;
const SO_RCVBUFFORCE = 33;

const BUFFER = 8 * 1024 * 1024;

/** Longest datagram: the kernel caps those of a dump at 32 KiB, unless one message alone is longer. */
export const DATAGRAM_LENGTH = 128 * 1024;

export interface NetlinkSocketOptions {
  /** NETLINK_*; rtnetlink. */
  readonly protocol?: number;
  /** RTMGRP_* bits to listen to; none. */
  readonly groups?: number;
  /** Bytes of the receive buffer; 8 MiB. */
  readonly buffer?: number;
  /** For so few requests that the usual buffers are enough. */
  readonly brief?: boolean;
  /** Sockets whose doings this one is not told. */
  readonly ignorePorts?: readonly number[];
}

/** A bound netlink socket in the namespace in which it was opened, wherever it is used later. */
export class NetlinkSocket implements Disposable {
  readonly #fd: number;
  /** False: we may not raise buffers above the system's limit, and so lack CAP_NET_ADMIN. Not looked at for a brief socket. */
  readonly privileged: boolean;
  #closed = false;

  /** @throws SystemError */
  constructor(options: NetlinkSocketOptions = {}) {
    const fd = openSocket(AF_NETLINK, SOCK_RAW, options.protocol ?? NETLINK_ROUTE);
    this.#fd = fd;
    try {
      setSocketOption(fd, SOL_NETLINK, NETLINK_CAP_ACK, 1, 'NETLINK_CAP_ACK');
      setSocketOption(fd, SOL_NETLINK, NETLINK_EXT_ACK, 1, 'NETLINK_EXT_ACK');
      setSocketOption(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1, 'NETLINK_GET_STRICT_CHK');
      this.privileged = options.brief === true || raiseBuffers(fd, options.buffer ?? BUFFER);
      const { ignorePorts = [] } = options;
      if (ignorePorts.length > 0) attachSocketFilter(fd, portFilter(ignorePorts));
      bindSocket(fd, socketAddress(options.groups ?? 0), 'bind of a netlink socket');
    } catch (error) {
      closeDescriptor(fd);
      throw error;
    }
  }

  get fd(): number {
    return this.#fd;
  }

  /** The kernel's name for this socket (nlmsg_pid): events that our own requests cause carry it. */
  get port(): number {
    const name = socketName(this.#fd);
    return new DataView(name.buffer, name.byteOffset, name.byteLength).getUint32(4, true);
  }

  /** Index of a link of the namespace in which the socket was opened; undefined: it has none of that name. */
  linkIndex(name: string): number | undefined {
    return linkIndex(this.#fd, name);
  }

  /** @throws SystemError */
  send(messages: Uint8Array): void {
    sendSync(this.#fd, messages);
  }

  /** On another thread; `messages` must stay as they are meanwhile. @throws SystemError */
  sendAsync(messages: Uint8Array): Promise<void> {
    return sendAsync(this.#fd, messages);
  }

  /** The length of one datagram, now in `buffer`; undefined when none waits. @throws SystemError, ENOBUFS when some were lost */
  receive(buffer: Uint8Array): number | undefined {
    return receive(this.#fd, buffer);
  }

  /** Throws away whatever waits. */
  discard(buffer: Uint8Array): void {
    for (;;) {
      try {
        if (this.receive(buffer) === undefined) return;
      } catch (error) {
        if (!(error instanceof SystemError) || error.errno !== ERRNO.ENOBUFS) throw error;
      }
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeDescriptor(this.#fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** struct sockaddr_nl: family, padding, port 0 (the kernel chooses), groups. */
function socketAddress(groups: number): Uint8Array {
  const address = new DataView(new ArrayBuffer(12));
  address.setUint16(0, AF_NETLINK, true);
  address.setUint32(8, groups, true);
  return new Uint8Array(address.buffer);
}

/** Above net.core.rmem_max when we may, up to it otherwise. */
function raiseBuffers(fd: number, receive: number): boolean {
  try {
    setSocketOption(fd, SOL_SOCKET, SO_RCVBUFFORCE, receive, 'SO_RCVBUFFORCE');
    setSocketOption(fd, SOL_SOCKET, SO_SNDBUFFORCE, BUFFER, 'SO_SNDBUFFORCE');
    return true;
  } catch (error) {
    if (!(error instanceof SystemError) || error.errno !== ERRNO.EPERM) throw error;
    setSocketOption(fd, SOL_SOCKET, SO_RCVBUF, receive, 'SO_RCVBUF');
    setSocketOption(fd, SOL_SOCKET, SO_SNDBUF, BUFFER, 'SO_SNDBUF');
    return false;
  }
}
