import type { NetlinkFailure, NetlinkRequest, Rtnetlink } from '../../netlink/rtnetlink.ts';
import { Gatherer } from './gatherer.ts';

/** The group (IFLA_GROUP) that links enter in order to be deleted, "gryp" in ASCII: a number that nobody takes by chance. */
const REMOVAL_GROUP = 0x67_72_79_70;

/**
 * Deletes links on another thread. Each deletion costs the kernel a grace period of tens of milliseconds, however many links it
 * names; so those that are wanted while one is under way are put into a group and go together in the next. Who is in the group is read
 * back before: another's link never goes with ours.
 */
export class LinkRemover {
  readonly #netlink: Pick<Rtnetlink, 'runAsync' | 'links'>;
  readonly #gatherer: Gatherer<number, NetlinkFailure | undefined>;

  constructor(netlink: Pick<Rtnetlink, 'runAsync' | 'links'>) {
    this.#netlink = netlink;
    this.#gatherer = new Gatherer((indexes) => this.#removeTogether(indexes));
  }

  /** Resolves when the link is gone (undefined), also by somebody else's hand, or cannot be deleted. @throws what netlink throws */
  remove(index: number): Promise<NetlinkFailure | undefined> {
    return this.#gatherer.ask(index);
  }

  async #removeTogether(indexes: readonly number[]): Promise<readonly (NetlinkFailure | undefined)[]> {
    const failures =
      indexes.length === 1 ? await this.#run(indexes.map(deletion)) : await this.#removeGroup(indexes);
    const real = failures.filter((failure) => failure.errnoName !== 'ENODEV');
    return indexes.map((index) => real.find((failure) => concerns(failure, index)));
  }

  async #removeGroup(indexes: readonly number[]): Promise<readonly NetlinkFailure[]> {
    const group = REMOVAL_GROUP;
    const entered = await this.#run(
      indexes.map((index) => ({ kind: 'link.set', link: { index }, group }) as const),
    );
    const wanted = new Set(indexes);
    const members = this.#netlink.links().filter((link) => link.group === group);
    const onlyOurs = members.every(({ index }) => wanted.has(index));
    const gone = await this.#run(
      onlyOurs ? [{ kind: 'link.delete', link: { group } }] : indexes.map(deletion),
    );
    return [...entered, ...gone];
  }

  #run(requests: readonly NetlinkRequest[]): Promise<readonly NetlinkFailure[]> {
    return this.#netlink.runAsync(requests, new AbortController().signal);
  }
}

const deletion = (index: number): NetlinkRequest => ({ kind: 'link.delete', link: { index } });

/** A failed deletion of the group concerns all who asked for it, any other request only the link that it names. */
function concerns({ request }: NetlinkFailure, index: number): boolean {
  if (request.kind !== 'link.delete' && request.kind !== 'link.set') return false;
  return 'group' in request.link || ('index' in request.link && request.link.index === index);
}
