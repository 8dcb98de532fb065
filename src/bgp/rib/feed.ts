import type { Address } from '../../net/address.ts';
import { NONE } from '../../net/columns.ts';
import { equal } from '../../net/equal.ts';
import { RecentMap } from '../../net/recent-map.ts';
import type { BgpFamily, ImportPolicy } from '../config.ts';
import type { PathAttributes } from '../wire/attributes/attributes.ts';
import { FAMILIES } from '../wire/family.ts';
import { type Importer, type ImportPeer, makeImporter, type Rejection, type Self } from './import-policy.ts';
import { longLivedStale } from './long-lived.ts';
import { makePath, type Path, type PathSource, type SourceConfig } from './path.ts';
import type { RouteList } from './routes.ts';

/**
 * What one peer has told: made by `Rib.open`, gone with `Rib.close`. Between two sessions it can be kept (`Rib.retain`), and
 * the next session goes on with it (`Rib.resume`).
 */
export interface Inbound {
  readonly source: PathSource;
  /** Routes held, before policy. */
  received(family: BgpFamily): number;
  /** Routes past policy. */
  accepted(family: BgpFamily): number;
  /** Routes held that the peer has not told since they were marked stale. */
  stale(family: BgpFamily): number;
}

/**
 * What a feed has of one family. Every route notes the epoch in which it was told last, and the bounds below say what routes of
 * earlier epochs are: so a whole table becomes stale, long-lived stale or doomed in one step, and what is told again is none
 * of it any more.
 */
export interface FeedTable extends RouteList {
  received: number;
  accepted: number;
  /** Routes of earlier epochs; doomed ones too, until they are gone. */
  stale: number;
  epoch: number;
  /** Routes of earlier epochs than this go. */
  doomedBelow: number;
  /** Routes of earlier epochs than this are long-lived stale, RFC 9494. */
  longLivedBelow: number;
}

const emptyTable = (): FeedTable => ({
  head: NONE,
  cursor: NONE,
  received: 0,
  accepted: 0,
  stale: 0,
  epoch: 0,
  doomedBelow: 0,
  longLivedBelow: 0,
});

/** Sets of attributes whose paths are remembered, or twice as many. */
const REMEMBERED = 1024;

/** Who announces routes: a peer, or this node itself. */
export class Feed implements Inbound {
  readonly id: number;
  readonly source: PathSource;
  readonly tables: Readonly<Record<BgpFamily, FeedTable>> = {
    'ipv4-unicast': emptyTable(),
    'ipv6-unicast': emptyTable(),
  };
  /** Nothing comes any more, and everything goes. */
  closed = false;
  #policy: ImportPolicy;
  #peer: ImportPeer;
  #importer: Importer;
  readonly #paths = new RecentMap<PathAttributes, Path>(REMEMBERED);
  /** The path that was judged last: prefixes that were told together are judged together. */
  #judged: Path | undefined;
  #verdict: Path | Rejection = 'filtered by import policy';
  readonly #longLived = new RecentMap<Path, Path>(REMEMBERED);

  constructor(id: number, source: PathSource, policy: ImportPolicy, peer: ImportPeer, self: Self) {
    this.id = id;
    this.source = source;
    this.#policy = policy;
    this.#peer = peer;
    this.#importer = makeImporter(policy, peer, self);
  }

  received(family: BgpFamily): number {
    return this.tables[family].received;
  }

  accepted(family: BgpFamily): number {
    return this.tables[family].accepted;
  }

  stale(family: BgpFamily): number {
    return this.tables[family].stale;
  }

  get empty(): boolean {
    return FAMILIES.every((family) => this.tables[family].head === NONE);
  }

  get importer(): Importer {
    return this.#importer;
  }

  setPolicy(policy: ImportPolicy, peer: ImportPeer, self: Self): void {
    this.#policy = policy;
    this.#peer = peer;
    this.setSelf(self);
  }

  setSelf(self: Self): void {
    this.#importer = makeImporter(this.#policy, this.#peer, self);
    this.#judged = undefined;
  }

  /** Tells whether something differs; every path of the feed has it then. */
  setSource({ reflectorClient, link }: SourceConfig): boolean {
    const { source } = this;
    if (source.reflectorClient === reflectorClient && source.link === link) return false;
    Object.assign(source, { reflectorClient, link });
    return true;
  }

  /** The path of an announcement: the same one for the same attributes, as long as they are remembered. */
  path(attributes: PathAttributes, nextHop: Address, family: BgpFamily): Path {
    const known = this.#paths.get(attributes);
    if (known !== undefined && known.nextHop === nextHop && known.family === family) return known;
    const path = makePath(this.source, attributes, nextHop, family);
    this.#paths.set(attributes, path);
    return path;
  }

  /** What becomes of a path whatever the prefix. */
  verdict(path: Path): Path | Rejection {
    if (this.#judged !== path) {
      this.#judged = path;
      this.#verdict = this.#importer.path(path);
    }
    return this.#verdict;
  }

  /** The path as a long-lived stale one; undefined: it must go. */
  longLived(path: Path): Path | undefined {
    const known = this.#longLived.get(path);
    if (known !== undefined) return known;
    const derived = longLivedStale(path);
    if (derived !== undefined) this.#longLived.set(path, derived);
    return derived;
  }
}

/** Whether two paths of one feed say the same. */
export const samePath = (a: Path, b: Path): boolean =>
  a === b || (a.nextHop === b.nextHop && equal(a.attributes, b.attributes));
