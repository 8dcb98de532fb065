import { NONE } from '../../net/columns.ts';
import { PrefixTable, QUEUE } from '../../net/prefix-table.ts';
import type { Ways } from '../status.ts';
import { type Decision, decide, type InteriorCost } from './decision.ts';
import { Learned } from './learned.ts';
import type { Outlet } from './outlet.ts';
import type { Path } from './path.ts';
import { Routes } from './routes.ts';
import type { Tables } from './tables.ts';
import { WayBook } from './ways.ts';

const SEVERAL = 'several';

/** In QUEUE: the last one that waits. */
const LAST = -2;

/**
 * The routes of all feeds, and what the decision process makes of them (RFC 4271 §9.1.2). A change of a route only marks its
 * prefix; `flush` decides, and tells the outlets and `learned`, so that a prefix that changes ten times between two flushes is
 * decided once.
 */
export class LocRib implements Tables {
  readonly prefixes = new PrefixTable();
  readonly routes = new Routes(this.prefixes);
  readonly #cost: InteriorCost | undefined;
  readonly #ways = new WayBook();
  /** What `flush` has made of each prefix. */
  readonly learned = new Learned(this.prefixes);
  /** The prefixes that wait to be decided, linked through QUEUE. */
  #first = NONE;
  #last = NONE;
  /** Those of them for which what this node originates has changed. */
  readonly #ours = new Set<number>();
  #originated: readonly number[] = [];
  readonly #outlets = new Set<Outlet>();
  /** Those that are told of more than what this node originates. */
  #transit: readonly Outlet[] = [];

  constructor(cost?: InteriorCost) {
    this.#cost = cost;
  }

  get pending(): boolean {
    return this.#first !== NONE;
  }

  originated(): readonly number[] {
    return this.#originated;
  }

  setOriginated(prefixes: readonly number[]): void {
    this.#originated = prefixes;
  }

  get outlets(): Iterable<Outlet> {
    return this.#outlets;
  }

  /** The outlets are these from now on, or one of them has another policy. */
  setOutlet(outlet: Outlet, present: boolean): void {
    if (present) this.#outlets.add(outlet);
    else this.#outlets.delete(outlet);
    this.#transit = [...this.#outlets].filter((o) => o.transit);
  }

  /** The prefix has to be decided; `ours`: because of what this node originates. */
  mark(prefix: number, ours = false): void {
    if (ours) this.#ours.add(prefix);
    const { records } = this.prefixes;
    if (records.get(prefix, QUEUE) !== NONE) return;
    this.prefixes.retain(prefix);
    records.set(prefix, QUEUE, LAST);
    if (this.#last === NONE) this.#first = prefix;
    else records.set(this.#last, QUEUE, prefix);
    this.#last = prefix;
  }

  best(prefix: number): Path | undefined {
    const only = this.#onlyPath(prefix);
    return only === SEVERAL ? this.decision(prefix)?.best : only;
  }

  /** The decision over the paths that are there now; undefined: there are none. */
  decision(prefix: number): Decision | undefined {
    return decide(this.#candidates(prefix), this.#cost);
  }

  /**
   * Decides some of the marked prefixes: at most `limit` of them, fewer where several outlets are told of each. Gives how much of
   * the limit that took.
   */
  flush(limit: number): number {
    const { records } = this.prefixes;
    let work = 0;
    while (work < limit && this.#first !== NONE) {
      const prefix = this.#first;
      const next = records.get(prefix, QUEUE);
      this.#first = next === LAST ? NONE : next;
      if (this.#first === NONE) this.#last = NONE;
      records.set(prefix, QUEUE, NONE);
      work += Math.max(1, this.#decide(prefix));
      this.prefixes.release(prefix);
    }
    return work;
  }

  /** Gives how many outlets it told. */
  #decide(prefix: number): number {
    let best = this.#onlyPath(prefix);
    let ways: Ways | undefined;
    if (best === SEVERAL) {
      const decision = this.decision(prefix);
      best = decision?.best;
      ways = this.#ways.ofAll(decision?.multipath ?? []);
    } else if (best !== undefined) {
      ways = this.#ways.of(best);
    }
    // What the node originates goes to everybody, what it has learned to few.
    const ours = this.#ours.size > 0 && this.#ours.delete(prefix);
    const audience = ours ? [...this.#outlets] : this.#transit;
    for (const outlet of audience) outlet.update(prefix, best);
    this.#bury(prefix);
    this.learned.put(prefix, ways);
    return audience.length;
  }

  /** The path that may be used, where there are not several: then nothing has to be compared. */
  #onlyPath(prefix: number): Path | typeof SEVERAL | undefined {
    const { routes } = this;
    let only: Path | undefined;
    for (let route = routes.first(prefix); route !== NONE; route = routes.next(route)) {
      const path = routes.accepted(route);
      if (path === undefined) continue;
      if (only !== undefined) return SEVERAL;
      only = path;
    }
    return only;
  }

  /** The paths that may be used. */
  #candidates(prefix: number): readonly Path[] {
    const { routes } = this;
    const paths: Path[] = [];
    for (let route = routes.first(prefix); route !== NONE; route = routes.next(route)) {
      const path = routes.accepted(route);
      if (path !== undefined) paths.push(path);
    }
    return paths;
  }

  /** Unlinks the routes that are gone: everybody has been told. */
  #bury(prefix: number): void {
    const { routes } = this;
    let before = NONE;
    for (let route = routes.first(prefix); route !== NONE; ) {
      if (routes.received(route) === undefined) {
        route = routes.unlink(route, before);
      } else {
        before = route;
        route = routes.next(route);
      }
    }
  }
}
