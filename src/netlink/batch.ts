import { ERRNO, errnoName } from './errno.ts';
import { NetlinkLostError, NetlinkPermissionError, SystemError } from './error.ts';
import { DATAGRAM_LENGTH, type NetlinkSocket } from './netlink-socket.ts';
import { decodeAcknowledgement } from './wire/acknowledgement.ts';
import { NLMSG } from './wire/constants.ts';
import { MessageReader } from './wire/message-reader.ts';
import { MessageWriter } from './wire/message-writer.ts';
import { encodeRequest } from './wire/request-codec.ts';
import type { NetlinkRequest } from './wire/requests.ts';
import { yieldToEventLoop } from './yield.ts';

/** One request that the kernel refused; those before and after it were carried out. */
export interface NetlinkFailure {
  readonly request: NetlinkRequest;
  readonly errno: number;
  /** `EEXIST`, `ENETUNREACH`. */
  readonly errnoName: string;
  /** errno name and, where it gave any, the kernel's own words: `EINVAL, Nexthop has invalid gateway`. */
  readonly message: string;
}

/**
 * Messages per send. The kernel works through all of them before send returns and goes on after one that fails, so only the last
 * asks for an acknowledgement: it is the barrier behind which all answers are in our queue.
 */
export const REQUESTS_PER_SEND = 1024;
/** Requests asked for in one turn of the event loop, given or not: whoever has none at the moment has looked at something small. */
const STEPS_PER_TURN = 4096;

/** Requests, made when their turn comes. `undefined`: none yet, ask again. */
export type RequestSource = Iterable<NetlinkRequest | undefined>;

/** What is sent at once, if anything: its messages are numbered from `first`. */
interface Chunk {
  readonly requests: readonly NetlinkRequest[];
  readonly first: number;
  readonly messages: MessageWriter;
}

// Shared by all sockets of this thread: answers are decoded before anybody else can run.
const datagram = new Uint8Array(DATAGRAM_LENGTH);

/** Carries out requests over one socket. */
export class Batcher {
  readonly #socket: NetlinkSocket;
  /** Two: one is filled while the other is with the kernel. They grow: most sockets carry out a few requests and are closed. */
  #writers: [MessageWriter, MessageWriter] = [new MessageWriter(1024), new MessageWriter(0)];
  #sequence = 0;

  constructor(socket: NetlinkSocket) {
    this.#socket = socket;
  }

  /** On this thread. @throws NetlinkLostError, NetlinkPermissionError, NetlinkRequestError, SystemError */
  runSync(requests: RequestSource): readonly NetlinkFailure[] {
    const failures: NetlinkFailure[] = [];
    const source = requests[Symbol.iterator]();
    for (let chunk = this.#encode(source); chunk !== undefined; chunk = this.#encode(source)) {
      if (chunk.requests.length === 0) continue;
      this.#socket.send(chunk.messages.view());
      this.#collect(chunk, failures);
    }
    return failures;
  }

  /**
   * The kernel's part on another thread; the next chunk is encoded meanwhile. On abort what was sent is still accounted for.
   *
   * @throws as `runSync`, and the abort reason
   */
  async runAsync(requests: RequestSource, signal: AbortSignal): Promise<readonly NetlinkFailure[]> {
    signal.throwIfAborted();
    const failures: NetlinkFailure[] = [];
    const source = requests[Symbol.iterator]();
    let chunk = this.#encode(source);
    while (chunk !== undefined) {
      const sent =
        chunk.requests.length === 0 ? yieldToEventLoop() : this.#socket.sendAsync(chunk.messages.view());
      let following: Chunk | undefined;
      try {
        following = signal.aborted ? undefined : this.#encode(source);
      } finally {
        await sent;
        if (chunk.requests.length > 0) this.#collect(chunk, failures);
      }
      signal.throwIfAborted();
      chunk = following;
    }
    return failures;
  }

  /** Undefined: there are no more requests. */
  #encode(source: Iterator<NetlinkRequest | undefined>): Chunk | undefined {
    const requests: NetlinkRequest[] = [];
    let steps = 0;
    for (; steps < STEPS_PER_TURN && requests.length < REQUESTS_PER_SEND; steps++) {
      const { done, value } = source.next();
      if (done === true) break;
      if (value !== undefined) requests.push(value);
    }
    if (steps === 0) return undefined;
    const [messages, other] = this.#writers;
    this.#writers = [other, messages];
    messages.reset();
    const first = this.#sequence;
    this.#sequence = (first + requests.length) >>> 0;
    let left = requests.length;
    for (const request of requests)
      encodeRequest(messages, request, (this.#sequence - left) >>> 0, --left === 0);
    return { requests, first, messages };
  }

  /** Reads the answers to a chunk; when that fails, none is left behind to be taken for the answer to something else. */
  #collect(chunk: Chunk, failures: NetlinkFailure[]): void {
    try {
      this.#readAnswers(chunk, failures);
    } catch (error) {
      this.#socket.discard(datagram);
      throw error;
    }
  }

  /** Up to the answer to the last request. */
  #readAnswers(chunk: Chunk, failures: NetlinkFailure[]): void {
    for (;;) {
      const answers = this.#receive();
      while (answers.next()) {
        if (answers.type !== NLMSG.ERROR) continue;
        const index = (answers.sequence - chunk.first) >>> 0;
        const request = chunk.requests[index];
        if (request === undefined) continue;
        const { errno, text } = decodeAcknowledgement(answers);
        if (errno !== 0) failures.push(this.#failure(request, errno, text));
        if (index === chunk.requests.length - 1) return;
      }
    }
  }

  #receive(): MessageReader {
    try {
      const length = this.#socket.receive(datagram);
      if (length !== undefined) return new MessageReader(datagram, length);
    } catch (error) {
      if (!(error instanceof SystemError) || error.errno !== ERRNO.ENOBUFS) throw error;
    }
    throw new NetlinkLostError('a batch of netlink requests');
  }

  #failure(request: NetlinkRequest, errno: number, text: string | undefined): NetlinkFailure {
    if (errno === ERRNO.EPERM && !this.#socket.privileged) throw new NetlinkPermissionError(request.kind);
    const name = errnoName(errno);
    return { request, errno, errnoName: name, message: text === undefined ? name : `${name}, ${text}` };
  }
}
