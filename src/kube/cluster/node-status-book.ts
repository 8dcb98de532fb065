import { equal } from '../../net/equal.ts';
import type { GryphonNodeStatus } from '../kinds/gryphon-node.ts';
import { contentOf, essenceOf, objectRequest, statusOf, statusRequest } from './gryphon-node.ts';
import type { KubeRequest } from './kube-api.ts';
import type { NodeReport } from './node-report.ts';

/** Milliseconds between two writes at least, and where nothing but details has changed. */
const SPACING = 5000;
const DETAIL_SPACING = 60_000;
/** Milliseconds after which the same is written again, because nobody watches whether somebody undid it; up to half as much more. */
const REASSURANCE = 600_000;
/** Milliseconds per peer over which the nodes that lose the same peer are spread, and at most. */
const SPREAD_PER_PEER = 10;
const LONGEST_SPREAD = 30_000;

/** A write that is due. */
export interface StatusWrite {
  readonly name: 'GryphonNode' | 'GryphonNode status';
  readonly request: KubeRequest;
  /** It was written, at this time. */
  done(now: number): void;
}

interface Written {
  readonly status: GryphonNodeStatus;
  readonly at: number;
  /** When the same is written again. */
  readonly again: number;
}

/**
 * When the GryphonNode of this node has to be written: the object itself first, then its status, at once what matters and seldom what
 * does not. All times are monotonic, in milliseconds. No I/O.
 */
export class NodeStatusBook {
  readonly #random: () => number;
  #node: NodeReport['node'];
  #status: GryphonNodeStatus | undefined;
  #written: Written | undefined;
  /** The uid of the Node to which the object belongs as it was written last. */
  #owner: string | undefined;
  /** When the difference between the two is written; undefined: there is none. */
  #due: { readonly at: number; readonly matters: boolean } | undefined;

  /** `random` is uniform in [0, 1). */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** This is true now. */
  take(report: NodeReport, now: number): void {
    this.#node = report.node;
    this.#status = statusOf(report);
    const change = this.#change();
    const matters = change === 'essence';
    const due = this.#due;
    if (change === undefined) this.#due = undefined;
    // What has become due stays so: who casts a lot each time that the same is said gets the shortest wait of all.
    else if (due === undefined || (matters && !due.matters))
      this.#due = { at: Math.min(due?.at ?? Number.POSITIVE_INFINITY, this.#earliest(change, now)), matters };
  }

  next(now: number): StatusWrite | undefined {
    const node = this.#node;
    const status = this.#status;
    if (node === undefined || status === undefined) return undefined;
    const { name, uid = '' } = node;
    if (this.#owner !== uid) {
      const done = (): void => {
        this.#owner = uid;
      };
      return { name: 'GryphonNode', request: objectRequest(node), done };
    }
    if (now < (this.#due?.at ?? this.#written?.again ?? 0)) return undefined;
    return {
      name: 'GryphonNode status',
      request: statusRequest(name, status),
      done: (at) => {
        const again = at + REASSURANCE * (1 + this.#random() / 2);
        this.#written = { status, at, again };
        this.#due = undefined;
      },
    };
  }

  /** The server does not know the object. */
  lost(): void {
    this.#owner = undefined;
  }

  #change(): 'essence' | 'detail' | undefined {
    const before = this.#written?.status;
    const after = this.#status;
    if (before === undefined || after === undefined) return undefined;
    if (!equal(essenceOf(before), essenceOf(after))) return 'essence';
    return equal(contentOf(before), contentOf(after)) ? undefined : 'detail';
  }

  #earliest(change: 'essence' | 'detail', now: number): number {
    const { at, status } = this.#written ?? { at: Number.NEGATIVE_INFINITY, status: undefined };
    if (change === 'detail') return at + DETAIL_SPACING;
    const spread = Math.min((status?.peersConfigured ?? 0) * SPREAD_PER_PEER, LONGEST_SPREAD);
    return Math.max(at + SPACING, now + this.#random() * spread);
  }
}
