import { Column, Octets } from '../../net/columns.ts';
import { equal } from '../../net/equal.ts';
import type { Outbound } from './export-policy.ts';
import { Queue } from './queue.ts';

/** Who keeps the things that ids stand for. */
export interface Holder {
  retain(id: number): void;
  release(id: number): void;
}

/** What to send next: ids that share a message; without `outbound` a withdrawal. None at all: nothing of it was left to say. */
export interface Batch {
  readonly outbound: Outbound | undefined;
  readonly ids: readonly number[];
}

/** What waits for an id: it stands in a group; among the withdrawals; it is to be told also if the peer knows it already. */
const ANNOUNCE = 1;
const WITHDRAW = 2;
const AGAIN = 4;

interface Group {
  readonly outbound: Outbound;
  readonly ids: number[];
  /** Where in `ids` to go on. */
  at: number;
}

/**
 * What one peer has been told of one family, and what it still must be told, by id: of a prefix, or of a route where it gets
 * several paths of one prefix. What waits are ids, each at most once to announce and once to withdraw, never messages: what
 * changes twice before its turn is sent once, by its latest state. Ids with the same attributes leave together, withdrawals
 * before announcements. An id is held from when the peer should know it until it has been told to forget it. What cannot be sent
 * (`refuse`) stays wanted, neither told nor waiting, until something else is wanted.
 */
export class AdjRibOut {
  readonly #holder: Holder;
  readonly #told = new Column<Outbound>();
  readonly #wanted = new Column<Outbound>();
  readonly #waits = new Octets();
  readonly #withdrawals = new Queue<number>();
  readonly #groups = new Queue<Group>();
  readonly #groupOf = new Map<Outbound, Group>();
  /** The group that came last: prefixes that were told together mostly are one group here too. */
  #joined: Group | undefined;
  /** Taken since the last `done`, and perhaps of no more interest. */
  readonly #leaving: number[] = [];
  /** Of the announcement taken last, what the peer knew something of before. */
  readonly #known: number[] = [];
  #advertised = 0;
  /** Everything below it has been told again, if that is being done. */
  #again: number | undefined;
  #dismantled = 0;

  constructor(holder: Holder) {
    this.#holder = holder;
  }

  /** Nothing waits. */
  get drained(): boolean {
    return this.#withdrawals.length === 0 && this.#groups.length === 0 && this.#again === undefined;
  }

  /** What the peer has been told and not been told to forget. */
  get advertised(): number {
    return this.#advertised;
  }

  /** What the peer has been told of the id; after the end of its session nothing of what has been let go. */
  told(id: number): Outbound | undefined {
    return id < this.#dismantled ? undefined : this.#told.get(id);
  }

  /** Every id that it may have been told of is below. */
  get end(): number {
    return this.#told.end;
  }

  /** Sets what the peer should know of the id; undefined: nothing. */
  put(id: number, outbound: Outbound | undefined): void {
    const wanted = this.#wanted.get(id);
    if (outbound === wanted) return;
    const told = this.#told.get(id);
    const next = same(outbound, told) ? told : outbound;
    if (same(next, wanted)) return;
    if (wanted === undefined && !this.#isHeld(id)) this.#holder.retain(id);
    this.#wanted.set(id, next);
    // What was refused waits among the withdrawals with nothing to be sent: there its id is let go.
    if (next === told && (next !== undefined || this.#waits.get(id) !== 0)) return;
    if (next === undefined) this.#wait(id, WITHDRAW, this.#withdrawals);
    else if ((this.#waits.get(id) & ANNOUNCE) === 0) this.#join(id, next);
  }

  /** The peer asked to be told again (RFC 2918); `repeat` does it. */
  refresh(): void {
    this.#again = 0;
  }

  /** Queues again what stands in the next `limit` places, if that is being done. */
  repeat(limit: number): void {
    if (this.#again === undefined) return;
    const end = Math.min(this.#told.end, this.#again + limit);
    for (let id = this.#again; id < end; id++) {
      const wanted = this.#wanted.get(id);
      if (wanted === undefined || this.#told.get(id) === undefined) continue;
      const waits = this.#waits.get(id);
      this.#waits.set(id, waits | AGAIN);
      if ((waits & ANNOUNCE) === 0) this.#join(id, wanted);
    }
    this.#again = end === this.#told.end ? undefined : end;
  }

  /** The next of what waits, after looking at no more than `limit`; it counts as told. Undefined: nothing waits. */
  take(limit: number): Batch | undefined {
    if (this.#withdrawals.length > 0) return this.#takeWithdrawals(limit);
    const group = this.#groups.first;
    return group === undefined ? undefined : this.#takeGroup(group, limit);
  }

  /**
   * The announcement taken last cannot be sent from index `from` of its ids on: the peer is to know nothing of them. Gives the
   * withdrawal of those that it knows, which counts as told.
   */
  refuse({ ids }: Batch, from: number): Batch {
    const known = new Set(this.#known);
    const refused = ids.slice(from);
    for (const id of refused) this.#told.set(id, undefined);
    this.#advertised -= refused.length;
    return { outbound: undefined, ids: refused.filter((id) => known.has(id)) };
  }

  /** What was taken is written: its ids are of no more interest. */
  done(): void {
    for (const id of this.#leaving) if (!this.#isHeld(id)) this.#holder.release(id);
    this.#leaving.length = 0;
  }

  /** The session is over: lets go at most `limit` ids; tells whether there are more. */
  dismantle(limit: number): boolean {
    const end = Math.min(this.#wanted.end, this.#dismantled + limit);
    for (; this.#dismantled < end; this.#dismantled++) {
      if (this.#isHeld(this.#dismantled)) this.#holder.release(this.#dismantled);
    }
    return end < this.#wanted.end;
  }

  #takeWithdrawals(limit: number): Batch {
    const ids: number[] = [];
    for (let left = limit; left > 0; left--) {
      const id = this.#withdrawals.shift();
      if (id === undefined) break;
      this.#waits.set(id, this.#waits.get(id) & ~WITHDRAW);
      if (this.#wanted.get(id) !== undefined) continue;
      this.#leaving.push(id);
      if (this.#told.get(id) === undefined) continue;
      this.#told.set(id, undefined);
      this.#advertised--;
      ids.push(id);
    }
    return { outbound: undefined, ids };
  }

  #takeGroup(group: Group, limit: number): Batch {
    const { outbound } = group;
    const ids: number[] = [];
    this.#known.length = 0;
    const end = Math.min(group.ids.length, group.at + limit);
    for (; group.at < end; group.at++) {
      const id = group.ids[group.at] ?? 0;
      if (this.#leave(id, outbound)) ids.push(id);
    }
    if (group.at === group.ids.length) {
      this.#groups.shift();
      this.#groupOf.delete(outbound);
      if (this.#joined === group) this.#joined = undefined;
    }
    return { outbound, ids };
  }

  /** Takes an id out of the group for `outbound`; tells whether it is to be sent with it. */
  #leave(id: number, outbound: Outbound): boolean {
    const wanted = this.#wanted.get(id);
    const told = this.#told.get(id);
    const waits = this.#waits.get(id);
    const due = wanted !== told || (waits & AGAIN) !== 0;
    if (wanted !== undefined && wanted !== outbound && due) {
      // It changed while it waited. What it is now has a group of its own.
      this.#join(id, wanted);
      return false;
    }
    this.#waits.set(id, waits & WITHDRAW);
    if (wanted === undefined) this.#leaving.push(id);
    if (wanted !== outbound || !due) return false;
    if (told === undefined) this.#advertised++;
    else this.#known.push(id);
    this.#told.set(id, outbound);
    return true;
  }

  #isHeld(id: number): boolean {
    return (
      this.#wanted.get(id) !== undefined || this.#told.get(id) !== undefined || this.#waits.get(id) !== 0
    );
  }

  #wait(id: number, why: number, queue: Queue<number>): void {
    const waits = this.#waits.get(id);
    if ((waits & why) !== 0) return;
    this.#waits.set(id, waits | why);
    queue.push(id);
  }

  #join(id: number, outbound: Outbound): void {
    this.#waits.set(id, this.#waits.get(id) | ANNOUNCE);
    const group = this.#joined?.outbound === outbound ? this.#joined : this.#groupOf.get(outbound);
    if (group !== undefined) {
      group.ids.push(id);
      return;
    }
    const started: Group = { outbound, ids: [id], at: 0 };
    this.#groupOf.set(outbound, started);
    this.#groups.push(started);
    this.#joined = started;
  }
}

const same = (a: Outbound | undefined, b: Outbound | undefined): boolean =>
  a === b ||
  (a !== undefined && b !== undefined && a.nextHop === b.nextHop && equal(a.attributes, b.attributes));
