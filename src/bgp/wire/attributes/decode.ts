import { u8, u16 } from '../bytes.ts';
import { MAX_EXTENDED_LENGTH } from '../header.ts';
import type { Reset, UpdateProblem, WireContext } from '../message.ts';
import { type NotificationName, reset } from '../notification.ts';
import {
  decodeReach,
  decodeUnreach,
  type ForeignFamily,
  type Reach,
  type Unlocatable,
  type Unreach,
} from '../reach.ts';
import { mergeAs4 } from './as4.ts';
import { type KnownSet, KnownSets } from './known-sets.ts';
import {
  type AttributeDraft,
  type AttributeRow,
  EXTENDED_LENGTH,
  OPTIONAL,
  PARTIAL,
  TRANSITIVE,
} from './row.ts';
import { attributeRow, MP_REACH_NLRI, MP_UNREACH_NLRI } from './table.ts';

/** What the attributes of one UPDATE say, and what is wrong with them. */
export interface AttributeBlock {
  readonly draft: AttributeDraft;
  /** How many attributes there are, repeated ones too. */
  readonly count: number;
  readonly reach: Reach | ForeignFamily | undefined;
  readonly unreach: Unreach | ForeignFamily | undefined;
  readonly problems: readonly UpdateProblem[];
  /**
   * The first error that asks for treat-as-withdraw, as the end of the session that it becomes where there is nothing to
   * withdraw (RFC 7606 §5.2).
   */
  readonly fallback: Reset | undefined;
}

/**
 * Decodes the attributes in `bytes[start, end)`. A reset where the standards leave no other choice. A set that is all right is
 * decoded once: where its octets are known, only the multiprotocol attributes are looked at, which are no part of it. `classic`:
 * the message has routes in its NLRI field.
 */
export function decodeAttributes(
  bytes: Uint8Array,
  start: number,
  end: number,
  classic: boolean,
  context: WireContext,
): AttributeBlock | Reset {
  if (start === end) return NO_ATTRIBUTES;
  const key = keyOf(bytes, start, end);
  const known = key === undefined ? undefined : knownSets.get(key.octets, key.start, key.end, context);
  const walk = new AttributeWalk(bytes, context, known);
  const fatal =
    known === undefined ? walk.visitAll(start, end, classic) : walk.visitMultiprotocolOnly(start, end);
  if (fatal !== undefined) return fatal;
  if (known === undefined && key !== undefined && walk.problems.length === 0) {
    const count = walk.count - key.multiprotocol;
    knownSets.put(key.octets, key.start, key.end, context, { draft: walk.draft, count });
  }
  return walk;
}

const knownSets = new KnownSets();

const NO_ATTRIBUTES: AttributeBlock = {
  draft: { attributes: {} },
  count: 0,
  reach: undefined,
  unreach: undefined,
  problems: [],
  fallback: undefined,
};

/** The octets of all attributes but the multiprotocol ones: `octets[start, end)`. */
interface Key {
  readonly octets: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** How many multiprotocol attributes were left out. */
  readonly multiprotocol: number;
}

/** Where keys are put together that are not one piece of the message. Reused: a key lives until its message is decoded. */
const joined = new Uint8Array(MAX_EXTENDED_LENGTH);

/** Undefined: the lengths contradict each other. */
function keyOf(bytes: Uint8Array, start: number, end: number): Key | undefined {
  let length = 0;
  let multiprotocol = 0;
  let from = start;
  let at = start;
  while (at < end) {
    const next = nextAttribute(bytes, at, end);
    if (next > end) return undefined;
    if (isMultiprotocol(u8(bytes, at + 1))) {
      multiprotocol++;
      for (let i = from; i < at; i++) joined[length++] = u8(bytes, i);
      from = next;
    }
    at = next;
  }
  if (from === start) return { octets: bytes, start, end, multiprotocol };
  for (let i = from; i < end; i++) joined[length++] = u8(bytes, i);
  return { octets: joined, start: 0, end: length, multiprotocol };
}

const isMultiprotocol = (type: number): boolean => type === MP_REACH_NLRI || type === MP_UNREACH_NLRI;

/** Whether MP_REACH_NLRI is among the attributes. */
function hasReach(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at = nextAttribute(bytes, at, end)) {
    if (u8(bytes, at + 1) === MP_REACH_NLRI) return true;
  }
  return false;
}

/** Where the attribute at `at` ends by its own account; beyond `limit` where that is not possible. */
function nextAttribute(bytes: Uint8Array, at: number, limit: number): number {
  const extended = (u8(bytes, at) & EXTENDED_LENGTH) !== 0;
  const start = at + (extended ? 4 : 3);
  return start > limit ? start : start + (extended ? u16(bytes, at + 2) : u8(bytes, at + 2));
}

/** An attribute that begins at `at`; its value is `bytes[start, end)`. */
interface AttributeHeader {
  readonly at: number;
  readonly flags: number;
  readonly type: number;
  readonly start: number;
  readonly end: number;
}

function readHeader(bytes: Uint8Array, at: number, limit: number): AttributeHeader | string {
  const flags = u8(bytes, at);
  const start = at + ((flags & EXTENDED_LENGTH) === 0 ? 3 : 4);
  if (start > limit) return `${limit - at} octets are left, too few for an attribute`;
  const type = u8(bytes, at + 1);
  const end = nextAttribute(bytes, at, limit);
  if (end > limit) return `attribute ${type} of ${end - start} octets ends after the attributes`;
  return { at, flags, type, start, end };
}

/** The types that the walk has met; reused, because a table for each message would cost more than all the rest. */
const seen = new Uint8Array(256);

/** The state of one walk over the attributes of one message. */
class AttributeWalk implements AttributeBlock {
  readonly draft: AttributeDraft;
  count: number;
  readonly problems: UpdateProblem[] = [];
  reach: Reach | ForeignFamily | undefined;
  unreach: Unreach | ForeignFamily | undefined;
  fallback: Reset | undefined;
  readonly #bytes: Uint8Array;
  readonly #context: WireContext;
  /** All routes of the message are in MP_REACH_NLRI, of which the attributes before it know nothing yet. */
  #onlyReach = false;

  /** Begins with a set that is known, or with nothing. */
  constructor(bytes: Uint8Array, context: WireContext, known: KnownSet | undefined) {
    this.#bytes = bytes;
    this.#context = context;
    this.draft = known?.draft ?? { attributes: {} };
    this.count = known?.count ?? 0;
    seen.fill(0);
  }

  visitAll(start: number, end: number, classic: boolean): Reset | undefined {
    this.#onlyReach = !classic && hasReach(this.#bytes, start, end);
    for (let at = start; at < end; ) {
      const header = readHeader(this.#bytes, at, end);
      if (typeof header === 'string') {
        // RFC 7606 §4: the lengths contradict each other; the total is relied upon to find what follows the attributes.
        this.#withdraw('malformedAttributeList', header, 'RFC 7606 §4');
        break;
      }
      const fatal = this.#visit(header);
      if (fatal !== undefined) return fatal;
      at = header.end;
    }
    mergeAs4(this.draft);
    return undefined;
  }

  /** As `visitAll`, where all others are those of a known set. */
  visitMultiprotocolOnly(start: number, end: number): Reset | undefined {
    for (let at = start; at < end; at = nextAttribute(this.#bytes, at, end)) {
      if (!isMultiprotocol(u8(this.#bytes, at + 1))) continue;
      const header = readHeader(this.#bytes, at, end);
      const fatal = typeof header === 'string' ? undefined : this.#visit(header);
      if (fatal !== undefined) return fatal;
    }
    return undefined;
  }

  /** Notes a treat-as-withdraw; of an attribute where `header` is given. */
  #withdraw(name: NotificationName, text: string, rule: string, header?: AttributeHeader): void {
    this.#note('withdraw', text, rule, header);
    this.fallback ??= reset(name, text, header === undefined ? undefined : this.#raw(header));
  }

  #visit(header: AttributeHeader): Reset | undefined {
    const { type } = header;
    this.count++;
    const repeated = seen[type] === 1;
    seen[type] = 1;
    if (isMultiprotocol(type)) return this.#visitMultiprotocol(header, repeated);
    const row = attributeRow(type);
    if (repeated) {
      // RFC 7606 §3 (g): all but the first are discarded.
      this.#note('discard', `${row?.name ?? `attribute ${type}`} more than once`, 'RFC 7606 §3 (g)', header);
      return undefined;
    }
    if (row === undefined) return this.#visitUnknown(header);
    this.#visitKnown(header, row);
    return undefined;
  }

  #visitKnown(header: AttributeHeader, row: AttributeRow): void {
    const { uselessFrom } = row;
    if (uselessFrom !== undefined && this.#comesFrom(uselessFrom.peers)) {
      const text = `${row.name} from ${uselessFrom.peers === 'external' ? 'an external' : 'a four-octet AS'} peer`;
      this.#note('discard', text, uselessFrom.rule, header);
      return;
    }
    // RFC 7606 §3 (c), (f)
    const flags = header.flags & (OPTIONAL | TRANSITIVE);
    const complaint =
      flags === row.flags
        ? row.decode(this.draft, this.#bytes, header.start, header.end, this.#context)
        : ({ notification: 'attributeFlags', text: `flags ${hex8(flags)}, not ${hex8(row.flags)}` } as const);
    if (complaint === undefined) {
      if ((header.flags & PARTIAL) !== 0) this.#notePartial(row);
      return;
    }
    const text = `${row.name}: ${complaint.text}`;
    const { classicOnly } = row;
    if (classicOnly !== undefined && this.#onlyReach) this.#note('ignore', text, classicOnly.rule, header);
    else if (row.onError === 'discard') this.#note('discard', text, row.rule, header);
    else this.#withdraw(complaint.notification, text, row.rule, header);
  }

  /** RFC 4271 §4.3: the bit has a meaning only for what is optional and transitive. */
  #notePartial({ flags, type }: AttributeRow): void {
    if (flags !== (OPTIONAL | TRANSITIVE)) return;
    const { attributes } = this.draft;
    attributes.partial = [...(attributes.partial ?? []), type];
  }

  #comesFrom(peers: 'external' | 'four-octet'): boolean {
    return peers === 'external' ? this.#context.external : this.#context.fourOctetAS;
  }

  /** RFC 4271 §6.3 and §9: the flags alone decide about an attribute that we do not know. */
  #visitUnknown(header: AttributeHeader): Reset | undefined {
    const { flags, type, start, end } = header;
    if ((flags & OPTIONAL) === 0) {
      return reset('unrecognizedWellKnown', `well-known attribute ${type} is unknown`, this.#raw(header));
    }
    if ((flags & TRANSITIVE) === 0) {
      this.#note('ignore', `optional attribute ${type} is unknown`, 'RFC 4271 §9', header);
      return undefined;
    }
    const value = new Uint8Array(this.#bytes.subarray(start, end));
    const { attributes } = this.draft;
    attributes.unknown = [...(attributes.unknown ?? []), { type, value }];
    return undefined;
  }

  #visitMultiprotocol(header: AttributeHeader, repeated: boolean): Reset | undefined {
    const isReach = header.type === MP_REACH_NLRI;
    const name = isReach ? 'MP_REACH_NLRI' : 'MP_UNREACH_NLRI';
    // RFC 7606 §3 (g)
    if (repeated) return reset('malformedAttributeList', `${name} more than once`);
    const flags = header.flags & (OPTIONAL | TRANSITIVE);
    // RFC 7606 §5.3: bad flags too make the attribute incorrect, so that its prefixes cannot be trusted.
    if (flags !== OPTIONAL) {
      return this.#brokenMultiprotocol(`${name}: flags ${hex8(flags)}, not ${hex8(OPTIONAL)}`, header);
    }
    const decode = isReach ? decodeReach : decodeUnreach;
    const decoded = decode(this.#bytes, header.start, header.end, this.#context);
    return this.#keep(decoded, name, header);
  }

  #keep(
    decoded: Reach | Unreach | ForeignFamily | Unlocatable,
    name: string,
    header: AttributeHeader,
  ): Reset | undefined {
    switch (decoded.kind) {
      case 'unlocatable':
        return this.#brokenMultiprotocol(`${name}: ${decoded.text}`, header);
      case 'reach':
        this.reach = decoded;
        return undefined;
      case 'unreach':
        this.unreach = decoded;
        return undefined;
      case 'foreign':
        if (header.type === MP_REACH_NLRI) this.reach = decoded;
        else this.unreach = decoded;
        this.#note('ignore', `${name} of ${decoded.family}, not of this session`, 'RFC 4760 §8', header);
        return undefined;
    }
  }

  /** RFC 4760 §7; RFC 7606 §7.11 and §7.12 keep it. */
  #brokenMultiprotocol(text: string, header: AttributeHeader): Reset {
    return reset('optionalAttribute', text, this.#raw(header));
  }

  #note(reaction: UpdateProblem['reaction'], text: string, rule: string, header?: AttributeHeader): void {
    this.problems.push({ reaction, rule, text, ...(header !== undefined && { attribute: header.type }) });
  }

  /** RFC 4271 §6.3: the data of a notification are the attribute with type and length. */
  #raw(header: AttributeHeader): Uint8Array {
    return new Uint8Array(this.#bytes.subarray(header.at, header.end));
  }
}

const hex8 = (value: number): string => `0x${value.toString(16).padStart(2, '0')}`;
