import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { makeDirectories } from '../ipam/directory.ts';
import { yieldToEventLoop } from '../netlink/yield.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import { describeError, GryphonError } from '../ports/error.ts';
import type { Log } from '../ports/log.ts';
import { hasListener } from './listener.ts';
import type { Outcome } from './operations/dispatcher.ts';
import { CniError, cniCode, renderError } from './protocol/error.ts';
import {
  decodeFrame,
  encodeAnswer,
  type Frame,
  frameVersion,
  requestFromFields,
  type ShimAnswer,
  type ShimRequest,
} from './protocol/frame.ts';

/** The socket cannot be opened: `GRY_CNI_SOCKET`. */
export class CniServerError extends GryphonError {}

export interface CniServerOptions {
  readonly socketPath: string;
  /** `caller` is aborted when the shim goes away. Never throws. */
  readonly handle: (request: ShimRequest, caller: AbortSignal) => Promise<Outcome>;
  readonly clock: Clock;
  readonly log: Log;
}

/** The shim bounds stdin to 1 MiB and the environment to a quarter of it. */
const MAX_REQUEST = (1 << 20) + (1 << 18);
/** Milliseconds within which a whole request must have come; the shim sends it in one go. */
const REQUEST_TIMEOUT = 10_000;
/** Milliseconds that a caller has for reading its answer; the shim does nothing else, and closes. */
const READ_TIMEOUT = 5000;
/** The same once the server closes: nobody's lingering holds the end of the agent up. */
const LAST_READ_TIMEOUT = 500;
/** More callers than this have to wait in the socket's backlog or are turned away. */
const MAX_CONNECTIONS = 1024;
/** sockaddr_un.sun_path less the final zero. */
const MAX_PATH = 107;

/** One request per connection on a unix socket that only root can reach. Bad, slow or dying callers cost nobody else anything. */
export class CniServer {
  readonly #options: CniServerOptions;
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();
  readonly #conversations = new Set<Promise<void>>();
  /** Who has an answer to read. */
  readonly #readers = new Set<net.Socket>();
  #readTimeout = READ_TIMEOUT;

  constructor(options: CniServerOptions) {
    this.#options = options;
    this.#server = net.createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /**
   * Opens the socket in place of one that an earlier agent left: bound under another name and renamed, so there is no moment
   * without one. @throws CniServerError when another agent listens there, or the path cannot be used
   */
  async listen(): Promise<void> {
    const { socketPath } = this.#options;
    const temporary = `${socketPath}.new`;
    try {
      if (Buffer.byteLength(temporary) > MAX_PATH)
        throw new Error(`the path has more than ${MAX_PATH - 4} bytes`);
      const directory = path.dirname(socketPath);
      makeDirectories(directory, 0o700);
      fs.chmodSync(directory, 0o700);
      if (await hasListener(socketPath)) throw new Error('another agent listens there');
      fs.rmSync(temporary, { force: true });
      await this.#bind(temporary);
      fs.renameSync(temporary, socketPath);
    } catch (cause) {
      this.#server.close();
      throw new CniServerError(
        'GRY_CNI_SOCKET',
        `CNI socket ${socketPath} cannot be opened: ${describeError(cause)}`,
        {
          remedy: 'stop the other agent of this node, or choose another path',
          cause,
        },
      );
    }
  }

  /** Node binds within `listen`, so the mask holds for this socket alone. */
  async #bind(file: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once('error', reject);
    const mask = process.umask(0o177);
    try {
      this.#server.listen(file, resolve);
    } finally {
      process.umask(mask);
    }
    await promise;
    this.#server.removeListener('error', reject);
    this.#server.on('error', (error) => this.#options.log.warn('CNI socket', { reason: error.message }));
  }

  /**
   * Removes the socket and waits for the answers that are due, but not for long until they are read. Callers that have not sent their
   * request are cut off.
   */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    fs.rmSync(this.#options.socketPath, { force: true });
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    this.#readTimeout = LAST_READ_TIMEOUT;
    const readers = [...this.#readers];
    const timer = this.#options.clock.setTimer(LAST_READ_TIMEOUT, () => {
      for (const socket of readers) socket.destroy();
    });
    await Promise.all(this.#conversations);
    timer.cancel();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #accept(socket: net.Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    // Only 'close' matters: the caller is gone, whatever the reason.
    socket.on('error', () => {});
    const timer = this.#cutOffAfter(REQUEST_TIMEOUT, socket);
    socket.once('close', () => timer.cancel());
    const chunks: Buffer[] = [];
    let length = 0;
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk);
      length += chunk.length;
      const decoded = decodeFrame(Buffer.concat(chunks));
      if (decoded.kind === 'incomplete' && length <= MAX_REQUEST) return;
      socket.off('data', onData);
      timer.cancel();
      this.#answer(socket, decoded.kind === 'frame' ? decoded : undefined);
    };
    socket.on('data', onData);
    // A caller keeps its side open until it has the answer; one that ends before has died.
    socket.on('end', () => socket.destroy());
  }

  /** When this process was held up, timers run before what has come meanwhile is read: a caller gets that one turn more. */
  #cutOffAfter(milliseconds: number, socket: net.Socket): Timer {
    let isOver = false;
    const timer = this.#options.clock.setTimer(milliseconds, () => {
      void yieldToEventLoop().then(() => {
        if (!isOver) socket.destroy();
      });
    });
    const cancel = (): void => {
      isOver = true;
      timer.cancel();
    };
    return { cancel };
  }

  #answer(socket: net.Socket, frame: Frame | undefined): void {
    const conversation = this.#converse(socket, frame).finally(() =>
      this.#conversations.delete(conversation),
    );
    this.#conversations.add(conversation);
  }

  async #converse(socket: net.Socket, frame: Frame | undefined): Promise<void> {
    // Further bytes are thrown away, but read, because only a reader sees the end of the caller.
    socket.resume();
    if (frame === undefined)
      return void (await this.#send(socket, refusal('the request is malformed or too long')));
    if (frame.major !== frameVersion.major) {
      const versions = `the plugin speaks protocol ${frame.major}, the agent ${frameVersion.major}`;
      return void (await this.#send(socket, refusal(`${versions}: install the agent's own plugin`)));
    }
    const gone = new AbortController();
    socket.once('close', () => gone.abort(callerGone));
    if (socket.destroyed) gone.abort(callerGone);
    const { answer, undo } = await this.#options.handle(requestFromFields(frame.fields), gone.signal);
    const heard = await this.#send(socket, answer);
    if (heard || undo === undefined) return;
    await undo().catch((error: unknown) => {
      this.#options.log.warn('an ADD that nobody waits for is not undone', { reason: describeError(error) });
    });
  }

  /** Whether the answer was read. A caller that dies before it has read everything resets the connection (unix_release_sock). */
  async #send(socket: net.Socket, answer: ShimAnswer): Promise<boolean> {
    if (socket.destroyed) return false;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    let sent = false;
    this.#readers.add(socket);
    socket.once('close', (hadError) => resolve(sent && !hadError));
    socket.end(encodeAnswer(answer), () => {
      sent = true;
    });
    const timer = this.#cutOffAfter(this.#readTimeout, socket);
    return promise.finally(() => {
      timer.cancel();
      this.#readers.delete(socket);
    });
  }
}

/** The reason of every caller's signal, made once: otherwise each of them would cost an exception with a stack of its own. */
const callerGone = new CniError(cniCode.tryAgainLater, 'the caller has gone');

function refusal(reason: string): ShimAnswer {
  const error = new CniError(cniCode.protocolSkew, 'plugin and agent do not understand each other', reason);
  return { exit: 1, output: renderError(error, '1.0.0') };
}
