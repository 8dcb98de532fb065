/**
 * The one unsafe module: about a dozen functions of libc through koffi. A wrong length here corrupts the agent's memory, so
 * every function takes whole typed arrays, checks lengths itself and hands out no pointer. Everything above deals in records.
 */
import { closeSync } from 'node:fs';
import koffi from 'koffi';
import { ERRNO } from './errno.ts';
import { SystemError } from './error.ts';

const libc = koffi.load(null);
const socketFilter = koffi.struct('sock_fprog', { len: 'uint16_t', filter: 'const void *' });
const c = {
  socket: libc.func('int socket(int, int, int)'),
  bind: libc.func('int bind(int, const void *, unsigned int)'),
  listen: libc.func('int listen(int, int)'),
  accept4: libc.func('int accept4(int, void *, void *, int)'),
  getsockname: libc.func('int getsockname(int, void *, void *)'),
  setsockopt: libc.func('int setsockopt(int, int, int, const void *, unsigned int)'),
  attachFilter: libc.func('setsockopt', 'int', [
    'int',
    'int',
    'int',
    koffi.pointer(socketFilter),
    'unsigned int',
  ]),
  getsockopt: libc.func('int getsockopt(int, int, int, void *, void *)'),
  send: libc.func('long send(int, const void *, size_t, int)'),
  recv: libc.func('long recv(int, void *, size_t, int)'),
  setns: libc.func('int setns(int, int)'),
  ioctl: libc.func('int ioctl(int, unsigned long, void *)'),
};
const mallocTrim = optional('int malloc_trim(size_t)');

/** Of glibc only. */
function optional(prototype: string): ReturnType<typeof libc.func> | undefined {
  try {
    return libc.func(prototype);
  } catch {
    return undefined;
  }
}

/**
 * Gives the kernel back what was freed. glibc keeps it where something above it is still in use, and compilers leave tens of
 * megabytes so. Takes a few milliseconds; does nothing with other libraries than glibc.
 */
export const releaseMemory = (): void => {
  mallocTrim?.(0);
};

/** Numbers of the socket interface, equal on x86-64 and arm64. */
export const AF_NETLINK = 16;
export const AF_INET = 2;
export const AF_INET6 = 10;
export const SOCK_STREAM = 1;
export const SOCK_RAW = 3;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;
export const SOL_SOCKET = 1;
export const CLONE_NEWNET = 0x40000000;
/** sizeof(struct sockaddr_storage): any address of a socket fits. */
const SOCKADDR_LENGTH = 128;
const SO_ATTACH_FILTER = 26;
const SOCK_FILTER_LENGTH = 8;
const MSG_DONTWAIT = 0x40;
const MSG_TRUNC = 0x20;
const NS_GET_NSTYPE = 0xb703;
const SO_BINDTODEVICE = 25;
const SO_BINDTOIFINDEX = 62;
/** No name: bound to no link. */
const NOWHERE = new Uint8Array(1);
/** Octets that the name of a link has room for, its final zero among them. */
const IFNAMSIZ = 16;

function check(result: number, what: string): number {
  if (result < 0) throw new SystemError(what, koffi.errno());
  return result;
}

/** A new socket, close-on-exec. @throws SystemError */
export function openSocket(domain: number, type: number, protocol: number): number {
  return check(c.socket(domain, type | SOCK_CLOEXEC, protocol), 'socket');
}

/** Closes a descriptor that this module or `openSync` made. */
export function closeDescriptor(fd: number): void {
  closeSync(fd);
}

/** Binds to a struct sockaddr in its kernel form. @throws SystemError */
export function bindSocket(fd: number, address: Uint8Array, what = 'bind'): void {
  check(c.bind(fd, address, address.length), what);
}

/** The local address of a socket as struct sockaddr. @throws SystemError */
export function socketName(fd: number): Uint8Array {
  const name = new Uint8Array(SOCKADDR_LENGTH);
  const length = Uint32Array.of(name.length);
  check(c.getsockname(fd, name, length), 'getsockname');
  return name.subarray(0, length[0]);
}

/** Lets connections come; the kernel keeps at most `backlog` of them until they are accepted. @throws SystemError */
export function listenSocket(fd: number, backlog: number): void {
  check(c.listen(fd, backlog), 'listen');
}

/**
 * The next connection that waits at a non-blocking listening socket, itself non-blocking and close-on-exec, and the address of
 * the other side as struct sockaddr; undefined when none waits. @throws SystemError
 */
export function acceptSocket(fd: number): { readonly fd: number; readonly name: Uint8Array } | undefined {
  const name = new Uint8Array(SOCKADDR_LENGTH);
  for (;;) {
    const length = Uint32Array.of(name.length);
    const accepted = c.accept4(fd, name, length, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (accepted >= 0) return { fd: accepted, name: name.subarray(0, length[0]) };
    const errno = koffi.errno();
    if (errno === ERRNO.EAGAIN) return undefined;
    // Connections that were gone before we came to them are nobody's failure.
    if (errno !== ERRNO.EINTR && errno !== ERRNO.ECONNABORTED) throw new SystemError('accept', errno);
  }
}

/** An option's value, at most `length` bytes of it. @throws SystemError with `what` */
export function socketOption(
  fd: number,
  level: number,
  option: number,
  length: number,
  what: string,
): Uint8Array {
  const value = new Uint8Array(length);
  const size = Uint32Array.of(length);
  check(c.getsockopt(fd, level, option, value, size), what);
  return value.subarray(0, size[0]);
}

/** A number is sent as int. @throws SystemError with `what` */
export function setSocketOption(
  fd: number,
  level: number,
  option: number,
  value: number | Uint8Array,
  what: string,
): void {
  const bytes = typeof value === 'number' ? Int32Array.of(value) : value;
  check(c.setsockopt(fd, level, option, bytes, bytes.byteLength), what);
}

/** A classic BPF program, as struct sock_filter after struct sock_filter, decides what the socket receives. @throws SystemError */
export function attachSocketFilter(fd: number, filter: Uint8Array): void {
  const program = { len: filter.length / SOCK_FILTER_LENGTH, filter };
  check(
    c.attachFilter(fd, SOL_SOCKET, SO_ATTACH_FILTER, program, koffi.sizeof(socketFilter)),
    'SO_ATTACH_FILTER',
  );
}

/** Sends all of `bytes` on this thread. @throws SystemError */
export function sendSync(fd: number, bytes: Uint8Array): void {
  for (;;) {
    const sent = c.send(fd, bytes, bytes.length, 0);
    if (sent === bytes.length) return;
    const errno = koffi.errno();
    if (sent >= 0) throw new SystemError(`send took ${sent} of ${bytes.length} bytes`, ERRNO.EMSGSIZE);
    if (errno !== ERRNO.EINTR) throw new SystemError('send', errno);
  }
}

/**
 * Sends all of `bytes` on a thread of libuv's pool: the kernel carries rtnetlink requests out within send. `bytes` must not be
 * touched until it settles. @throws SystemError
 */
export function sendAsync(fd: number, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    c.send.async(fd, bytes, bytes.length, 0, (error: Error | null, sent: number) => {
      if (error !== null) reject(error);
      else if (sent === bytes.length) resolve();
      // errno of the other thread is restored by koffi for the callback.
      else reject(new SystemError('send', koffi.errno()));
    });
  });
}

/**
 * One datagram into `buffer`: its length, or undefined when none is waiting. Never blocks.
 *
 * @throws SystemError ENOBUFS when datagrams were dropped, EMSGSIZE when this one is longer than the buffer
 */
export function receive(fd: number, buffer: Uint8Array): number | undefined {
  for (;;) {
    const length = c.recv(fd, buffer, buffer.length, MSG_DONTWAIT | MSG_TRUNC);
    if (length > buffer.length)
      throw new SystemError(
        `received ${length} bytes, the buffer has room for ${buffer.length}`,
        ERRNO.EMSGSIZE,
      );
    if (length >= 0) return length;
    const errno = koffi.errno();
    if (errno === ERRNO.EAGAIN) return undefined;
    if (errno !== ERRNO.EINTR) throw new SystemError('recv', errno);
  }
}

/** A watch for readability on the event loop that does not keep the process alive. */
export interface ReadableWatch {
  close(): void;
}

/**
 * Calls `onReadable` in the event loop as long as something waits at the descriptor, be it an error. Close it before the
 * descriptor.
 *
 * libuv gives a descriptor up when it shows an error, as a netlink socket does after an overrun; the watch is then made anew.
 */
export function watchReadable(fd: number, onReadable: () => void): ReadableWatch {
  let handle: ReturnType<typeof koffi.node.poll> | undefined;
  const start = (): void => {
    // koffi 3.3 calls back with libuv's status first, unlike its declaration.
    const callback = (status: unknown): void => {
      onReadable();
      if (handle === undefined || typeof status !== 'number' || status >= 0) return;
      handle.close();
      start();
    };
    handle = koffi.node.poll(fd, { readable: true }, callback);
    handle.unref();
  };
  const close = (): void => {
    handle?.close();
    handle = undefined;
  };
  start();
  return { close };
}

/** Moves this thread into a network namespace. @throws SystemError */
export function enterNetworkNamespace(fd: number): void {
  check(c.setns(fd, CLONE_NEWNET), 'setns');
}

/**
 * Index of the link of that name, or of that further name, in the namespace of a socket; undefined: there is none. By binding the socket to
 * it for a moment: netlink would wait for the lock of the kernel's network configuration, and SIOCGIFINDEX runs modprobe for a name that
 * is not there (dev_load). A name of more than 15 octets is nobody's here. @throws SystemError
 */
export function linkIndex(fd: number, name: string): number | undefined {
  const octets = new TextEncoder().encode(name);
  // The kernel would cut it off.
  if (octets.length === 0 || octets.length >= IFNAMSIZ) return undefined;
  if (c.setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, octets, octets.length) < 0) {
    const errno = koffi.errno();
    if (errno === ERRNO.ENODEV) return undefined;
    throw new SystemError('SO_BINDTODEVICE', errno);
  }
  const index = socketOption(fd, SOL_SOCKET, SO_BINDTOIFINDEX, 4, 'SO_BINDTOIFINDEX');
  setSocketOption(fd, SOL_SOCKET, SO_BINDTODEVICE, NOWHERE, 'SO_BINDTODEVICE');
  return new DataView(index.buffer, index.byteOffset).getInt32(0, true);
}

/** CLONE_NEW* of the namespace that a descriptor refers to; undefined when it refers to none. */
export function namespaceType(fd: number): number | undefined {
  const type = c.ioctl(fd, NS_GET_NSTYPE, null);
  return type < 0 ? undefined : type;
}
