import { Batcher, type NetlinkFailure, type RequestSource } from './batch.ts';
import { NetlinkSocket } from './netlink-socket.ts';

/**
 * For a few requests in a namespace that is of interest no longer than this: one socket, quickly opened. It belongs to the namespace in
 * which it was opened, wherever it is used (`inNetns(ns, () => new RtnetlinkVisit())`).
 */
export class RtnetlinkVisit implements Disposable {
  readonly #socket = new NetlinkSocket({ brief: true });

  /** Index of the link of that name; undefined: there is none. */
  linkIndex(name: string): number | undefined {
    return this.#socket.linkIndex(name);
  }

  /** As `Rtnetlink.run`. */
  run(requests: RequestSource): readonly NetlinkFailure[] {
    return new Batcher(this.#socket).runSync(requests);
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}
