import type { Address } from '../net/address.ts';
import { type Attachment, attachmentId } from './attachment.ts';
import { decodeHeader, decodeRecord, type JournalRecord } from './journal-record.ts';

/** What the lines of a journal amount to. */
export interface JournalState {
  readonly attachments: ReadonlyMap<string, Attachment>;
  /** Address to time of release (wall clock, milliseconds). */
  readonly resting: ReadonlyMap<Address, number>;
  /** Whole lines whose checksum or shape is wrong: lost facts, to be made up for from the live links. */
  readonly damaged: number;
  /** Lines that count: what decides when to compact. */
  readonly lines: number;
  /** Bytes up to the end of the last whole line: where appending may go on. */
  readonly length: number;
}

/**
 * Replays a journal file. Undefined when it belongs to another boot of the machine, has another format or has lost its header:
 * none of its pods can be trusted to live. A torn last line, the mark of a crash, is not counted as damage.
 */
export function replayJournal(bytes: Buffer, boot: string): JournalState | undefined {
  const length = bytes.lastIndexOf(NEWLINE) + 1;
  const [header, ...lines] = bytes.toString('utf8', 0, length).split('\n').slice(0, -1);
  if (header === undefined || decodeHeader(header)?.boot !== boot) return undefined;
  const replay = new Replay();
  let damaged = 0;
  for (const text of lines) {
    const record = decodeRecord(text);
    if (record === undefined) damaged++;
    else replay.apply(record);
  }
  return { attachments: replay.attachments, resting: replay.resting, damaged, lines: lines.length, length };
}

const NEWLINE = 10;

class Replay {
  readonly attachments = new Map<string, Attachment>();
  readonly resting = new Map<Address, number>();
  readonly #owners = new Map<Address, string>();

  apply(record: JournalRecord): void {
    switch (record.kind) {
      case 'take':
        return this.#take(record.attachment);
      case 'ready':
        return this.#enter(record.id, 'configured');
      case 'leave':
        return this.#enter(record.id, 'detaching');
      case 'free':
        for (const address of this.#drop(record.id)) this.#rest(address, record.at);
        return;
      case 'rest':
        return this.#rest(record.address, record.at);
    }
  }

  #enter(id: string, state: Attachment['state']): void {
    const attachment = this.attachments.get(id);
    if (attachment !== undefined) this.attachments.set(id, { ...attachment, state });
  }

  /** A later line is right: an address is only given again after a release, so the line of that release has been lost. */
  #take(attachment: Attachment): void {
    const id = attachmentId(attachment);
    this.#drop(id);
    for (const address of attachment.addresses) {
      const earlier = this.#owners.get(address);
      if (earlier !== undefined) this.#drop(earlier);
      this.#owners.set(address, id);
      this.resting.delete(address);
    }
    this.attachments.set(id, attachment);
  }

  #drop(id: string): readonly Address[] {
    const addresses = this.attachments.get(id)?.addresses ?? [];
    this.attachments.delete(id);
    for (const address of addresses) this.#owners.delete(address);
    return addresses;
  }

  #rest(address: Address, at: number): void {
    if (this.#owners.has(address)) return;
    this.resting.delete(address);
    this.resting.set(address, at);
  }
}
