import { ByteWriter } from '../net/byte-writer.ts';
import type { BgpFamily } from './config.ts';
import type { Batch } from './rib/adj-rib-out.ts';
import type { Outlet } from './rib/outlet.ts';
import { encodeMessage } from './wire/codec.ts';
import type { WireContext } from './wire/message.ts';
import { packAnnouncement, packWithdrawal } from './wire/update-encoder.ts';

/** Bytes that are written at once; places of the table that are looked at for it, and prefixes that are encoded. */
const WRITE_SIZE = 64 * 1024;
const PLACES = 1_000;
const PREFIXES = 2_000;

/**
 * Where the table of a family stands with the peer: `initial` until End-of-RIB was sent (RFC 4724 §2), `again` while it is told
 * once more.
 */
type Phase = 'initial' | 'told' | 'again';

/** What one piece of work brought forth. */
export interface Written {
  readonly bytes: Uint8Array;
  readonly messages: number;
  /** Prefixes that cannot be announced: their attributes fill a message. */
  readonly unsent: number;
}

/** Turns what a peer should know into UPDATEs, a bounded piece at a time, and marks where a table begins and ends. */
export class Announcer {
  readonly #outlet: Outlet;
  readonly #context: WireContext;
  readonly #writer = new ByteWriter();
  readonly #phases: Map<BgpFamily, Phase>;
  /** Families that the peer has asked for. */
  readonly #asked = new Set<BgpFamily>();
  #messages = 0;
  #unsent = 0;
  /** End-of-RIB must wait: we are restarting ourselves, and do not know everything yet (RFC 4724 §4.1). */
  endOfRibHeld = false;

  constructor(outlet: Outlet, context: WireContext) {
    this.#outlet = outlet;
    this.#context = context;
    this.#phases = new Map(context.families.map((family) => [family, 'initial']));
  }

  /** Nothing is left to say for now. */
  get drained(): boolean {
    return this.#context.families.every(
      (family) => this.#outlet.drained(family) && !this.#isMarkerDue(family),
    );
  }

  /** RFC 2918: the family is told once more, between markers where RFC 7313 was negotiated. */
  refresh(family: BgpFamily): void {
    this.#asked.add(family);
  }

  /** The next UPDATEs, freshly copied. */
  next(): Written {
    this.#writer.reset();
    this.#messages = 0;
    this.#unsent = 0;
    for (const family of this.#asked) this.#begin(family);
    this.#outlet.walk(PLACES);
    let room = PREFIXES;
    for (const family of this.#context.families) room = this.#write(family, room);
    for (const family of this.#context.families) if (this.#outlet.drained(family)) this.#end(family);
    return { bytes: this.#writer.copy(), messages: this.#messages, unsent: this.#unsent };
  }

  #isMarkerDue(family: BgpFamily): boolean {
    const phase = this.#phases.get(family);
    if (phase === 'again' || (phase === 'initial' && !this.endOfRibHeld)) return true;
    return this.#asked.has(family) && this.#mayBegin(phase);
  }

  /** RFC 7313 §4: no marker goes out before End-of-RIB, and one refresh follows the other. */
  #mayBegin(phase: Phase | undefined): boolean {
    return phase === 'told' || (phase === 'initial' && !this.#context.enhancedRefresh);
  }

  #begin(family: BgpFamily): void {
    const phase = this.#phases.get(family);
    if (!this.#mayBegin(phase)) return;
    this.#asked.delete(family);
    this.#outlet.refresh(family);
    if (phase === 'initial') return;
    this.#phases.set(family, 'again');
    if (this.#context.enhancedRefresh) this.#send({ kind: 'route-refresh', operation: 'begin', family });
  }

  /** Everything of the family has been told. */
  #end(family: BgpFamily): void {
    const phase = this.#phases.get(family);
    if (phase === 'told' || (phase === 'initial' && this.endOfRibHeld)) return;
    this.#phases.set(family, 'told');
    // RFC 4724 §2: also after an empty table, and also to peers without graceful restart.
    if (phase === 'initial') this.#send({ kind: 'end-of-rib', family });
    else if (this.#context.enhancedRefresh) this.#send({ kind: 'route-refresh', operation: 'end', family });
  }

  #send(message: Parameters<typeof encodeMessage>[1]): void {
    encodeMessage(this.#writer, message);
    this.#messages++;
  }

  /** Writes what waits in the family, as far as there is room; gives how much of that is left. */
  #write(family: BgpFamily, room: number): number {
    let left = room;
    while (left > 0 && this.#writer.length < WRITE_SIZE) {
      const batch = this.#outlet.take(family, left);
      if (batch === undefined) break;
      // Looking at what was taken back meanwhile costs something too.
      left -= Math.max(1, batch.ids.length);
      this.#encode(family, batch);
      this.#outlet.done(family);
    }
    return left;
  }

  #encode(family: BgpFamily, batch: Batch): void {
    const { outbound, ids } = batch;
    const source = this.#outlet.source(family, batch);
    for (let from = 0; from < ids.length; this.#messages++) {
      const next =
        outbound === undefined
          ? packWithdrawal(this.#writer, family, source, this.#context, from)
          : packAnnouncement(this.#writer, outbound, source, this.#context, from);
      if (next === from) {
        this.#unsent += ids.length - from;
        // RFC 8654 §4: what the peer was told of them before is no longer so. A withdrawal always fits.
        this.#encode(family, this.#outlet.refuse(family, batch, from));
        return;
      }
      from = next;
    }
  }
}
