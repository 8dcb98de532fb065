import { type Address, type Family, familyOf } from '../net/address.ts';
import { dumpAsync } from './dump.ts';
import { ERRNO } from './errno.ts';
import { NetlinkLostError, SystemError } from './error.ts';
import { DATAGRAM_LENGTH, NETLINK_NETFILTER, NetlinkSocket } from './netlink-socket.ts';
import { decodeAcknowledgement } from './wire/acknowledgement.ts';
import {
  CT,
  decodeFlow,
  encodeFlowDeletion,
  type Flow,
  type FlowFilter,
  filtersOf,
  flowHas,
  writeFlowFilter,
} from './wire/conntrack.ts';
import { NLMSG } from './wire/constants.ts';
import { MessageReader } from './wire/message-reader.ts';
import { MessageWriter } from './wire/message-writer.ts';

/** The kernel walks its whole table for each filter: for more addresses than these it is read once and searched here. */
const FILTERED = 4;
const DELETIONS_PER_SEND = 256;

/** The kernel's table of connections in the namespace in which it was opened. */
export class Conntrack implements Disposable {
  readonly #socket = new NetlinkSocket({ protocol: NETLINK_NETFILTER });
  #sequence = 0;

  private constructor() {}

  /** @throws SystemError, also where the kernel has no connection tracking (EPROTONOSUPPORT) */
  static open(): Conntrack {
    return new Conntrack();
  }

  /**
   * Forgets every connection from, to or behind one of the addresses; gives how many.
   * @throws NetlinkDumpError, NetlinkLostError, SystemError, and the abort reason
   */
  async forget(addresses: readonly Address[], signal: AbortSignal): Promise<number> {
    const wanted = new Set(addresses);
    let count = 0;
    for (const family of [4, 6] satisfies Family[]) {
      const own = [...wanted].filter((address) => familyOf(address) === family);
      if (own.length === 0) continue;
      count += this.#delete(await this.#flows(family, own, wanted, signal));
    }
    return count;
  }

  /** The same one may come twice. Of a table of a million connections only those that are wanted are kept. */
  async #flows(
    family: Family,
    addresses: readonly Address[],
    wanted: ReadonlySet<Address>,
    signal: AbortSignal,
  ): Promise<readonly Flow[]> {
    const filters = addresses.length > FILTERED ? [undefined] : addresses.flatMap(filtersOf);
    const flows: Flow[] = [];
    for (const filter of filters)
      for (const flow of await this.#dump(family, filter, wanted, signal)) flows.push(flow);
    return flows;
  }

  #dump(
    family: Family,
    filter: FlowFilter | undefined,
    wanted: ReadonlySet<Address>,
    signal: AbortSignal,
  ): Promise<readonly Flow[]> {
    const what = `IPv${family} connections`;
    const request = {
      what,
      type: CT.GET,
      writeFilter: (out: MessageWriter) => writeFlowFilter(out, family, filter),
      decode: (message: MessageReader) => {
        const flow = decodeFlow(message);
        return flow !== undefined && flowHas(flow, wanted) ? flow : undefined;
      },
    };
    return dumpAsync(this.#socket, request, signal);
  }

  #delete(flows: readonly Flow[]): number {
    let gone = 0;
    for (let from = 0; from < flows.length; from += DELETIONS_PER_SEND) {
      const chunk = flows.slice(from, from + DELETIONS_PER_SEND);
      gone += chunk.length - this.#deleteChunk(chunk);
    }
    return gone;
  }

  /** Gives how many were not there any more. */
  #deleteChunk(flows: readonly Flow[]): number {
    const out = new MessageWriter(flows.length * 128);
    const first = this.#sequence;
    this.#sequence = (first + flows.length) >>> 0;
    for (const [i, flow] of flows.entries())
      encodeFlowDeletion(out, flow, (first + i) >>> 0, i === flows.length - 1);
    this.#socket.send(out.view());
    return this.#readAnswers((first + flows.length - 1) >>> 0);
  }

  /** Reads all of them, so that none is left behind to be taken for the answer to something else. */
  #readAnswers(last: number): number {
    const datagram = new Uint8Array(DATAGRAM_LENGTH);
    let missing = 0;
    let refused = 0;
    for (;;) {
      const length = this.#socket.receive(datagram);
      if (length === undefined) throw new NetlinkLostError('deletions of connections');
      const answers = new MessageReader(datagram, length);
      while (answers.next()) {
        if (answers.type !== NLMSG.ERROR) continue;
        const { errno } = decodeAcknowledgement(answers);
        if (errno === ERRNO.ENOENT) missing++;
        else if (errno !== 0) refused = errno;
        if (answers.sequence !== last) continue;
        if (refused !== 0) throw new SystemError('deletion of a connection', refused);
        return missing;
      }
    }
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}
