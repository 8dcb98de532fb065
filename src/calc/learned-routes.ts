import type { Ways } from '../bgp/status.ts';
import type { DesiredRoute, RouteChange } from '../dataplane/route-intent.ts';
import type { Prefix } from '../net/prefix.ts';
import type { RecordFeed } from './record-feed.ts';
import { bgpLabel, type RemoteRoutes } from './remote-routes.ts';
import { isUnresolved, type Unresolved } from './routes.ts';

/**
 * The learned part of the intent. A hundred thousand routes are not computed anew because one changed: this remembers only what
 * cannot be written and why; everything else goes on as changes. All changes together, from the first, make what
 * `RemoteRoutes.learned` gives for every record there is now.
 */
export class LearnedRoutes implements Iterable<RouteChange> {
  readonly #feed: RecordFeed<Prefix, Ways>;
  readonly #unresolved = new Map<Prefix, Unresolved>();
  #remote: RemoteRoutes | undefined;
  #own: ReadonlyMap<Prefix, DesiredRoute> = new Map();
  /** Prefixes that must be computed anew because the node or its next hops are others now; live, as the records are. */
  #review: Iterator<Prefix> | undefined;

  constructor(feed: RecordFeed<Prefix, Ways>) {
    this.#feed = feed;
  }

  /** The node as it is now, and its own routes, which count more than learned ones of the same prefix. */
  set(remote: RemoteRoutes, own: ReadonlyMap<Prefix, DesiredRoute>): void {
    if (own !== this.#own) {
      const former = this.#own;
      this.#own = own;
      for (const prefix of own.keys()) if (!former.has(prefix)) this.#touch(prefix);
      for (const prefix of former.keys()) if (!own.has(prefix)) this.#touch(prefix);
    }
    const before = this.#remote;
    if (remote === before) return;
    // At first nothing has been taken yet.
    if (before !== undefined && !remote.continues(before)) this.#review = this.#feed.records.keys();
    this.#remote = remote;
  }

  /** Routes that cannot be written, among those that were taken. */
  get unresolved(): Iterable<Unresolved> {
    return this.#unresolved.values();
  }

  /** Why the route cannot be written, if that is so. */
  unresolvedRoute(prefix: Prefix): Unresolved | undefined {
    return this.#unresolved.get(prefix);
  }

  /** Takes the changes that there are as it begins; those that come meanwhile stay for the next time. */
  *[Symbol.iterator](): Generator<RouteChange> {
    const { changed, records } = this.#feed;
    let left = changed.size;
    for (const prefix of changed) {
      if (left-- === 0) break;
      changed.delete(prefix);
      const change = this.#change(prefix, records.get(prefix));
      if (change !== undefined) yield change;
    }
    for (let next = this.#review?.next(); next?.done === false; next = this.#review?.next()) {
      const change = this.#change(next.value, records.get(next.value));
      if (change !== undefined) yield change;
    }
    this.#review = undefined;
  }

  #touch(prefix: Prefix): void {
    if (this.#feed.records.has(prefix)) this.#feed.changed.add(prefix);
  }

  /** Undefined where a route of our own stands: it is told with the others of its kind. */
  #change(prefix: Prefix, record: Ways | undefined): RouteChange | undefined {
    const route = record && this.#remote?.learned(prefix, record);
    const own = this.#own.get(prefix);
    if (record !== undefined && own !== undefined)
      this.#unresolved.set(prefix, {
        prefix,
        from: bgpLabel(record.peers),
        reason: `it is the route of ${own.from ?? own.origin}`,
      });
    else if (route !== undefined && isUnresolved(route)) this.#unresolved.set(prefix, route);
    else if (this.#unresolved.size > 0) this.#unresolved.delete(prefix);
    if (own !== undefined) return undefined;
    return { prefix, route: route === undefined || isUnresolved(route) ? undefined : route };
  }
}
