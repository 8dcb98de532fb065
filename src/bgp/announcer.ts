import { ByteWriter } from '../net/byte-writer.ts';
import type { Prefix } from '../net/prefix.ts';
import type { BgpFamily } from './config.ts';
import { AdjRibOut, type OutboundBatch } from './rib/adj-rib-out.ts';
import type { Outbound } from './rib/export-policy.ts';
import { encodeMessage } from './wire/codec.ts';
import type { WireContext } from './wire/message.ts';
import { encodeAnnouncement, encodeWithdrawal } from './wire/update-encoder.ts';

/** Bytes that are written at once, and prefixes that are encoded for it: what one turn of the event loop may cost. */
const WRITE_SIZE = 64 * 1024;
const PREFIXES_A_TURN = 2_000;

/** Turns what a peer should know into UPDATEs, a bounded piece at a time; the initial table ends with End-of-RIB. */
export class Announcer {
  readonly #out = new AdjRibOut();
  readonly #context: WireContext;
  readonly #writer = new ByteWriter(WRITE_SIZE);
  #endOfRibDue: readonly BgpFamily[];
  /** RFC 7313: families whose BoRR and whose EoRR must still be sent. */
  readonly #beginDue = new Set<BgpFamily>();
  readonly #endDue = new Set<BgpFamily>();

  constructor(context: WireContext) {
    this.#context = context;
    this.#endOfRibDue = context.families;
  }

  get drained(): boolean {
    const markers = this.#endOfRibDue.length + this.#beginDue.size + this.#endDue.size;
    return this.#out.drained && markers === 0;
  }

  set(wanted: ReadonlyMap<Prefix, Outbound>): void {
    this.#out.set(wanted);
  }

  /** RFC 2918: the family is told once more, between markers where RFC 7313 was negotiated. */
  refresh(family: BgpFamily): void {
    this.#out.refresh(family);
    // RFC 7313 §4: no marker goes out before End-of-RIB.
    if (!this.#context.enhancedRefresh || this.#endOfRibDue.includes(family)) return;
    this.#beginDue.add(family);
    this.#endDue.add(family);
  }

  advertised(family: BgpFamily): number {
    return this.#out.advertised(family);
  }

  /** The next UPDATEs, freshly copied, and how many they are; `unsent` prefixes have attributes that fill a message. */
  next(): { readonly bytes: Uint8Array; readonly messages: number; readonly unsent: number } {
    this.#writer.reset();
    let messages = this.#sendMarkers('begin', this.#beginDue);
    let unsent = 0;
    let room = PREFIXES_A_TURN;
    while (room > 0 && this.#writer.length < WRITE_SIZE) {
      const batch = this.#out.take(room);
      if (batch === undefined) break;
      room -= batch.routes.prefixes.length;
      const encoded = this.#encode(batch);
      messages += encoded.messages;
      unsent += encoded.unsent;
    }
    if (this.#out.drained) {
      // RFC 4724 §2: also after an empty table, and also to peers without graceful restart.
      for (const family of this.#endOfRibDue) encodeMessage(this.#writer, { kind: 'end-of-rib', family });
      messages += this.#endOfRibDue.length;
      this.#endOfRibDue = [];
      messages += this.#sendMarkers('end', this.#endDue);
    }
    return { bytes: this.#writer.copy(), messages, unsent };
  }

  #sendMarkers(operation: 'begin' | 'end', due: Set<BgpFamily>): number {
    const { size } = due;
    for (const family of due) encodeMessage(this.#writer, { kind: 'route-refresh', operation, family });
    due.clear();
    return size;
  }

  #encode(batch: OutboundBatch): { readonly messages: number; readonly unsent: number } {
    const { length } = batch.routes.prefixes;
    let messages = 0;
    for (let from = 0; from < length; messages++) {
      const next =
        batch.kind === 'announce'
          ? encodeAnnouncement(this.#writer, batch.routes, this.#context, from)
          : encodeWithdrawal(this.#writer, batch.routes, this.#context, from);
      if (next === from) return { messages, unsent: length - from };
      from = next;
    }
    return { messages, unsent: 0 };
  }
}
