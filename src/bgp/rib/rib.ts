import type { Address } from '../../net/address.ts';
import { type Prefix, prefixFamily } from '../../net/prefix.ts';
import type { BgpFamily, ImportPolicy } from '../config.ts';
import type { LearnedRoute, PathStatus, RibEntryStatus } from '../status.ts';
import { WELL_KNOWN_COMMUNITIES } from '../wire/communities.ts';
import { FAMILIES } from '../wire/family.ts';
import type { Announcement, Withdrawal } from '../wire/message.ts';
import { AdjRibIn, type AdjRibInEntry } from './adj-rib-in.ts';
import type { Decision, InteriorCost } from './decision.ts';
import { type Importer, type ImportPeer, makeImporter, type Rejection, type Self } from './import-policy.ts';
import { LocRib, type RouteChange } from './loc-rib.ts';
import { makePath, type Path, type PathSource } from './path.ts';
import { pathStatus } from './path-status.ts';

/**
 * What one peer has told: made by `Rib.open`, gone with `Rib.close`. Between two sessions it can be kept (`Rib.retain`), and
 * the next session goes on with it (`Rib.resume`).
 */
export interface Inbound {
  readonly source: PathSource;
  /** Prefixes held, before policy. */
  received(family: BgpFamily): number;
  /** Prefixes past policy. */
  accepted(family: BgpFamily): number;
  /** Prefixes held that the peer has not told since they were marked stale. */
  stale(family: BgpFamily): number;
}

interface Feed extends Inbound {
  readonly adjIn: AdjRibIn;
  readonly counts: Record<BgpFamily, number>;
  readonly stalePrefixes: Readonly<Record<BgpFamily, Set<Prefix>>>;
  policy: ImportPolicy;
  peer: ImportPeer;
  importer: Importer;
  /** The session is over: nothing of this is accepted any more. */
  closed: boolean;
}

const LLGR_STALE = WELL_KNOWN_COMMUNITIES['llgr-stale'];
const UNSPECIFIED = '0.0.0.0' as Address;

/** Before the first `setSelf`: originates nothing, recognises nothing. */
const NOBODY: Self = {
  routerID: UNSPECIFIED,
  asNumbers: new Set(),
  addresses: new Set(),
  originated: new Set(),
};

/** What stands in the Loc-RIB for the prefixes that this node originates. */
const LOCAL_PATH = makePath(
  { name: 'local', kind: 'local', routerID: UNSPECIFIED },
  { origin: 'igp', asPath: [] },
);

/**
 * From what peers say to the routes that this node learned: Adj-RIBs-In, import policy, Loc-RIB. What touches a whole table
 * (the end of a session, another policy) only notes that; `flush` does the work, a piece at a time.
 */
export class Rib {
  readonly #loc: LocRib;
  readonly #feeds = new Map<Inbound, Feed>();
  /**
   * Feeds that must be judged anew, each with an iterator over what is not judged yet. It is live: what is announced or
   * withdrawn meanwhile is judged on arrival, by the policy of now, and found as it then is, or not at all.
   */
  readonly #reviews = new Map<Feed, Iterator<AdjRibInEntry>>();
  #self: Self = NOBODY;

  constructor(cost?: InteriorCost) {
    this.#loc = new LocRib(cost);
  }

  /** What `flush` has told so far. */
  get learned(): ReadonlyMap<Prefix, LearnedRoute> {
    return this.#loc.learned;
  }

  /** Whether `flush` has something to do. */
  get pending(): boolean {
    return this.#reviews.size > 0 || this.#loc.pending > 0;
  }

  /** Takes in a peer whose session is established. */
  open(from: PathSource, policy: ImportPolicy, peer: ImportPeer): Inbound {
    // An identity of its own: what is left of the peer's session before must not be taken for this one's.
    const source = { ...from };
    const adjIn = new AdjRibIn(source);
    const counts: Record<BgpFamily, number> = { 'ipv4-unicast': 0, 'ipv6-unicast': 0 };
    const stalePrefixes = { 'ipv4-unicast': new Set<Prefix>(), 'ipv6-unicast': new Set<Prefix>() };
    const feed: Feed = {
      source,
      adjIn,
      counts,
      stalePrefixes,
      policy,
      peer,
      importer: makeImporter(policy, peer, this.#self),
      closed: false,
      received: (family) => adjIn.size(family),
      accepted: (family) => counts[family],
      stale: (family) => stalePrefixes[family].size,
    };
    this.#feeds.set(feed, feed);
    return feed;
  }

  /** The session is over: the routes of `families` are kept as stale, those of others go. RFC 4724 §4.2. */
  retain(inbound: Inbound, families: readonly BgpFamily[]): void {
    for (const family of FAMILIES) {
      this.markStale(inbound, family);
      if (!families.includes(family)) this.dropStale(inbound, family);
    }
  }

  /** A new session of the peer goes on with what was retained. */
  resume(inbound: Inbound, policy: ImportPolicy, peer: ImportPeer): void {
    this.setPolicy(inbound, policy, peer);
  }

  /** Every route of the family is stale until the peer tells it again. RFC 7313 §4. */
  markStale(inbound: Inbound, family: BgpFamily): void {
    const feed = this.#feeds.get(inbound);
    if (feed === undefined) return;
    for (const entry of feed.adjIn.entries()) {
      if (entry.family === family) feed.stalePrefixes[family].add(entry.prefix);
    }
  }

  /** What is still stale goes. RFC 4724 §4.2, RFC 7313 §4. */
  dropStale(inbound: Inbound, family: BgpFamily): void {
    const feed = this.#feeds.get(inbound);
    if (feed === undefined) return;
    this.withdraw(feed, { family, prefixes: [...feed.stalePrefixes[family]] });
  }

  /** What is stale becomes long-lived stale: NO_LLGR goes, the rest has LLGR_STALE from now on. RFC 9494 §4.2. */
  longLived(inbound: Inbound, family: BgpFamily): void {
    const feed = this.#feeds.get(inbound);
    if (feed === undefined) return;
    for (const prefix of [...feed.stalePrefixes[family]]) {
      const { attributes, nextHop } = feed.adjIn.get(family, prefix) ?? {};
      if (attributes === undefined || nextHop === undefined) continue;
      const communities = attributes.communities ?? [];
      if (communities.includes(WELL_KNOWN_COMMUNITIES['no-llgr'])) {
        this.withdraw(feed, { family, prefixes: [prefix] });
      } else if (!communities.includes(LLGR_STALE)) {
        const marked = { ...attributes, communities: [...communities, LLGR_STALE] };
        this.announce(feed, { family, prefixes: [prefix], attributes: marked, nextHop });
        feed.stalePrefixes[family].add(prefix);
      }
    }
  }

  /** The session is over, or what was kept of it has had its time: everything goes. */
  close(inbound: Inbound): void {
    const feed = this.#feeds.get(inbound);
    if (feed === undefined) return;
    this.#feeds.delete(inbound);
    feed.closed = true;
    this.#review(feed);
  }

  announce(inbound: Inbound, announcement: Announcement): void {
    const feed = this.#feeds.get(inbound);
    if (feed === undefined) return;
    const path = feed.adjIn.announce(announcement);
    const usable = feed.importer.path(path);
    for (const prefix of announcement.prefixes) {
      feed.stalePrefixes[announcement.family].delete(prefix);
      this.#accept(feed, announcement.family, prefix, usable);
    }
  }

  withdraw(inbound: Inbound, { family, prefixes }: Withdrawal): void {
    const feed = this.#feeds.get(inbound);
    if (feed === undefined) return;
    for (const prefix of prefixes) {
      feed.stalePrefixes[family].delete(prefix);
      feed.adjIn.withdraw(family, prefix);
      this.#put(feed, family, prefix, undefined);
    }
  }

  /** Applies another import policy to what the peer has told, without asking it again. */
  setPolicy(inbound: Inbound, policy: ImportPolicy, peer: ImportPeer): void {
    const feed = this.#feeds.get(inbound);
    if (feed === undefined) return;
    feed.policy = policy;
    feed.peer = peer;
    this.#review(feed);
  }

  /** This node became another: what it originates, its addresses, its AS numbers. */
  setSelf(self: Self): void {
    const before = this.#self.originated;
    this.#self = self;
    const { source } = LOCAL_PATH;
    for (const prefix of before) if (!self.originated.has(prefix)) this.#loc.put(prefix, source, undefined);
    for (const prefix of self.originated) this.#loc.put(prefix, source, LOCAL_PATH);
    for (const feed of this.#feeds.values()) this.#review(feed);
  }

  /** Judges and decides at most `limit` prefixes together and gives those whose learned route changed. */
  flush(limit = Number.POSITIVE_INFINITY): readonly RouteChange[] {
    let left = limit;
    for (const [feed, entries] of this.#reviews) {
      for (; left > 0; left--) {
        const { value, done } = entries.next();
        if (done === true) {
          this.#reviews.delete(feed);
          break;
        }
        this.#judge(feed, value);
      }
    }
    return this.#loc.flush(left);
  }

  /** Everything known of every prefix, for people; accepted paths and the others. */
  *entries(): IterableIterator<RibEntryStatus> {
    for (const prefix of this.#loc.prefixes()) yield this.#entry(prefix, this.#loc.decision(prefix));
    // Prefixes of which no path was accepted are not in the Loc-RIB.
    const told = new Set<Prefix>();
    for (const feed of this.#feeds.values()) {
      for (const { prefix } of feed.adjIn.entries()) {
        if (told.has(prefix) || this.#loc.has(prefix)) continue;
        told.add(prefix);
        yield this.#entry(prefix, undefined);
      }
    }
  }

  #entry(prefix: Prefix, decision: Decision | undefined): RibEntryStatus {
    const family: BgpFamily = prefixFamily(prefix) === 4 ? 'ipv4-unicast' : 'ipv6-unicast';
    const paths: PathStatus[] = [];
    const stale = new Set<PathSource>();
    for (const feed of this.#feeds.values()) {
      if (feed.stalePrefixes[family].has(prefix)) stale.add(feed.source);
    }
    const show = (path: Path, rejection?: Rejection): void => {
      const status = pathStatus(path, rejection === undefined ? decision : undefined, rejection);
      paths.push(stale.has(path.source) ? { ...status, stale: true } : status);
    };
    for (const path of decision === undefined ? [] : [decision.best, ...decision.lost.keys()]) show(path);
    for (const feed of this.#feeds.values()) {
      const path = feed.adjIn.get(family, prefix);
      if (path === undefined) continue;
      const judged = judgePrefix(feed.importer, prefix, feed.importer.path(path));
      if (typeof judged === 'string') show(path, judged);
    }
    return { prefix, family, paths };
  }

  #review(feed: Feed): void {
    feed.importer = makeImporter(feed.policy, feed.peer, this.#self);
    this.#reviews.set(feed, feed.adjIn.entries());
  }

  #judge(feed: Feed, { family, prefix, path }: AdjRibInEntry): void {
    if (feed.closed) this.#put(feed, family, prefix, undefined);
    else this.#accept(feed, family, prefix, feed.importer.path(path));
  }

  /** Puts in what is left of a judged path once the prefix is judged too. */
  #accept(feed: Feed, family: BgpFamily, prefix: Prefix, path: Path | Rejection): void {
    const judged = judgePrefix(feed.importer, prefix, path);
    this.#put(feed, family, prefix, typeof judged === 'string' ? undefined : judged);
  }

  #put(feed: Feed, family: BgpFamily, prefix: Prefix, path: Path | undefined): void {
    feed.counts[family] += this.#loc.put(prefix, feed.source, path);
  }
}

/** A path that `Importer.path` has judged, with the last word on the prefix. */
function judgePrefix(importer: Importer, prefix: Prefix, path: Path | Rejection): Path | Rejection {
  return typeof path === 'string' || !importer.perPrefix ? path : importer.prefix(prefix, path);
}
