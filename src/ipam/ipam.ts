import type { Address } from '../net/address.ts';
import type { Prefix } from '../net/prefix.ts';
import type { Clock } from '../ports/clock.ts';
import { describeError } from '../ports/error.ts';
import type { Log } from '../ports/log.ts';
import type { Problem } from '../ports/problem.ts';
import { Allocator } from './allocator.ts';
import { type Attachment, type AttachmentKey, attachmentId, type PodReference } from './attachment.ts';
import { IpamError } from './error.ts';
import { Journal } from './journal.ts';
import type { JournalRecord } from './journal-record.ts';
import type { JournalState } from './journal-state.ts';
import type { CidrUsage } from './usage.ts';

export interface IpamOptions {
  /** `/var/lib/gryphon/ipam.journal`; the directory is made when it is missing. */
  readonly path: string;
  /** /proc/sys/kernel/random/boot_id: what another boot wrote is void. */
  readonly bootID: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Milliseconds before a released address is given again; 30 000. */
  readonly coolDown?: number;
}

/** What an attachment is made of besides its key and addresses. */
export interface AttachmentRequest {
  readonly hostLink: string;
  readonly pod?: PodReference;
  /** Addresses that the pod wants, at most one per family. */
  readonly requested?: readonly Address[];
}

/** A finished pod link found in the kernel: what it says about its owner outlives a lost journal. */
export interface LiveAttachment extends AttachmentKey {
  readonly hostLink: string;
  readonly addresses: readonly Address[];
}

/** Every address of this node: who has it, since when, remembered over restarts. */
export class Ipam {
  readonly #allocator: Allocator;
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #attachments = new Map<string, Attachment>();
  readonly #coolDown: number;
  #conflicts: readonly Problem[] = [];
  #journalProblem: Problem | undefined;
  #compacting: Promise<void> = Promise.resolve();

  private constructor(options: IpamOptions, journal: Journal, state: JournalState) {
    this.#clock = options.clock;
    this.#log = options.log;
    this.#coolDown = options.coolDown ?? 30_000;
    this.#journal = journal;
    this.#allocator = new Allocator({ coolDown: this.#coolDown });
    for (const [id, attachment] of state.attachments) {
      this.#allocator.restore(id, attachment.addresses);
      this.#attachments.set(id, attachment);
    }
    this.#restoreCooling(state.resting);
    if (state.damaged > 0) this.#log.warn('ipam journal has damaged lines', { lines: state.damaged });
  }

  /** Reads the journal. @throws IpamError `GRY_IPAM_JOURNAL` when the file cannot be used */
  static open(options: IpamOptions): Ipam {
    const { journal, state } = Journal.open(options.path, options.bootID);
    return new Ipam(options, journal, state);
  }

  /** Wall clock to monotonic; a release that the wall clock puts into the future counts as just now. */
  #restoreCooling(resting: ReadonlyMap<Address, number>): void {
    const now = this.#clock.now();
    const monotonic = this.#clock.monotonic();
    const ages = [...resting].map(([address, at]) => ({ address, age: Math.max(0, now - at) }));
    for (const { address, age } of ages.sort((a, b) => b.age - a.age)) {
      if (age < this.#coolDown) this.#allocator.restoreCooling(address, monotonic - age);
    }
  }

  configure(cidrs: readonly Prefix[], reserved: Iterable<Address> = []): void {
    this.#allocator.configure(cidrs, reserved);
  }

  /**
   * Makes up for lines that the journal has lost: a live link whose owner it does not know is adopted with its addresses, and one
   * that it takes for unfinished is finished: it may be a pod's that runs, and if its ADD failed after all, a DEL comes. One that has
   * addresses which the journal does not know of belongs to a container that was attached anew. Where the journal gives such an address to somebody without a live link, the link is right; where two live
   * links have one address, both stay and a problem tells. Returns what was adopted.
   */
  adopt(live: readonly LiveAttachment[]): readonly Attachment[] {
    const liveIds = new Set(live.map(attachmentId));
    const conflicts: Problem[] = [];
    const adopted: Attachment[] = [];
    for (const link of live) {
      const known = this.get(link);
      if (known !== undefined && link.addresses.every((address) => known.addresses.includes(address))) {
        if (known.state === 'reserved') adopted.push(this.#finish(known));
        continue;
      }
      if (link.addresses.length === 0) continue;
      for (const stale of this.#ownersOf(link.addresses)) {
        if (!liveIds.has(attachmentId(stale))) this.release(stale);
      }
      try {
        adopted.push(this.#adoptOne(link));
      } catch (error) {
        conflicts.push(conflict(link, error));
      }
    }
    this.#conflicts = conflicts;
    return adopted;
  }

  #ownersOf(addresses: readonly Address[]): readonly Attachment[] {
    return this.list().filter((a) => a.addresses.some((address) => addresses.includes(address)));
  }

  #finish(attachment: Attachment): Attachment {
    const id = attachmentId(attachment);
    const finished: Attachment = { ...attachment, state: 'configured' };
    this.#attachments.set(id, finished);
    this.#remember({ kind: 'ready', id });
    return finished;
  }

  #adoptOne(link: LiveAttachment): Attachment {
    const { network, containerID, ifname, hostLink, addresses } = link;
    const createdAt = this.#clock.now();
    const attachment = {
      network,
      containerID,
      ifname,
      hostLink,
      addresses,
      createdAt,
      state: 'configured',
    } as const;
    this.#allocator.restore(attachmentId(link), addresses);
    this.#attachments.set(attachmentId(link), attachment);
    this.#remember({ kind: 'take', attachment });
    return attachment;
  }

  /**
   * Gives the attachment one address per family; it is on disk when this returns.
   * @throws IpamError; then nothing was given
   */
  allocate(key: AttachmentKey, request: AttachmentRequest): Attachment {
    const id = attachmentId(key);
    const addresses = this.#allocator.allocate(id, this.#clock.monotonic(), request.requested);
    const { network, containerID, ifname } = key;
    const attachment: Attachment = {
      network,
      containerID,
      ifname,
      addresses,
      hostLink: request.hostLink,
      ...(request.pod === undefined ? {} : { pod: request.pod }),
      createdAt: this.#clock.now(),
      state: 'reserved',
    };
    try {
      this.#append({ kind: 'take', attachment });
    } catch (error) {
      this.#allocator.forget(id);
      throw error;
    }
    this.#attachments.set(id, attachment);
    return attachment;
  }

  /** The link is finished: a restart will not undo the attachment any more. @throws IpamError */
  confirm(key: AttachmentKey): Attachment {
    const id = attachmentId(key);
    const attachment = this.#attachments.get(id);
    if (attachment === undefined) throw new IpamError('GRY_IPAM_UNKNOWN', `${id} has no addresses`);
    this.#append({ kind: 'ready', id });
    const confirmed: Attachment = { ...attachment, state: 'configured' };
    this.#attachments.set(id, confirmed);
    return confirmed;
  }

  /**
   * The link is about to go. `durable`: it is on disk, so that an agent that dies now takes the link apart after its restart.
   * Undefined: the attachment is unknown.
   */
  leave(key: AttachmentKey): { readonly durable: boolean } | undefined {
    const attachment = this.get(key);
    if (attachment === undefined) return undefined;
    if (attachment.state === 'detaching') return { durable: false };
    const id = attachmentId(key);
    this.#attachments.set(id, { ...attachment, state: 'detaching' });
    return { durable: this.#remember({ kind: 'leave', id }) };
  }

  /** Takes the addresses back; they rest for the cool-down. Never fails: a line that cannot be written is made up for later. */
  release(key: AttachmentKey): Attachment | undefined {
    const id = attachmentId(key);
    const attachment = this.#attachments.get(id);
    if (attachment === undefined) return undefined;
    this.#attachments.delete(id);
    this.#allocator.release(id, this.#clock.monotonic());
    this.#remember({ kind: 'free', id, at: this.#clock.now() });
    this.#compactWhenLong();
    return attachment;
  }

  get(key: AttachmentKey): Attachment | undefined {
    return this.#attachments.get(attachmentId(key));
  }

  /** In order of creation. */
  list(): readonly Attachment[] {
    return [...this.#attachments.values()];
  }

  /** Addresses that rest: nobody has them, and their pods have gone a short while ago. */
  resting(): readonly Address[] {
    return this.#allocator.cooling(this.#clock.monotonic()).map(({ address }) => address);
  }

  usage(): readonly CidrUsage[] {
    return this.#allocator.usage(this.#clock.monotonic());
  }

  /** Whether the next pod would get its addresses. */
  get available(): boolean {
    return this.#allocator.available;
  }

  /** Addresses that rest, with the time of their release (wall clock, milliseconds), longest first. */
  cooling(): readonly { readonly address: Address; readonly releasedAt: number }[] {
    const monotonic = this.#clock.monotonic();
    const now = this.#clock.now();
    return this.#allocator
      .cooling(monotonic)
      .map(({ address, releasedAt }) => ({ address, releasedAt: now - (monotonic - releasedAt) }));
  }

  tunnelAddresses(): readonly Address[] {
    return this.#allocator.tunnelAddresses();
  }

  problems(): readonly Problem[] {
    return this.#journalProblem === undefined ? this.#conflicts : [...this.#conflicts, this.#journalProblem];
  }

  /** Waits for a compaction under way and closes the file. */
  async close(): Promise<void> {
    await this.#compacting;
    this.#journal.close();
  }

  #append(record: JournalRecord): void {
    try {
      this.#journal.append(record);
      this.#journalProblem = undefined;
    } catch (error) {
      this.#journalProblem = journalProblem(error);
      throw error;
    }
  }

  /**
   * For facts that hold whether or not they can be written. A `free` that is missing makes the address look taken after a
   * restart until it is given again; a `take` of a live link that is missing is found again at its link. Tells whether it was written.
   */
  #remember(record: JournalRecord): boolean {
    try {
      this.#append(record);
      return true;
    } catch (error) {
      this.#log.warn('ipam journal line is lost', { reason: describeError(error) });
      return false;
    }
  }

  #compactWhenLong(): void {
    const records = this.#snapshotSize();
    if (!this.#journal.wantsCompaction(records)) return;
    this.#compacting = this.#journal.compact(this.#snapshot()).catch((error: unknown) => {
      this.#log.warn('ipam journal is not compacted', { reason: describeError(error) });
    });
  }

  #snapshotSize(): number {
    return this.#attachments.size + this.#allocator.coolingCount(this.#clock.monotonic());
  }

  #snapshot(): readonly JournalRecord[] {
    return [
      ...this.list().map((attachment): JournalRecord => ({ kind: 'take', attachment })),
      ...this.cooling().map(
        ({ address, releasedAt }): JournalRecord => ({ kind: 'rest', address, at: releasedAt }),
      ),
    ];
  }
}

function conflict(link: LiveAttachment, error: unknown): Problem {
  return {
    code: 'GRY_IPAM_DUPLICATE',
    severity: 'error',
    subject: `pod link ${link.hostLink}`,
    message: describeError(error),
    remedy: 'delete one of the two pods',
  };
}

function journalProblem(error: unknown): Problem {
  return {
    code: 'GRY_IPAM_JOURNAL',
    severity: 'error',
    subject: 'IPAM journal',
    message: error instanceof Error ? error.message : String(error),
    remedy: 'free space on the file system and make the directory writable for root',
  };
}
