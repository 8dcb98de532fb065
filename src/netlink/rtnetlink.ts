import type { Family } from '../net/address.ts';
import { prefixFamily } from '../net/prefix.ts';
import { Batcher, type NetlinkFailure, type RequestSource } from './batch.ts';
import { type DumpRequest, dumpAsync, dumpSync, lookup } from './dump.ts';
import { ERRNO } from './errno.ts';
import { NetlinkSocket } from './netlink-socket.ts';
import { RTM } from './wire/constants.ts';
import { decodeLink, writeLinkFilter, writeLinkLookup } from './wire/link.ts';
import { decodeLinkAddress, writeLinkAddressFilter } from './wire/link-address.ts';
import { decodeNeighbour, writeNeighbourFilter } from './wire/neighbour.ts';
import type { LinkAddressRecord, LinkRecord, NeighbourRecord, RouteRecord } from './wire/records.ts';
import type { LinkSelector } from './wire/requests.ts';
import { decodeRoute, type RouteFilter, writeRouteFilter } from './wire/route.ts';

export type { NetlinkFailure, RequestSource } from './batch.ts';
export type { NetlinkRequest } from './wire/requests.ts';
export type { RouteFilter } from './wire/route.ts';

/**
 * The kernel's links, addresses, routes and neighbours: reads them and carries out requests. Belongs to the network
 * namespace in which it was opened, wherever it is used (`inNetns(ns, () => Rtnetlink.open())`).
 *
 * Two sockets, so that synchronous calls never mix with the answers to what runs in the background.
 */
export class Rtnetlink implements Disposable {
  readonly #socket = new NetlinkSocket();
  readonly #bulkSocket = new NetlinkSocket();
  readonly #now = new Batcher(this.#socket);
  readonly #bulk = new Batcher(this.#bulkSocket);
  /** The end of the queue for the bulk socket. */
  #tail: Promise<unknown> = Promise.resolve();
  #queueLength = 0;

  private constructor() {}

  /** @throws SystemError */
  static open(): Rtnetlink {
    return new Rtnetlink();
  }

  /** nlmsg_pid of events that our own requests cause. */
  get ports(): readonly number[] {
    return [this.#socket.port, this.#bulkSocket.port];
  }

  /** @throws NetlinkDumpError, SystemError; so do all readers */
  links(): readonly LinkRecord[] {
    return dumpSync(this.#socket, linkDump);
  }

  /** As `links`, in the background, as `routesAsync`: reading a link waits for whoever makes or deletes one. */
  linksAsync(signal: AbortSignal): Promise<readonly LinkRecord[]> {
    return this.#queued(() => dumpAsync(this.#bulkSocket, linkDump, signal));
  }

  /** Index of the link of that name, asked more cheaply than the link; undefined: there is none. */
  linkIndex(name: string): number | undefined {
    return this.#socket.linkIndex(name);
  }

  /** One link, or undefined when there is none such. */
  link(selector: LinkSelector): LinkRecord | undefined {
    return lookup(this.#socket, {
      what: 'index' in selector ? `link ${selector.index}` : `link ${selector.name}`,
      type: RTM.GETLINK,
      writeFilter: (out) => writeLinkLookup(out, selector),
      decode: decodeLink,
      emptyErrno: ERRNO.ENODEV,
    });
  }

  addresses(family?: Family): readonly LinkAddressRecord[] {
    return dumpSync(this.#socket, addressDump(family));
  }

  /** As `addresses`, in the background. */
  addressesAsync(signal: AbortSignal): Promise<readonly LinkAddressRecord[]> {
    return this.#queued(() => dumpAsync(this.#bulkSocket, addressDump(), signal));
  }

  neighbours(
    filter: { readonly family?: Family; readonly proxy?: boolean } = {},
  ): readonly NeighbourRecord[] {
    return dumpSync(this.#socket, {
      what: 'neighbours',
      type: RTM.GETNEIGH,
      writeFilter: (out) => writeNeighbourFilter(out, filter.family, filter.proxy ?? false),
      decode: decodeNeighbour,
    });
  }

  routes(filter: RouteFilter = {}): readonly RouteRecord[] {
    return routeDumps(filter).flatMap((request) => dumpSync(this.#socket, request));
  }

  /** As `routes`, a few hundred per turn of the event loop; waits for the bulk requests before it. */
  routesAsync(filter: RouteFilter, signal: AbortSignal): Promise<readonly RouteRecord[]> {
    return this.#queued(async () => {
      const found: RouteRecord[] = [];
      for (const request of routeDumps(filter))
        for (const route of await dumpAsync(this.#bulkSocket, request, signal)) found.push(route);
      return found;
    });
  }

  /**
   * Carries out requests in order, on this thread: for a few. Each that fails is told; the others go in.
   *
   * @throws NetlinkPermissionError, NetlinkLostError, NetlinkRequestError, SystemError
   */
  run(requests: RequestSource): readonly NetlinkFailure[] {
    return this.#now.runSync(requests);
  }

  /**
   * As `run`, with the kernel's part on another thread: for many, and for every `link.delete`, which takes the kernel tens
   * of milliseconds. Requests are pulled when their turn comes, 1024 at a time. Calls are carried out one after the other.
   */
  runAsync(requests: RequestSource, signal: AbortSignal): Promise<readonly NetlinkFailure[]> {
    return this.#queued(() => this.#bulk.runAsync(requests, signal));
  }

  #queued<T>(work: () => Promise<T>): Promise<T> {
    this.#queueLength++;
    const result = this.#tail.then(work).finally(() => {
      this.#queueLength--;
    });
    this.#tail = result.catch(() => {});
    return result;
  }

  /** What runs in the background is finished first: the number of a descriptor in use must not be given to another. */
  close(): void {
    this.#socket.close();
    if (this.#queueLength === 0) this.#bulkSocket.close();
    else void this.#tail.then(() => this.#bulkSocket.close());
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

const linkDump: DumpRequest<LinkRecord> = {
  what: 'links',
  type: RTM.GETLINK,
  writeFilter: writeLinkFilter,
  decode: decodeLink,
};

const addressDump = (family?: Family): DumpRequest<LinkAddressRecord> => ({
  what: 'addresses',
  type: RTM.GETADDR,
  writeFilter: (out) => writeLinkAddressFilter(out, family),
  decode: decodeLinkAddress,
});

/** One dump per family. What the kernel does not filter (before 4.20, or without IPv6) is filtered here. */
function routeDumps(filter: RouteFilter): readonly DumpRequest<RouteRecord>[] {
  const families: readonly Family[] = filter.family === undefined ? [4, 6] : [filter.family];
  return families.map((family) => ({
    what: `IPv${family} routes`,
    type: RTM.GETROUTE,
    writeFilter: (out) => writeRouteFilter(out, family, filter),
    decode: (message) => {
      const route = decodeRoute(message);
      if (route === undefined || prefixFamily(route.prefix) !== family) return undefined;
      if (filter.table !== undefined && route.table !== filter.table) return undefined;
      return filter.protocol !== undefined && route.protocol !== filter.protocol ? undefined : route;
    },
    // A table that nobody has used does not exist.
    emptyErrno: ERRNO.ENOENT,
  }));
}
