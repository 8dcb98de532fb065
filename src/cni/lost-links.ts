import { type Attachment, attachmentId } from '../ipam/attachment.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import { describeError } from '../ports/error.ts';
import type { Log } from '../ports/log.ts';
import type { Problem } from '../ports/problem.ts';

/** Milliseconds between looks. */
const INTERVAL = 60_000;

export interface LostLinksOptions {
  readonly attachments: () => readonly Attachment[];
  readonly hasLink: (attachment: Attachment) => boolean;
  /** Gives the addresses free, unless there is a link by then. */
  readonly release: (attachment: Attachment) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Attachments whose link has gone without a DEL: runtimes forget some (containerd after an ADD that was cut short, CRI-O after a DEL that
 * failed once), somebody deletes a link by hand, a line of the journal is lost on a full disk. Their addresses would be taken until
 * the next boot. Without its link no pod can use an address, so what is lost at two looks is released.
 */
export class LostLinks {
  readonly #options: LostLinksOptions;
  #lost: readonly Attachment[] = [];
  #timer: Timer | undefined;
  #looking: Promise<void> = Promise.resolve();

  constructor(options: LostLinksOptions) {
    this.#options = options;
  }

  /** Looks now and from now on. */
  start(): void {
    this.#looking = this.#look();
    this.#timer = this.#options.clock.setTimer(INTERVAL, () => this.start());
  }

  /** Waits for what is under way. */
  async stop(): Promise<void> {
    this.#timer?.cancel();
    await this.#looking;
  }

  problems(): readonly Problem[] {
    return this.#lost.map(({ pod, containerID, hostLink }) => ({
      code: 'GRY_CNI_LINK_LOST',
      severity: 'warning',
      subject: pod === undefined ? `container ${containerID}` : `Pod ${pod.namespace}/${pod.name}`,
      message: `its link ${hostLink} has gone without a DEL, so it has no network; its addresses are released soon`,
      remedy: 'delete the pod if it still runs: its successor gets a link',
    }));
  }

  async #look(): Promise<void> {
    const { attachments, hasLink } = this.#options;
    try {
      const lost = attachments().filter((a) => a.state === 'configured' && !hasLink(a));
      // A confirmed attachment keeps its object, so this is the very one of the last look.
      const before = new Set(this.#lost);
      this.#lost = lost.filter((attachment) => !before.has(attachment));
      for (const attachment of lost) if (before.has(attachment)) await this.#release(attachment);
    } catch (error) {
      this.#options.log.warn('pod links cannot be looked for', { reason: describeError(error) });
    }
  }

  async #release(attachment: Attachment): Promise<void> {
    await this.#options.release(attachment);
    this.#options.log.warn('addresses of a pod whose link has gone are released', {
      attachment: attachmentId(attachment),
      pod: attachment.pod,
      addresses: attachment.addresses,
    });
  }
}
