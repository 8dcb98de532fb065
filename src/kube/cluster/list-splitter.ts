import { asObject, own } from '../records/plain.ts';
import { KubeError } from './kube-api.ts';
import { LONGEST_OBJECT } from './line-reader.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const BLANKS: ReadonlySet<number> = new Set([0x09, 0x0a, 0x0d, 0x20]);

/** Octets of a list outside its items. */
const LONGEST_FRAME = 256 * 1024;

/** What a page says of the whole list. */
export interface ListEnd {
  readonly resourceVersion: string;
  /** How to ask for the next page; absent: this was the last one. */
  readonly next?: string;
}

/**
 * Cuts the items out of a list of the API (`{"kind":"NodeList","metadata":{…},"items":[…]}`) while it arrives, so that neither a
 * whole list is in memory nor one parse of it holds the event loop. Members may come in any order: lists of custom resources have
 * `metadata` behind the items.
 */
export class ListSplitter {
  #frame = '';
  #item: Uint8Array[] = [];
  #itemSize = 0;
  #depth = 0;
  #inString = false;
  #isEscaped = false;
  #inItems = false;
  readonly #decoder = new TextDecoder();

  /** The items that this chunk completes, as text. @throws KubeError */
  push(chunk: Uint8Array): string[] {
    const items: string[] = [];
    let from = 0;
    for (let i = 0; i < chunk.length; i++) {
      const octet = chunk[i];
      if (this.#inString) {
        this.#readString(octet);
        continue;
      }
      if (octet === QUOTE) {
        this.#inString = true;
        if (this.#isBetweenItems) throw noObject();
      } else if (octet === OPEN_BRACE || octet === OPEN_BRACKET) {
        if (this.#isBetweenItems) {
          if (octet === OPEN_BRACKET) throw noObject();
          from = i;
        } else if (this.#depth === 1 && octet === OPEN_BRACKET) {
          this.#addToFrame(chunk.subarray(from, i + 1));
          from = i + 1;
          this.#inItems = /[{,]\s*"items"\s*:\s*\[$/.test(this.#frame);
        }
        this.#depth++;
      } else if (octet === CLOSE_BRACE || octet === CLOSE_BRACKET) {
        this.#depth--;
        if (this.#isBetweenItems) {
          this.#addToItem(chunk.subarray(from, i + 1));
          items.push(this.#takeItem());
          from = i + 1;
        } else if (this.#inItems && this.#depth === 1) {
          this.#inItems = false;
          from = i;
        }
      } else if (this.#isBetweenItems) {
        if (octet !== COMMA && !BLANKS.has(octet ?? 0)) throw noObject();
      }
    }
    this.#keep(chunk.subarray(from));
    return items;
  }

  /** What the list says beside its items. @throws KubeError when it is no list, or stops in the middle */
  end(): ListEnd {
    if (this.#depth !== 0 || this.#inString)
      throw new KubeError('GRY_KUBE_TRUNCATED', 'the list stops in the middle');
    const frame = asObject(parseFrame(this.#frame));
    const metadata = asObject(own(frame, 'metadata'));
    const version = own(metadata, 'resourceVersion');
    const kind = own(frame, 'kind');
    if (typeof kind !== 'string' || !kind.endsWith('List') || !('items' in frame) || !isVersion(version))
      throw new KubeError('GRY_KUBE_GARBAGE', 'the answer is not a list of the Kubernetes API');
    const next = own(metadata, 'continue');
    return { resourceVersion: version, ...(typeof next === 'string' && next !== '' && { next }) };
  }

  get #isBetweenItems(): boolean {
    return this.#inItems && this.#depth === 2;
  }

  #readString(octet: number | undefined): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (octet === BACKSLASH) this.#isEscaped = true;
    else if (octet === QUOTE) this.#inString = false;
  }

  /** The rest of a chunk belongs to the item that has begun, to the frame, or to nobody. */
  #keep(rest: Uint8Array): void {
    if (!this.#inItems) this.#addToFrame(rest);
    else if (this.#depth > 2) this.#addToItem(rest);
  }

  #addToFrame(part: Uint8Array): void {
    this.#frame += this.#decoder.decode(part, { stream: true });
    if (this.#frame.length > LONGEST_FRAME)
      throw new KubeError('GRY_KUBE_GARBAGE', 'the answer is no list, or more than a list');
  }

  #addToItem(part: Uint8Array): void {
    this.#item.push(part);
    this.#itemSize += part.length;
    if (this.#itemSize > LONGEST_OBJECT)
      throw new KubeError('GRY_KUBE_GARBAGE', `an object is longer than ${LONGEST_OBJECT} octets`);
  }

  #takeItem(): string {
    const text = Buffer.concat(this.#item).toString('utf8');
    this.#item = [];
    this.#itemSize = 0;
    return text;
  }
}

const isVersion = (value: unknown): value is string => typeof value === 'string' && value !== '';

const noObject = (): KubeError => new KubeError('GRY_KUBE_GARBAGE', 'an item of the list is not an object');

function parseFrame(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new KubeError('GRY_KUBE_GARBAGE', 'the answer is not JSON', { cause });
  }
}
