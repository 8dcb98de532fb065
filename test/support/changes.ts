import { Learned } from '../../src/bgp/rib/learned.ts';
import type { LearnedFeed, LearnedRoute, Ways } from '../../src/bgp/status.ts';
import type { DesiredRoute, RouteChanges } from '../../src/dataplane/route-intent.ts';
import type { Prefix } from '../../src/net/prefix.ts';
import { PrefixTable } from '../../src/net/prefix-table.ts';
import { prefixText, prefixWords } from '../../src/net/prefix-words.ts';

export interface WaysChange {
  readonly prefix: Prefix;
  readonly route: Ways | undefined;
}

export interface RouteChange {
  readonly prefix: Prefix;
  readonly route: DesiredRoute | undefined;
}

/** The changes that wait as it begins, taken one by one. */
export function* takenWays(feed: LearnedFeed): Generator<WaysChange> {
  for (let left = feed.waiting; left > 0 && feed.take(); left--)
    yield { prefix: prefixText(feed.prefix), route: feed.ways };
}

/** Likewise, as the route driver takes them. */
export function* takenRoutes(changes: RouteChanges): Generator<RouteChange> {
  for (let left = changes.waiting; left > 0 && changes.take(); left--) {
    const prefix = prefixText(changes.prefix);
    yield { prefix, route: changes.form && { prefix, ...changes.form } };
  }
}

/** The learned table of a RIB without the RIB. */
export class FakeLearned extends Learned {
  readonly #table: PrefixTable;
  /** What was put. */
  readonly records = new Map<Prefix, Ways>();

  constructor(routes: readonly LearnedRoute[] = []) {
    const table = new PrefixTable();
    super(table);
    this.#table = table;
    this.putAll(routes.map((route) => ({ prefix: route.prefix, route })));
  }

  putAll(changes: readonly WaysChange[]): void {
    for (const { prefix, route } of changes) {
      const had = this.records.has(prefix);
      const id = this.#table.intern(prefixWords(prefix));
      if (route === undefined && !had) continue;
      if (route === undefined) this.records.delete(prefix);
      else this.records.set(prefix, route);
      if (!had) this.#table.retain(id);
      this.put(id, route);
      if (route === undefined) this.#table.release(id);
    }
  }
}

/** Changes as somebody pushes them. */
export class FakeChanges implements RouteChanges {
  readonly queue: RouteChange[] = [];
  #taken: RouteChange | undefined;

  get waiting(): number {
    return this.queue.length;
  }

  take(): boolean {
    this.#taken = this.queue.shift();
    return this.#taken !== undefined;
  }

  get prefix(): RouteChanges['prefix'] {
    if (this.#taken === undefined) throw new Error('nothing was taken');
    return prefixWords(this.#taken.prefix);
  }

  get form(): RouteChanges['form'] {
    return this.#taken?.route;
  }
}
