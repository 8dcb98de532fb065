import type { Address } from '../../net/address.ts';
import { NONE } from '../../net/columns.ts';
import type { Prefix } from '../../net/prefix.ts';
import { PrefixBlocks } from '../../net/prefix-blocks.ts';
import { type PrefixWords, prefixText, prefixWords } from '../../net/prefix-words.ts';
import type { BgpFamily, ImportPolicy, Origination } from '../config.ts';
import type { AdvertisedStatus, RibEntryStatus } from '../status.ts';
import { FAMILIES, unicast } from '../wire/family.ts';
import type { Announced, Nlri } from '../wire/message.ts';
import { PrefixReader } from '../wire/nlri.ts';
import type { InteriorCost } from './decision.ts';
import { isDestination } from './destination.ts';
import { ribEntry, type Standing } from './entry.ts';
import type { ExportPeer, ExportSpeaker } from './export-policy.ts';
import { Feed, type FeedTable, type Inbound, samePath } from './feed.ts';
import type { ImportPeer, Rejection, Self } from './import-policy.ts';
import type { Learned } from './learned.ts';
import { LocRib } from './loc-rib.ts';
import { originatedPaths } from './origination.ts';
import { Outlet, type OutletOptions } from './outlet.ts';
import type { Path, PathSource, SourceConfig } from './path.ts';
import type { RouteList } from './routes.ts';

export type { Inbound } from './feed.ts';

/** Before the first `setSelf`: originates nothing, recognises nothing. */
const NOBODY: Self = {
  routerID: '0.0.0.0' as Address,
  asNumbers: new Set(),
  addresses: new Set(),
  originated: new Set(),
};

/** The number of the node itself among the feeds; peers follow. */
const LOCAL = 0;

/**
 * From what peers say to what this node learned and what peers are told: Adj-RIBs-In, import policy, Loc-RIB, export policy,
 * Adj-RIBs-Out. What touches a whole table (the end of a session, another policy) only notes that; `flush` does the work, a
 * piece at a time.
 */
export class Rib {
  readonly #loc: LocRib;
  readonly #feeds = new Map<number, Feed>();
  readonly #local: RouteList = { head: NONE, cursor: NONE };
  /** Feeds with routes that wait to be judged anew: from the cursors of their tables on. */
  readonly #reviews = new Set<Feed>();
  readonly #dismantling = new Set<Outlet>();
  /** All outlets have to look at the whole table once more: of many feeds that change together only once. */
  #retelling = false;
  readonly #reader = new PrefixReader();
  #self: Self = NOBODY;
  #blocks = new PrefixBlocks([]);
  #lastFeed = LOCAL;

  constructor(cost?: InteriorCost) {
    this.#loc = new LocRib(cost);
  }

  /** What `flush` has learned so far. */
  get learned(): Learned {
    return this.#loc.learned;
  }

  /** Whether `flush` has something to do. */
  get pending(): boolean {
    return this.#loc.pending || this.#retelling || this.#reviews.size > 0 || this.#dismantling.size > 0;
  }

  // --- what peers tell ---

  /** Takes in a peer whose session is established. */
  open(source: PathSource, policy: ImportPolicy, peer: ImportPeer): Inbound {
    const feed = new Feed(++this.#lastFeed, source, policy, peer, this.#self);
    this.#feeds.set(feed.id, feed);
    return feed;
  }

  announce(inbound: Inbound, { nlri, attributes, nextHop }: Announced): void {
    const feed = this.#feedOf(inbound);
    if (feed === undefined) return;
    const { prefixes, routes } = this.#loc;
    const table = feed.tables[nlri.family];
    const path = feed.path(attributes, nextHop, nlri.family);
    const reader = this.#reader.open(nlri);
    while (reader.next()) {
      const prefix = prefixes.intern(reader);
      let route = routes.find(prefix, feed.id, reader.pathId);
      if (route === NONE) route = routes.add(prefix, feed.id, reader.pathId, table);
      this.#renew(table, route, path);
      this.#judge(feed, table, route, reader);
    }
  }

  withdraw(inbound: Inbound, nlri: Nlri): void {
    const feed = this.#feedOf(inbound);
    if (feed === undefined) return;
    const { prefixes, routes } = this.#loc;
    const table = feed.tables[nlri.family];
    const reader = this.#reader.open(nlri);
    while (reader.next()) {
      const prefix = prefixes.find(reader);
      if (prefix === NONE) continue;
      const route = routes.find(prefix, feed.id, reader.pathId);
      if (route !== NONE) this.#remove(table, route);
    }
  }

  /** Applies another configuration of the peer to what it has told, without asking it again. */
  setPolicy(inbound: Inbound, policy: ImportPolicy, peer: ImportPeer & SourceConfig): void {
    const feed = this.#feedOf(inbound);
    if (feed === undefined) return;
    feed.setPolicy(policy, peer, this.#self);
    this.#review(feed, FAMILIES);
    // Whom a route may be told, and by which rules, depends on where it comes from, also where it stays as it is.
    this.#retelling ||= feed.setSource(peer);
  }

  // --- what is kept of a session ---

  /**
   * The session is over: the routes of `families` are kept as stale, those of others go. RFC 4724 §4.2. What was stale already is
   * kept too: whether it may be is for the caller to know (`dropStale`).
   */
  retain(inbound: Inbound, families: readonly BgpFamily[]): void {
    for (const family of FAMILIES) {
      this.markStale(inbound, family);
      if (!families.includes(family)) this.dropStale(inbound, family);
    }
  }

  /** A new session of the peer goes on with what was retained. */
  resume(inbound: Inbound, policy: ImportPolicy, peer: ImportPeer & SourceConfig): void {
    this.setPolicy(inbound, policy, peer);
  }

  /** Every route of the family is stale until the peer tells it again. RFC 7313 §4. */
  markStale(inbound: Inbound, family: BgpFamily): void {
    const table = this.#feedOf(inbound)?.tables[family];
    if (table === undefined) return;
    table.epoch++;
    table.stale = table.received;
  }

  /** What is still stale goes. RFC 4724 §4.2, RFC 7313 §4. */
  dropStale(inbound: Inbound, family: BgpFamily): void {
    const feed = this.#feedOf(inbound);
    if (feed === undefined) return;
    feed.tables[family].doomedBelow = feed.tables[family].epoch;
    if (feed.tables[family].stale > 0) this.#review(feed, [family]);
  }

  /** What is stale becomes long-lived stale: NO_LLGR goes, the rest has LLGR_STALE from now on. RFC 9494 §4.2. */
  longLived(inbound: Inbound, family: BgpFamily): void {
    const feed = this.#feedOf(inbound);
    if (feed === undefined) return;
    feed.tables[family].longLivedBelow = feed.tables[family].epoch;
    if (feed.tables[family].stale > 0) this.#review(feed, [family]);
  }

  /** The session is over, or what was kept of it has had its time: everything goes. */
  close(inbound: Inbound): void {
    const feed = this.#feedOf(inbound);
    if (feed === undefined) return;
    this.retain(feed, []);
    feed.closed = true;
    if (feed.empty) this.#feeds.delete(feed.id);
  }

  // --- what peers are told ---

  /** Begins to tell a peer. */
  attach(peer: ExportPeer, speaker: ExportSpeaker, options: OutletOptions): Outlet {
    const outlet = new Outlet(this.#loc, peer, speaker, options);
    this.#loc.setOutlet(outlet, true);
    return outlet;
  }

  /** Tells it by another policy from now on. */
  setExport(outlet: Outlet, peer: ExportPeer, speaker: ExportSpeaker): void {
    outlet.set(peer, speaker);
    this.#loc.setOutlet(outlet, true);
  }

  detach(outlet: Outlet): void {
    this.#loc.setOutlet(outlet, false);
    this.#dismantling.add(outlet);
  }

  // --- this node ---

  /** This node became another: what it originates, its addresses, its AS numbers. */
  setSelf(self: Self, originated: readonly Origination[]): void {
    // What lies in our own prefixes is looked up here by numbers, for every prefix that somebody announces.
    this.#self = { ...self, originated: new Set(), localPrefixes: [] };
    this.#blocks = new PrefixBlocks(self.localPrefixes ?? originated.map((o) => o.prefix));
    this.#originate(originatedPaths(originated));
    for (const feed of this.#feeds.values()) {
      feed.setSelf(this.#self);
      this.#review(feed, FAMILIES);
    }
  }

  #originate(paths: ReadonlyMap<Prefix, Path>): void {
    const { prefixes, routes } = this.#loc;
    const now = new Set<number>();
    for (const [text, path] of paths) {
      const prefix = prefixes.intern(prefixWords(text));
      let route = routes.find(prefix, LOCAL, 0);
      if (route === NONE) route = routes.add(prefix, LOCAL, 0, this.#local);
      else if (routes.received(route) === undefined) routes.enter(route, this.#local);
      now.add(prefix);
      const before = routes.accepted(route);
      if (before !== undefined && samePath(before, path)) continue;
      routes.setReceived(route, path);
      routes.setAccepted(route, path);
      this.#loc.mark(prefix, true);
    }
    for (let route = this.#local.head; route !== NONE; ) {
      const next = routes.behind(route);
      const prefix = routes.prefix(route);
      if (!now.has(prefix)) {
        routes.leave(route, this.#local);
        this.#loc.mark(prefix, true);
      }
      route = next;
    }
    this.#loc.setOriginated([...now]);
  }

  // --- work ---

  /**
   * Judges and decides at most `limit` routes together, fewer where many peers are told of each. What was learned of them is in
   * `learned`.
   */
  flush(limit = Number.POSITIVE_INFINITY): void {
    if (this.#retelling) for (const outlet of this.#loc.outlets) outlet.again();
    this.#retelling = false;
    // Judging comes first, so that a table that goes or changes as a whole is decided with what becomes of it.
    const judged = this.#runReviews(limit);
    const decided = this.#loc.flush(limit - judged);
    if (judged + decided < limit) this.#dismantle(limit);
  }

  #dismantle(limit: number): void {
    for (const outlet of this.#dismantling) {
      if (outlet.dismantle(limit)) return;
      this.#dismantling.delete(outlet);
    }
  }

  #runReviews(limit: number): number {
    const { routes } = this.#loc;
    let judged = 0;
    for (const feed of this.#reviews) {
      for (const family of FAMILIES) {
        const table = feed.tables[family];
        for (; judged < limit && table.cursor !== NONE; judged++) {
          const route = table.cursor;
          table.cursor = routes.behind(route);
          this.#judge(feed, table, route);
        }
      }
      if (judged >= limit) return judged;
      this.#reviews.delete(feed);
      if (feed.closed && feed.empty) this.#feeds.delete(feed.id);
    }
    return judged;
  }

  #review(feed: Feed, families: readonly BgpFamily[]): void {
    for (const family of families) {
      const table = feed.tables[family];
      table.cursor = table.head;
      if (table.cursor !== NONE) this.#reviews.add(feed);
    }
  }

  /** A route is told, for the first time or again. */
  #renew(table: FeedTable, route: number, path: Path): void {
    const { routes } = this.#loc;
    const before = routes.received(route);
    if (before === undefined) {
      table.received++;
      if (routes.isGone(route)) routes.enter(route, table);
    } else if (routes.epoch(route) < table.epoch) {
      table.stale--;
    }
    routes.setEpoch(route, table.epoch);
    // Told again without a change, the path stays the object that it was, and nothing follows from it.
    if (before === undefined || !samePath(before, path)) routes.setReceived(route, path);
  }

  /** Decides by the state of now what a route is: usable, and in which form; not usable; or gone. */
  #judge(feed: Feed, table: FeedTable, route: number, words?: PrefixWords): void {
    const { prefixes, routes } = this.#loc;
    const received = routes.received(route);
    if (received === undefined) return;
    const epoch = routes.epoch(route);
    if (epoch < table.doomedBelow) return this.#remove(table, route);
    const prefix = routes.prefix(route);
    const verdict = this.#verdict(feed, received, prefix, words ?? prefixes.words(prefix));
    let accepted = typeof verdict === 'string' ? undefined : verdict;
    if (epoch < table.longLivedBelow) {
      const kept = feed.longLived(received);
      if (kept === undefined) return this.#remove(table, route);
      accepted = accepted && feed.longLived(accepted);
    }
    this.#accept(table, route, accepted);
  }

  #verdict(feed: Feed, path: Path, prefix: number, words: PrefixWords): Path | Rejection {
    // Before everything else: no rule accepts it.
    if (!isDestination(words)) return 'it is multicast, loopback, link-local or reserved';
    const { routes } = this.#loc;
    const ours = routes.find(prefix, LOCAL, 0);
    if (ours !== NONE && routes.received(ours) !== undefined) return 'this node originates the prefix';
    if (this.#blocks.contain(words)) return 'it lies inside a prefix of this node';
    const verdict = feed.verdict(path);
    const { importer } = feed;
    if (typeof verdict === 'string' || !importer.perPrefix) return verdict;
    return importer.prefix(prefixText(words), verdict);
  }

  #accept(table: FeedTable, route: number, path: Path | undefined): void {
    const { routes } = this.#loc;
    const before = routes.accepted(route);
    if (before === path) return;
    routes.setAccepted(route, path);
    table.accepted += (path === undefined ? 0 : 1) - (before === undefined ? 0 : 1);
    this.#loc.mark(routes.prefix(route));
  }

  #remove(table: FeedTable, route: number): void {
    const { routes } = this.#loc;
    if (routes.received(route) === undefined) return;
    table.received--;
    if (routes.epoch(route) < table.epoch) table.stale--;
    if (routes.accepted(route) !== undefined) table.accepted--;
    routes.leave(route, table);
    // Also a route that was not used: its id is given back when the prefix is decided.
    this.#loc.mark(routes.prefix(route));
  }

  /** Undefined: it is closed, and what comes for it has no meaning. */
  #feedOf(inbound: Inbound): Feed | undefined {
    return inbound instanceof Feed && !inbound.closed ? inbound : undefined;
  }

  // --- for people ---

  /** Everything known of every prefix; accepted paths and the others. Prefixes may come, change and go on the way. */
  *entries(): IterableIterator<RibEntryStatus> {
    const { prefixes } = this.#loc;
    for (let prefix = 0; prefix < prefixes.records.end; prefix++) {
      const standings = prefixes.has(prefix) ? this.#standings(prefix) : [];
      if (standings.length > 0)
        yield ribEntry(
          prefixes.text(prefix),
          unicast(prefixes.family(prefix)),
          standings,
          this.#loc.decision(prefix),
        );
    }
  }

  /** Names of the peers that have been told the prefix. */
  advertisedTo(prefix: Prefix): readonly string[] {
    const id = this.#loc.prefixes.find(prefixWords(prefix));
    if (id === NONE) return [];
    return [...this.#loc.outlets].filter((outlet) => outlet.hasTold(id)).map(({ name }) => name);
  }

  /** What the peer of that name has been told, lazily; nothing where it has no session. */
  *advertised(peer: string): Generator<AdvertisedStatus, void> {
    for (const outlet of this.#loc.outlets) if (outlet.name === peer) yield* outlet.told();
  }

  #standings(prefix: number): readonly Standing[] {
    const { prefixes, routes } = this.#loc;
    const standings: Standing[] = [];
    for (let route = routes.first(prefix); route !== NONE; route = routes.next(route)) {
      const received = routes.received(route);
      if (received === undefined) continue;
      const feed = this.#feeds.get(routes.feed(route));
      const stale = feed !== undefined && routes.epoch(route) < feed.tables[received.family].epoch;
      const accepted = routes.accepted(route);
      const verdict =
        accepted === undefined && feed !== undefined
          ? this.#verdict(feed, received, prefix, prefixes.words(prefix))
          : undefined;
      const rejection = typeof verdict === 'string' ? verdict : undefined;
      standings.push({
        path: accepted ?? received,
        rejection,
        accepted: accepted !== undefined,
        pathId: routes.pathId(route),
        stale,
      });
    }
    return standings;
  }
}
