import { access, closeSync, constants, fstatSync, openSync } from 'node:fs';
import { GryphonError } from '../ports/error.ts';
import { CLONE_NEWNET, enterNetworkNamespace, namespaceType } from './socket.ts';

/**
 * A path that is no network namespace (`GRY_NETNS_INVALID`), is gone (`GRY_NETNS_MISSING`), or a function that would have gone on
 * outside of it (`GRY_NETNS_ASYNC`).
 */
export class NetnsError extends GryphonError {}

const OWN_NAMESPACE = '/proc/thread-self/ns/net';

/** An open network namespace: it lives at least as long as this descriptor. */
export interface NetworkNamespace extends Disposable {
  readonly fd: number;
  close(): void;
}

/**
 * Opens `/var/run/netns/x`, `/proc/1234/ns/net` and the like, and makes sure that it is a network namespace.
 *
 * @throws NetnsError
 */
export function openNetns(path: string): NetworkNamespace {
  const fd = openFile(path);
  if (namespaceType(fd) !== CLONE_NEWNET) {
    closeSync(fd);
    throw new NetnsError('GRY_NETNS_INVALID', `${path} is no network namespace`, {
      remedy: 'give the path of a namespace, such as /var/run/netns/NAME or /proc/PID/ns/net',
      fields: { path },
    });
  }
  let open = true;
  const close = (): void => {
    if (open) closeSync(fd);
    open = false;
  };
  return { fd, close, [Symbol.dispose]: close };
}

function openFile(path: string): number {
  try {
    // Without O_NONBLOCK a FIFO would hang the agent.
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const missing = code === 'ENOENT' || code === 'ENOTDIR';
    throw new NetnsError(
      missing ? 'GRY_NETNS_MISSING' : 'GRY_NETNS_INVALID',
      missing ? `network namespace ${path} does not exist` : `network namespace ${path}: ${code}`,
      { cause, fields: { path } },
    );
  }
}

/** The namespace in which this thread is; opened once and kept, so that the way back exists whatever happens. */
let current: number | undefined;

function currentNamespace(): number {
  if (current === undefined) {
    startThreadPool();
    current = openSync(OWN_NAMESPACE, constants.O_RDONLY);
  }
  return current;
}

/**
 * A thread inherits the namespace of the one that starts it. Were libuv's pool first used inside a pod's namespace, its threads
 * would stay there for ever; any asynchronous file operation starts all of them within the call.
 */
function startThreadPool(): void {
  access('/', () => {});
}

/**
 * Runs `fn` with this thread in another network namespace. Sockets opened inside stay there; files of /proc/sys/net and child
 * processes started inside belong there. `fn` must be synchronous: whatever it awaited would run outside.
 *
 * When the way back fails the process aborts: an agent that programs the wrong namespace does more harm than one that restarts.
 *
 * @throws NetnsError, SystemError, and what `fn` throws
 */
export function inNetns<T>(namespace: number | string, fn: () => T): T {
  if (typeof namespace === 'string') {
    using opened = openNetns(namespace);
    return inNetns(opened.fd, fn);
  }
  const outer = currentNamespace();
  enterNetworkNamespace(namespace);
  current = namespace;
  let result: T;
  try {
    result = fn();
  } finally {
    current = outer;
    returnTo(outer);
  }
  if (isThenable(result)) {
    throw new NetnsError('GRY_NETNS_ASYNC', 'the function given to inNetns is asynchronous', {
      remedy: 'do only synchronous work inside a namespace',
    });
  }
  return result;
}

function returnTo(fd: number): void {
  try {
    enterNetworkNamespace(fd);
  } catch {
    process.abort();
  }
}

function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/** Whether the descriptor or path is the namespace in which this thread is: the node's own. @throws NetnsError */
export function isHostNetns(namespace: number | string): boolean {
  if (typeof namespace === 'string') {
    using opened = openNetns(namespace);
    return isHostNetns(opened.fd);
  }
  const own = fstatSync(currentNamespace());
  const other = fstatSync(namespace);
  return own.dev === other.dev && own.ino === other.ino;
}
