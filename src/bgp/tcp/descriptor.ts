import { Socket } from 'node:net';
import { familyOf } from '../../net/address.ts';
import {
  bindSocket,
  closeDescriptor,
  openSocket,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
  setSocketOption,
} from '../../netlink/socket.ts';
import type { Endpoint } from '../transport.ts';
import { encodeSockaddr, socketFamily } from './sockaddr.ts';
import { sendFullTtl } from './ttl.ts';

const SO_REUSEADDR = 2;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;

/**
 * A TCP socket for one end of a connection or for listening, and what `prepare` makes of it before anything is sent. Closed
 * when that throws. All of them send with TTL 255: a listening socket answers before it is known who calls, and a peer that
 * checks must not depend on our checking too.
 */
export function openTcp(on: Pick<Endpoint, 'address'>, prepare: (fd: number) => void): number {
  const family = familyOf(on.address);
  const fd = openSocket(socketFamily(family), SOCK_STREAM | SOCK_NONBLOCK, 0);
  try {
    sendFullTtl(fd, family);
    prepare(fd);
  } catch (error) {
    closeDescriptor(fd);
    throw error;
  }
  return fd;
}

/** Binds to the address, also while connections of an earlier run with it linger; an IPv6 socket takes IPv6 only. */
export function bindTcp(fd: number, on: Endpoint): void {
  setSocketOption(fd, SOL_SOCKET, SO_REUSEADDR, 1, 'SO_REUSEADDR');
  // IPv4 peers have their own listener and their own form of address.
  if (familyOf(on.address) === 6) setSocketOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1, 'IPV6_V6ONLY');
  bindSocket(fd, encodeSockaddr(on));
}

/** Gives a descriptor to node:net, which closes it from now on. Nothing is read in this turn. */
export function streamOf(fd: number): Socket {
  try {
    const socket = new Socket({ fd, readable: true, writable: true });
    socket.setNoDelay(true);
    return socket;
  } catch (error) {
    closeDescriptor(fd);
    throw error;
  }
}
