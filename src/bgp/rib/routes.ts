import { Column, NONE, Records } from '../../net/columns.ts';
import { HEAD, type PrefixTable } from '../../net/prefix-table.ts';
import type { Path } from './path.ts';

/** Fields of a route's record. */
const PREFIX = 0;
/** The next route of the same prefix. */
const NEXT = 1;
/** Neighbours in the list of its feed and family. */
const BEFORE = 2;
const BEHIND = 3;
const FEED = 4;
const PATH_ID = 5;
const EPOCH = 6;
const USES = 7;

/** In BEFORE: it is in no feed's list. */
const GONE = -2;

/** A list of routes of one feed. */
export interface RouteList {
  /** The first route, the one that came last; or NONE. */
  head: number;
  /** The route at which somebody who walks over the list goes on; or NONE. */
  cursor: number;
}

/**
 * Every route that some feed has: one for each prefix, feed and path identifier, as a small integer. A route stands in two lists,
 * that of its prefix and that of its feed. What was received of it and what of that may be used are references beside its
 * record. A route that was taken out of its prefix's list keeps its id, and its prefix, until everybody has let it go.
 */
export class Routes {
  readonly #prefixes: PrefixTable;
  readonly #records = new Records();
  readonly #received = new Column<Path>();
  readonly #accepted = new Column<Path>();

  constructor(prefixes: PrefixTable) {
    this.#prefixes = prefixes;
  }

  get size(): number {
    return this.#records.size;
  }

  /** The route of a feed to a prefix; NONE: there is none. */
  find(prefix: number, feed: number, pathId: number): number {
    const records = this.#records;
    // A record's numbers are signed, a path identifier is not.
    const id = pathId | 0;
    let route = this.first(prefix);
    while (route !== NONE && (records.get(route, FEED) !== feed || records.get(route, PATH_ID) !== id)) {
      route = records.get(route, NEXT);
    }
    return route;
  }

  add(prefix: number, feed: number, pathId: number, list: RouteList): number {
    const records = this.#records;
    const route = records.allocate();
    const page = records.page(route);
    const start = records.offset(route);
    page[start + PREFIX] = prefix;
    page[start + NEXT] = this.first(prefix);
    page[start + BEFORE] = GONE;
    page[start + BEHIND] = NONE;
    page[start + FEED] = feed;
    page[start + PATH_ID] = pathId;
    page[start + EPOCH] = 0;
    page[start + USES] = 1;
    this.#prefixes.records.set(prefix, HEAD, route);
    this.#prefixes.retain(prefix);
    this.enter(route, list);
    return route;
  }

  /** Takes it out of its feed's list: it is not received any more, and its prefix's list may still show that. */
  leave(route: number, list: RouteList): void {
    const records = this.#records;
    const before = records.get(route, BEFORE);
    const behind = records.get(route, BEHIND);
    if (before === NONE) list.head = behind;
    else records.set(before, BEHIND, behind);
    if (behind !== NONE) records.set(behind, BEFORE, before);
    if (list.cursor === route) list.cursor = behind;
    records.set(route, BEFORE, GONE);
    this.#received.set(route, undefined);
    this.#accepted.set(route, undefined);
  }

  /** Whether it has left its feed's list. */
  isGone(route: number): boolean {
    return this.#records.get(route, BEFORE) === GONE;
  }

  /** Puts one that had left back into the list, as the newest. */
  enter(route: number, list: RouteList): void {
    const records = this.#records;
    records.set(route, BEFORE, NONE);
    records.set(route, BEHIND, list.head);
    if (list.head !== NONE) records.set(list.head, BEFORE, route);
    list.head = route;
  }

  /** Takes a route out of its prefix's list and gives the one behind it; `before` is the one in front, or NONE. */
  unlink(route: number, before: number): number {
    const records = this.#records;
    const next = records.get(route, NEXT);
    if (before === NONE) this.#prefixes.records.set(this.prefix(route), HEAD, next);
    else records.set(before, NEXT, next);
    this.release(route);
    return next;
  }

  retain(route: number): void {
    this.#records.set(route, USES, this.#records.get(route, USES) + 1);
  }

  release(route: number): void {
    const uses = this.#records.get(route, USES) - 1;
    this.#records.set(route, USES, uses);
    if (uses > 0) return;
    const prefix = this.prefix(route);
    this.#records.free(route);
    this.#prefixes.release(prefix);
  }

  first(prefix: number): number {
    return this.#prefixes.records.get(prefix, HEAD);
  }

  next(route: number): number {
    return this.#records.get(route, NEXT);
  }

  behind(route: number): number {
    return this.#records.get(route, BEHIND);
  }

  prefix(route: number): number {
    return this.#records.get(route, PREFIX);
  }

  feed(route: number): number {
    return this.#records.get(route, FEED);
  }

  pathId(route: number): number {
    return this.#records.get(route, PATH_ID) >>> 0;
  }

  epoch(route: number): number {
    return this.#records.get(route, EPOCH);
  }

  setEpoch(route: number, epoch: number): void {
    this.#records.set(route, EPOCH, epoch);
  }

  /** Undefined: the route is gone, and only its prefix has not been decided since. */
  received(route: number): Path | undefined {
    return this.#received.get(route);
  }

  setReceived(route: number, path: Path): void {
    this.#received.set(route, path);
  }

  /** Undefined: it may not be used. */
  accepted(route: number): Path | undefined {
    return this.#accepted.get(route);
  }

  setAccepted(route: number, path: Path | undefined): void {
    this.#accepted.set(route, path);
  }
}
