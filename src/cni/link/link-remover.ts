import type { NetlinkFailure, NetlinkRequest, Rtnetlink } from '../../netlink/rtnetlink.ts';

/** The group (IFLA_GROUP) that links enter in order to be deleted, "gryp" in ASCII: so nobody else's are in it. */
const REMOVAL_GROUP = 0x67_72_79_70;

interface Waiting {
  readonly index: number;
  /** Undefined: the link is gone. */
  readonly settle: (failure: NetlinkFailure | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Deletes links on another thread. Each deletion costs the kernel a grace period of tens of milliseconds, however many links it
 * names; so those that are wanted while one is under way are put into a group and go together in the next.
 */
export class LinkRemover {
  readonly #netlink: Pick<Rtnetlink, 'runAsync'>;
  #waiting: Waiting[] = [];
  #busy = false;

  constructor(netlink: Pick<Rtnetlink, 'runAsync'>) {
    this.#netlink = netlink;
  }

  /** Resolves when the link is gone (undefined), also by somebody else's hand, or cannot be deleted. @throws what netlink throws */
  remove(index: number): Promise<NetlinkFailure | undefined> {
    const { promise, resolve, reject } = Promise.withResolvers<NetlinkFailure | undefined>();
    this.#waiting.push({ index, settle: resolve, reject });
    if (!this.#busy) void this.#work();
    return promise;
  }

  async #work(): Promise<void> {
    this.#busy = true;
    while (this.#waiting.length > 0) {
      const together = this.#waiting;
      this.#waiting = [];
      try {
        await this.#removeTogether(together);
      } catch (error) {
        for (const { reject } of together) reject(error);
      }
    }
    this.#busy = false;
  }

  async #removeTogether(links: readonly Waiting[]): Promise<void> {
    const failures = await this.#netlink.runAsync(
      deletion(links.map((link) => link.index)),
      new AbortController().signal,
    );
    const real = failures.filter((failure) => failure.errnoName !== 'ENODEV');
    for (const { index, settle } of links) settle(real.find((failure) => concerns(failure, index)));
  }
}

/** The requests that delete these links. */
function deletion(indexes: readonly number[]): readonly NetlinkRequest[] {
  const [only] = indexes;
  if (only !== undefined && indexes.length === 1) return [{ kind: 'link.delete', link: { index: only } }];
  return [
    ...indexes.map((index): NetlinkRequest => ({ kind: 'link.set', link: { index }, group: REMOVAL_GROUP })),
    { kind: 'link.delete', link: { group: REMOVAL_GROUP } },
  ];
}

/** A failed deletion concerns all who asked for it, a link that could not enter the group only its own. */
function concerns({ request }: NetlinkFailure, index: number): boolean {
  if (request.kind === 'link.delete') return true;
  return request.kind === 'link.set' && 'index' in request.link && request.link.index === index;
}
