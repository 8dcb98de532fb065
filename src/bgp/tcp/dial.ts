import { familyOf } from '../../net/address.ts';
import { setSocketOption } from '../../netlink/socket.ts';
import type { ConnectOptions, Dial, DialHandlers, Endpoint, TransportError } from '../transport.ts';
import { TcpConnection } from './connection.ts';
import { bindTcp, openTcp, streamOf } from './descriptor.ts';
import { transportError } from './error.ts';
import { setMd5Key } from './md5-key.ts';
import { requireTtl } from './ttl.ts';

const IPPROTO_IP = 0;
const IP_BIND_ADDRESS_NO_PORT = 24;

/** Connects with everything that must be set before the first SYN leaves. */
export function dial(to: Endpoint, options: ConnectOptions, handlers: DialHandlers): Dial {
  try {
    return connect(to, options, handlers);
  } catch (error) {
    return fail(transportError(error), handlers);
  }
}

function connect(to: Endpoint, options: ConnectOptions, handlers: DialHandlers): Dial {
  const fd = openTcp(to, (opened) => prepare(opened, to, options));
  const socket = streamOf(fd);
  let pending = true;
  const settle = (tell: () => void): void => {
    if (!pending) return;
    pending = false;
    tell();
  };
  socket.once('connect', () => settle(() => handlers.connected(new TcpConnection(fd, socket, to))));
  socket.on('error', (error) => settle(() => handlers.failed(transportError(error))));
  // In the turn in which it was made: the event loop must not see a socket that is neither connected nor connecting.
  socket.connect({ host: to.address, port: to.port });
  return { cancel: () => settle(() => void socket.destroy()) };
}

function prepare(fd: number, to: Endpoint, { localAddress, password, ttlSecurity }: ConnectOptions): void {
  if (password !== undefined) setMd5Key(fd, to.address, password);
  if (ttlSecurity !== undefined) requireTtl(fd, familyOf(to.address), ttlSecurity);
  if (localAddress === undefined) return;
  // The port is chosen when it is known to whom, so that a thousand peers do not use up a thousand of them.
  setSocketOption(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1, 'IP_BIND_ADDRESS_NO_PORT');
  bindTcp(fd, { address: localAddress, port: 0 });
}

/** Tells in a later turn, as every failure is told. */
function fail(error: TransportError, handlers: DialHandlers): Dial {
  const told = setImmediate(() => handlers.failed(error));
  return { cancel: () => clearImmediate(told) };
}
