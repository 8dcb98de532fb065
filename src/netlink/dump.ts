import { ERRNO, errnoName } from './errno.ts';
import { NetlinkDumpError, SystemError } from './error.ts';
import { DATAGRAM_LENGTH, type NetlinkSocket } from './netlink-socket.ts';
import { decodeAcknowledgement, decodeDone } from './wire/acknowledgement.ts';
import { NLM_F, NLMSG } from './wire/constants.ts';
import { MessageReader } from './wire/message-reader.ts';
import { MessageWriter } from './wire/message-writer.ts';
import { yieldToEventLoop } from './yield.ts';

/** A question for all entries of one kind. */
export interface DumpRequest<T> {
  /** For messages: `IPv4 routes`. */
  readonly what: string;
  /** RTM_GET*. */
  readonly type: number;
  readonly writeFilter: (out: MessageWriter) => void;
  /** Undefined: not for us. */
  readonly decode: (message: MessageReader) => T | undefined;
  /** An errno that means that there are none. */
  readonly emptyErrno?: number;
}

/** How often a dump that changed underneath is asked for again. */
const ATTEMPTS = 20;
/** A datagram of a dump holds some 500 routes; decoding that many takes about a millisecond. */
const DATAGRAMS_PER_TURN = 4;

// Shared by all dumps of this thread: what it holds is decoded before anybody else can run.
const datagram = new Uint8Array(DATAGRAM_LENGTH);
let sequence = 0;

/** All at once: for tables that are small. @throws NetlinkDumpError, NetlinkFormatError, SystemError */
export function dumpSync<T>(socket: NetlinkSocket, request: DumpRequest<T>): readonly T[] {
  const steps = dump(socket, request);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (step.value !== undefined) socket.send(step.value);
  }
}

/** A question that has one answer, or none. @throws as `dumpSync` */
export function lookup<T>(socket: NetlinkSocket, request: DumpRequest<T>): T | undefined {
  const { question, own } = ask(request, NLM_F.REQUEST);
  socket.send(question);
  for (;;) {
    const message = nextDatagram(socket, request.what);
    while (message.next()) {
      if (message.sequence !== own) continue;
      if (message.type !== NLMSG.ERROR) return request.decode(message);
      const { errno, text } = decodeAcknowledgement(message);
      if (errno === request.emptyErrno) return undefined;
      throw refused(request.what, errno, text);
    }
  }
}

/**
 * The question on another thread, because the kernel looks for the first entries before send returns, and that through all of a table
 * where few agree with the filter; then a few datagrams per turn of the event loop. On abort the socket is left clean.
 * @throws as `dumpSync`, and the abort reason
 */
export async function dumpAsync<T>(
  socket: NetlinkSocket,
  request: DumpRequest<T>,
  signal: AbortSignal,
): Promise<readonly T[]> {
  const steps = dump(socket, request);
  for (let datagrams = 0; ; ) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (step.value !== undefined) await socket.sendAsync(step.value);
    else if (++datagrams % DATAGRAMS_PER_TURN === 0) await yieldToEventLoop();
    else continue;
    if (signal.aborted) steps.return([]);
    signal.throwIfAborted();
  }
}

/** What the caller has to send; undefined: a datagram was read. */
type Step = Uint8Array | undefined;

/** A dump during which the table changed (NLM_F_DUMP_INTR) misses or repeats entries: it is repeated. */
function* dump<T>(socket: NetlinkSocket, request: DumpRequest<T>): Generator<Step, readonly T[]> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const records = yield* dumpOnce(socket, request);
    if (records !== undefined) return records;
  }
  throw new NetlinkDumpError(request.what, `it changed during each of ${ATTEMPTS} attempts`);
}

function* dumpOnce<T>(
  socket: NetlinkSocket,
  request: DumpRequest<T>,
): Generator<Step, readonly T[] | undefined> {
  const { question, own } = ask(request, NLM_F.REQUEST | NLM_F.DUMP);
  const records: T[] = [];
  let interrupted = false;
  let ended = false;
  try {
    yield question;
    for (;;) {
      const message = nextDatagram(socket, request.what);
      while (message.next()) {
        if (message.sequence !== own) continue;
        interrupted ||= (message.flags & NLM_F.DUMP_INTR) !== 0;
        ended = message.type === NLMSG.DONE || message.type === NLMSG.ERROR;
        if (ended) {
          checkEnd(message, request);
          return interrupted ? undefined : records;
        }
        const record = request.decode(message);
        if (record !== undefined) records.push(record);
      }
      yield undefined;
    }
  } finally {
    // The rest of a dump that is given up must be read: before its end the kernel starts no other (EBUSY).
    if (!ended) socket.discard(datagram);
  }
}

/** The message that ends a dump may tell that it failed. */
function checkEnd<T>(message: MessageReader, request: DumpRequest<T>): void {
  const end = message.type === NLMSG.DONE ? decodeDone(message) : decodeAcknowledgement(message);
  if (end.errno !== 0 && end.errno !== request.emptyErrno) throw refused(request.what, end.errno, end.text);
}

/** The question, and its sequence number, which the answers bear. */
function ask<T>(
  request: DumpRequest<T>,
  flags: number,
): { readonly question: Uint8Array; readonly own: number } {
  sequence = (sequence + 1) >>> 0;
  const out = new MessageWriter(256);
  out.begin(request.type, flags, sequence);
  request.writeFilter(out);
  out.end();
  return { question: out.view(), own: sequence };
}

function nextDatagram(socket: NetlinkSocket, what: string): MessageReader {
  try {
    const length = socket.receive(datagram);
    // The kernel fills the queue within receive until the end of the dump, so an empty one means that the end was lost.
    if (length === undefined) throw new NetlinkDumpError(what, 'the answer broke off');
    return new MessageReader(datagram, length);
  } catch (error) {
    if (error instanceof SystemError && error.errno === ERRNO.ENOBUFS)
      throw new NetlinkDumpError(what, 'the answer did not fit into the receive buffer');
    throw error;
  }
}

const refused = (what: string, errno: number, text: string | undefined): NetlinkDumpError =>
  new NetlinkDumpError(what, text === undefined ? errnoName(errno) : `${errnoName(errno)}, ${text}`);
