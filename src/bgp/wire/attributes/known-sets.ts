import { u8 } from '../bytes.ts';
import type { AttributeContext, AttributeDraft } from './row.ts';

/** A set of attributes without anything wrong in it, as it was decoded: shared by all messages that carry its octets. */
export interface KnownSet {
  readonly draft: AttributeDraft;
  /** How many attributes it has. */
  readonly count: number;
}

interface Entry {
  readonly set: KnownSet;
  readonly sessions: number;
  readonly start: number;
  readonly end: number;
}

/** Sets and octets that one generation remembers. */
const MAX_SETS = 4096;
const MAX_OCTETS = 256 * 1024;

class Generation {
  readonly #octets = new Uint8Array(MAX_OCTETS);
  readonly #entries = new Map<number, Entry>();
  #used = 0;

  get(hash: number, sessions: number, key: Uint8Array, start: number, end: number): KnownSet | undefined {
    const entry = this.#entries.get(hash);
    if (entry === undefined || entry.sessions !== sessions) return undefined;
    return this.#holds(entry, key, start, end) ? entry.set : undefined;
  }

  /** Tells whether there was room. Another set with the same hash is forgotten. */
  put(hash: number, sessions: number, key: Uint8Array, start: number, end: number, set: KnownSet): boolean {
    const at = this.#used;
    if (this.#entries.size >= MAX_SETS || at + end - start > MAX_OCTETS) return false;
    for (let i = start; i < end; i++) this.#octets[at + i - start] = u8(key, i);
    this.#used = at + end - start;
    this.#entries.set(hash, { set, sessions, start: at, end: this.#used });
    return true;
  }

  clear(): void {
    this.#entries.clear();
    this.#used = 0;
  }

  #holds(entry: Entry, key: Uint8Array, start: number, end: number): boolean {
    if (entry.end - entry.start !== end - start) return false;
    const octets = this.#octets;
    const shift = entry.start - start;
    for (let i = start; i < end; i++) if (octets[i + shift] !== key[i]) return false;
    return true;
  }
}

/**
 * The sets of attributes that came last, found by their octets: equal ones are decoded once and are one object. Two generations
 * bound it: when the young one is full it becomes the old one, and what is asked for meanwhile moves over.
 */
export class KnownSets {
  #young: Generation | undefined;
  #old: Generation | undefined;
  /** Of the set that was asked for last. */
  #hash = 0;

  /** The set whose octets are `key[start, end)`, seen in a session of that kind. */
  get(key: Uint8Array, start: number, end: number, context: AttributeContext): KnownSet | undefined {
    const sessions = kindOf(context);
    const hash = hashOf(key, start, end, sessions);
    this.#hash = hash;
    const young = this.#young?.get(hash, sessions, key, start, end);
    if (young !== undefined) return young;
    const old = this.#old?.get(hash, sessions, key, start, end);
    if (old !== undefined) this.#put(hash, sessions, key, start, end, old);
    return old;
  }

  /** Remembers the set that `get` has just not found. */
  put(key: Uint8Array, start: number, end: number, context: AttributeContext, set: KnownSet): void {
    this.#put(this.#hash, kindOf(context), key, start, end, set);
  }

  #put(hash: number, sessions: number, key: Uint8Array, start: number, end: number, set: KnownSet): void {
    this.#young ??= new Generation();
    if (this.#young.put(hash, sessions, key, start, end, set)) return;
    const next = this.#old ?? new Generation();
    next.clear();
    this.#old = this.#young;
    this.#young = next;
    next.put(hash, sessions, key, start, end, set);
  }
}

/** What besides the octets decides about their meaning. */
const kindOf = ({ external, fourOctetAS }: AttributeContext): number =>
  (external ? 1 : 0) | (fourOctetAS ? 2 : 0);

/** FNV-1a. A collision costs a set its place, nothing else. */
function hashOf(key: Uint8Array, start: number, end: number, sessions: number): number {
  let hash = 0x811c9dc5 ^ sessions;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ u8(key, i), 0x01000193);
  return hash;
}
