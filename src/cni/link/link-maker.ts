import type { NetlinkFailure, NetlinkRequest, Rtnetlink } from '../../netlink/rtnetlink.ts';
import { Gatherer } from './gatherer.ts';

/**
 * Makes links on another thread. The pair is what takes the kernel longest in an ADD, and longer while somebody else holds the one
 * lock of its network configuration: meanwhile this thread works for other pods. What they want by then is made at one go.
 */
export class LinkMaker {
  readonly #gatherer: Gatherer<readonly NetlinkRequest[], readonly NetlinkFailure[]>;

  constructor(netlink: Pick<Rtnetlink, 'runAsync'>) {
    this.#gatherer = new Gatherer(async (wanted): Promise<readonly (readonly NetlinkFailure[])[]> => {
      const failures = await netlink.runAsync(wanted.flat(), new AbortController().signal);
      return wanted.map((own) => failures.filter(({ request }) => own.includes(request)));
    });
  }

  /** Resolves to those of the requests that the kernel refuses. @throws what netlink throws */
  make(requests: readonly NetlinkRequest[]): Promise<readonly NetlinkFailure[]> {
    return this.#gatherer.ask(requests);
  }
}
