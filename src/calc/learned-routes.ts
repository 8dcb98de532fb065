import type { LearnedFeed, Ways } from '../bgp/status.ts';
import type { DesiredForm, DesiredRoute, RouteChanges } from '../dataplane/route-intent.ts';
import { NONE } from '../net/columns.ts';
import { changedKeys } from '../net/persistent-map.ts';
import type { Prefix } from '../net/prefix.ts';
import { PrefixTable } from '../net/prefix-table.ts';
import { type PrefixWords, prefixText, prefixWords } from '../net/prefix-words.ts';
import { bgpLabel, type RemoteRoutes } from './remote-routes.ts';
import type { Unresolved } from './routes.ts';

/**
 * The learned part of the intent. A hundred thousand routes are not computed anew because one changed: this remembers only what
 * cannot be written and why; everything else goes on as changes, by numbers. All changes together, from the first, make what
 * `RemoteRoutes.learned` gives for every record there is now.
 */
export class LearnedRoutes implements RouteChanges {
  readonly #feed: LearnedFeed;
  readonly #unresolved = new Map<Prefix, Unresolved>();
  #remote: RemoteRoutes | undefined;
  #own: ReadonlyMap<Prefix, DesiredRoute> = new Map();
  /** The prefixes of `#own`. */
  readonly #ownPrefixes = new PrefixTable();
  form: DesiredForm | undefined;

  constructor(feed: LearnedFeed) {
    this.#feed = feed;
  }

  /** The node as it is now, and its own routes, which count more than learned ones of the same prefix. */
  set(remote: RemoteRoutes, own: ReadonlyMap<Prefix, DesiredRoute>): void {
    if (own !== this.#own) this.#setOwn(own);
    const before = this.#remote;
    if (remote === before) return;
    // At first nothing has been taken yet.
    if (before !== undefined && !remote.continues(before)) this.#feed.touchAll();
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

  get waiting(): number {
    return this.#feed.waiting;
  }

  get prefix(): PrefixWords {
    return this.#feed.prefix;
  }

  take(): boolean {
    const feed = this.#feed;
    while (feed.take()) {
      const isOwn = this.#ownPrefixes.find(feed.prefix) !== NONE;
      const found =
        feed.ways && (isOwn ? this.#ownReason(feed.prefix) : this.#learned(feed.prefix, feed.ways));
      if (feed.ways !== undefined && typeof found === 'string') this.#note(feed.prefix, feed.ways, found);
      else if (this.#unresolved.size > 0) this.#unresolved.delete(prefixText(feed.prefix));
      // A route of our own is told with the others of its kind.
      if (isOwn) continue;
      this.form = typeof found === 'string' ? undefined : found;
      return true;
    }
    return false;
  }

  /** What came or went, and no more: a pod is one of a hundred. */
  #setOwn(own: ReadonlyMap<Prefix, DesiredRoute>): void {
    const former = this.#own;
    this.#own = own;
    for (const prefix of changedKeys(former, own)) {
      const isThere = own.has(prefix);
      if (isThere === former.has(prefix)) continue;
      const words = prefixWords(prefix);
      if (isThere) this.#ownPrefixes.retain(this.#ownPrefixes.intern(words));
      else this.#ownPrefixes.release(this.#ownPrefixes.find(words));
      this.#feed.touch(prefix);
    }
  }

  #learned(prefix: PrefixWords, ways: Ways): DesiredForm | string | undefined {
    return this.#remote?.learned(prefix, ways);
  }

  #ownReason(prefix: PrefixWords): string {
    const route = this.#own.get(prefixText(prefix));
    return `it is the route of ${route?.from ?? route?.origin}`;
  }

  #note(words: PrefixWords, { peers }: Ways, reason: string): void {
    const prefix = prefixText(words);
    this.#unresolved.set(prefix, { prefix, from: bgpLabel(peers), reason });
  }
}
