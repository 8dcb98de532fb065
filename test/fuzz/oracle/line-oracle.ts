import { concat, HEADER, u16 } from '../octets.ts';
import { type Ending, ending } from './ending.ts';
import { judgeHeader } from './header.ts';
import { type Configured, judgeOpen, type Opened, readOpen } from './open.ts';
import type { Possible, RouteKey } from './routes.ts';
import { agree, contradicts, type Terms } from './terms.ts';
import { judgeUpdate } from './update.ts';

export type Phase = 'opensent' | 'openconfirm' | 'established' | 'over';

/** Milliseconds: RFC 4271 §8.2.2 wants "a large value" while an OPEN is waited for and suggests 4 minutes. */
const OPEN_WAIT = { least: 60_000, most: 300_000 };
/** Milliseconds that a hold timer may be late. */
const SLACK = 1_000;

const TYPE = { open: 1, update: 2, notification: 3, keepalive: 4, refresh: 5 };
const EXTENDED_MESSAGE = 6;

/**
 * What a BGP speaker must do on one connection, worked out from the octets that it is sent, message after message: RFC 4271
 * §6 and §8 with RFC 6608 and the standards that the other files of this folder name. Where they leave a choice, all of it is
 * allowed. It shares no code with `src/bgp`, and it is in no hurry.
 */
export class LineOracle {
  phase: Phase = 'opensent';
  /** Why it is over: one of these NOTIFICATIONs; an empty list: without one. */
  endings: readonly Ending[] = [];
  /** It may also end without a word. */
  mayBeSilent = false;
  /** NOTIFICATIONs that were possible on the way, where going on was possible too. */
  readonly allowed: Ending[] = [];
  /** From here on the standards say too little: only what holds for every session still counts. */
  vague = false;
  /** Whole messages looked at, the broken one included. */
  messages = 0;
  terms: Terms | undefined;
  /** The NOTIFICATION that it was sent. */
  notified: Uint8Array | undefined;
  wasEstablished = false;
  readonly routes = new Map<RouteKey, Possible>();
  readonly #configured: Configured;
  #local: Opened | undefined;
  #rest: Uint8Array = new Uint8Array(0);
  /** When the hold timer was restarted at the earliest and at the latest, by the strictest and the mildest reading. */
  #heard: { strictly: number; mildly: number };
  /** Families whose routes are being told again (RFC 7313 §4), and what was told since. */
  readonly #refreshing = new Map<number, Set<RouteKey>>();

  constructor(configured: Configured, now: number) {
    this.#configured = configured;
    this.#heard = { strictly: now, mildly: now };
  }

  get over(): boolean {
    return this.phase === 'over';
  }

  /** The speaker's own OPEN, which says what it can do. */
  hearOpen(bytes: Uint8Array): void {
    this.#local = readOpen(bytes).opened;
  }

  /** Octets that the speaker has received at `now`, milliseconds. */
  receive(bytes: Uint8Array, now: number): void {
    this.expire(now);
    if (this.over) return;
    this.#heard.mildly = now;
    let rest = concat(this.#rest, bytes);
    while (!this.over && rest.length >= HEADER) {
      const length = u16(rest, 16);
      const { must, may } = judgeHeader(
        rest.subarray(0, HEADER),
        this.#takesLong,
        this.phase === 'established',
      );
      if (must.length > 0) {
        this.messages++;
        // RFC 4271 §6.4: an error in a NOTIFICATION is not answered; §6.1 wants its length answered.
        this.mayBeSilent = rest[18] === TYPE.notification;
        return this.#end(...must, ...may);
      }
      this.allowed.push(...may);
      if (rest.length < length) break;
      this.messages++;
      this.#take(rest.slice(0, length), now);
      rest = rest.subarray(length);
    }
    this.#rest = rest;
  }

  /** Time has passed: RFC 4271 §6.5. */
  expire(now: number): void {
    if (this.over) return;
    const expired = ending('RFC 4271 §6.5', 4, 0);
    const [least, most] = this.#holdTimes();
    if (now - this.#heard.mildly > most + SLACK) this.#end(expired);
    else if (now - this.#heard.strictly >= least) this.allowed.push(expired);
  }

  /** The connection is over without a word of the speaker, or with one that was allowed. */
  stop(): void {
    this.mayBeSilent = true;
    this.#end();
  }

  /** Families whose routes may be kept as stale ones now that it is over; `said`: the NOTIFICATION of the speaker. */
  mayBeKept(said: Uint8Array | undefined): readonly number[] {
    const notification = said ?? this.notified;
    if (this.terms === undefined || notification === undefined) return this.terms?.kept ?? [];
    // RFC 8538 §3.1: not after a Hard Reset.
    const hard = notification[19] === 6 && notification[20] === 9;
    return this.terms.keptAfterNotification && !hard ? this.terms.kept : [];
  }

  #holdTimes(): readonly [number, number] {
    if (this.terms === undefined) return [OPEN_WAIT.least, OPEN_WAIT.most];
    const { holdTime } = this.terms;
    return holdTime === 0 ? [Infinity, Infinity] : [holdTime * 1000, holdTime * 1000];
  }

  get #takesLong(): boolean {
    return this.#local?.capabilities.some((c) => c.code === EXTENDED_MESSAGE) === true;
  }

  #take(bytes: Uint8Array, now: number): void {
    const type = bytes[18] ?? 0;
    if (type === TYPE.notification) {
      this.notified = bytes;
      return this.stop();
    }
    switch (this.phase) {
      case 'opensent':
        return type === TYPE.open ? this.#takeOpen(bytes, now) : this.#unexpected(1, type);
      case 'openconfirm':
        if (type === TYPE.keepalive) this.#enter('established', now);
        else this.#unexpected(2, type, bytes);
        return;
      case 'established':
        return this.#takeEstablished(type, bytes, now);
      case 'over':
        return undefined;
    }
  }

  #takeOpen(bytes: Uint8Array, now: number): void {
    if (this.#local === undefined) throw new Error('the speaker has not sent an OPEN');
    const { must, may, opened, vague } = judgeOpen(bytes, this.#local, this.#configured);
    if (must.length > 0) return this.#end(...must, ...may);
    this.allowed.push(...may);
    this.vague ||= vague || contradicts(opened);
    this.terms = agree(this.#local, opened);
    this.#enter('openconfirm', now);
  }

  #enter(phase: Phase, now: number): void {
    this.phase = phase;
    this.wasEstablished ||= phase === 'established';
    this.#restart(now);
  }

  #restart(now: number): void {
    this.#heard = { strictly: now, mildly: now };
  }

  #takeEstablished(type: number, bytes: Uint8Array, now: number): void {
    switch (type) {
      case TYPE.keepalive:
        return this.#restart(now);
      case TYPE.update:
        this.#restart(now);
        return this.#takeUpdate(bytes);
      case TYPE.refresh:
        return this.#takeRefresh(bytes);
      default:
        return this.#unexpected(3, type);
    }
  }

  #takeUpdate(bytes: Uint8Array): void {
    if (this.terms === undefined) throw new Error('established without terms');
    const { must, may, effects } = judgeUpdate(bytes, this.terms);
    if (must.length > 0) return this.#end(...must);
    this.allowed.push(...may);
    for (const [key, possible] of effects) {
      this.routes.set(key, possible);
      this.#refreshing.get(Number.parseInt(key, 10))?.add(key);
    }
  }

  /** RFC 2918 §3 and §4, RFC 7313 §4 and §5. */
  #takeRefresh(bytes: Uint8Array): void {
    const subtype = bytes[21] ?? 0;
    const enhanced = this.terms?.enhancedRefresh === true;
    if (bytes.length !== HEADER + 4) {
      const wrong = ending('RFC 7313 §5', 7, 1, bytes);
      if (enhanced && (subtype === 1 || subtype === 2) && bytes.length > 21) return this.#end(wrong);
      // Without the capability no standard has a word for it, and of a subtype that nobody knows nothing counts.
      this.allowed.push(wrong, ending('RFC 4271 §6.1', 1, 2, bytes.slice(16, 18)));
      this.vague = true;
      return;
    }
    const family = u16(bytes, 19) * 256 + (bytes[22] ?? 0);
    if (enhanced && subtype === 1) this.#refreshing.set(family, new Set());
    if (enhanced && subtype === 2) this.#sweep(family);
  }

  /** RFC 7313 §4.2: what was not told again is gone. */
  #sweep(family: number): void {
    const told = this.#refreshing.get(family);
    this.#refreshing.delete(family);
    if (told === undefined) return;
    for (const key of this.routes.keys()) {
      if (Number.parseInt(key, 10) === family && !told.has(key)) this.routes.set(key, [undefined]);
    }
  }

  /** RFC 6608 §3; an OPEN in OpenConfirm is looked at first (RFC 4271 §8.2.2, events 19 and 22). */
  #unexpected(state: 1 | 2 | 3, type: number, bytes?: Uint8Array): void {
    const endings = [ending('RFC 6608 §3', 5, state, Uint8Array.of(type))];
    if (bytes !== undefined && type === TYPE.open && this.#local !== undefined) {
      endings.push(...judgeOpen(bytes, this.#local, this.#configured).must);
    }
    this.#end(...endings);
  }

  #end(...endings: readonly Ending[]): void {
    this.phase = 'over';
    this.endings = endings;
  }
}
