import { compareAddresses } from '../../net/address.ts';
import type { Prefix } from '../../net/prefix.ts';
import type { LearnedRoute } from '../status.ts';
import { type Decision, decide, type InteriorCost } from './decision.ts';
import type { Path, PathSource } from './path.ts';

/** One prefix whose learned route is new, different or (undefined) gone. */
export interface RouteChange {
  readonly prefix: Prefix;
  readonly route: LearnedRoute | undefined;
}

/**
 * The paths that may be used, and what the decision process made of them (RFC 4271 §9.1.2). Putting a path in only marks
 * its prefix; `flush` decides, so that a prefix that changes ten times between two flushes is decided once.
 */
export class LocRib {
  readonly #cost: InteriorCost | undefined;
  readonly #candidates = new Map<Prefix, readonly Path[]>();
  readonly #learned = new Map<Prefix, LearnedRoute>();
  readonly #dirty = new Set<Prefix>();

  constructor(cost?: InteriorCost) {
    this.#cost = cost;
  }

  /** What `flush` has told so far. */
  get learned(): ReadonlyMap<Prefix, LearnedRoute> {
    return this.#learned;
  }

  /** Prefixes that wait for `flush`. */
  get pending(): number {
    return this.#dirty.size;
  }

  has(prefix: Prefix): boolean {
    return this.#candidates.has(prefix);
  }

  /** Every prefix with a path that may be used. */
  prefixes(): IterableIterator<Prefix> {
    return this.#candidates.keys();
  }

  /** Replaces (undefined: removes) the path of one source; gives the change in the number of its paths: -1, 0 or 1. */
  put(prefix: Prefix, source: PathSource, path: Path | undefined): number {
    const paths = this.#candidates.get(prefix) ?? NONE;
    const old = paths.find((p) => p.source === source);
    if (old === path) return 0;
    const others = old === undefined ? paths : paths.filter((p) => p !== old);
    const next = path === undefined ? others : [...others, path];
    if (next.length === 0) this.#candidates.delete(prefix);
    else this.#candidates.set(prefix, next);
    this.#dirty.add(prefix);
    return (path === undefined ? 0 : 1) - (old === undefined ? 0 : 1);
  }

  /** The decision over the paths that are there now; undefined: there are none. */
  decision(prefix: Prefix): Decision | undefined {
    return decide(this.#candidates.get(prefix) ?? NONE, this.#cost);
  }

  /** Decides at most `limit` of the marked prefixes and gives those whose learned route changed. */
  flush(limit = Number.POSITIVE_INFINITY): readonly RouteChange[] {
    const changes: RouteChange[] = [];
    let left = limit;
    for (const prefix of this.#dirty) {
      if (left-- <= 0) break;
      this.#dirty.delete(prefix);
      const route = learnedRoute(prefix, this.decision(prefix));
      if (sameRoute(this.#learned.get(prefix), route)) continue;
      if (route === undefined) this.#learned.delete(prefix);
      else this.#learned.set(prefix, route);
      changes.push({ prefix, route });
    }
    return changes;
  }
}

const NONE: readonly Path[] = [];

/** The forwarding view of a decision; what this node originates is not learned. Two peers with one next hop give one way. */
function learnedRoute(prefix: Prefix, decision: Decision | undefined): LearnedRoute | undefined {
  if (decision === undefined) return undefined;
  const { best, multipath } = decision;
  // Nearly every prefix of a large table has one way.
  if (multipath.length === 1) {
    return best.nextHop && { prefix, nextHops: [best.nextHop], peers: [best.source.name] };
  }
  const ways = multipath
    .flatMap(({ nextHop, source }) => (nextHop === undefined ? [] : [{ nextHop, peer: source.name }]))
    .sort((a, b) => compareAddresses(a.nextHop, b.nextHop) || (a.peer < b.peer ? -1 : 1))
    .filter((way, i, all) => way.nextHop !== all[i - 1]?.nextHop);
  return { prefix, nextHops: ways.map((w) => w.nextHop), peers: ways.map((w) => w.peer) };
}

function sameRoute(a: LearnedRoute | undefined, b: LearnedRoute | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  const same = (x: readonly string[], y: readonly string[]): boolean =>
    x.length === y.length && x.every((v, i) => v === y[i]);
  return same(a.nextHops, b.nextHops) && same(a.peers, b.peers);
}
