import { type Address, compareAddresses } from '../../net/address.ts';
import type { Path } from './path.ts';

/**
 * The decision process, RFC 4271 §9.1.2, with the additions of RFC 4456 §9 and RFC 9494 §4.3.
 *
 * In the RFC's words: among the routes to one destination, take those with the highest degree of preference. Where several
 * remain, remove (a) all that do not have the fewest AS numbers in AS_PATH, an AS_SET counting as one; (b) all that do not
 * have the lowest ORIGIN; (c) all with a less preferred (higher) MULTI_EXIT_DISC than another from the same neighbouring AS;
 * (d) all learned from internal peers if one was learned from an external one; (e) all with a less preferred interior cost
 * of the next hop; (f) all but those of the speaker with the lowest BGP Identifier, where RFC 4456 puts ORIGINATOR_ID in
 * the identifier's place and then compares the length of CLUSTER_LIST; (g) all but the one from the lowest peer address.
 *
 * Ours: each rule takes the whole set that the rule before it left, so the outcome does not depend on the order in which
 * paths arrived, MED included. What this node originates wins before everything; long-lived stale paths lose against all
 * others and compete by the same rules among themselves. One peer's several paths (RFC 7911), which the standards leave equal,
 * are put into an order by what they say. Paths that are still equal after (e) are
 * as good as the best one for forwarding: they become one multipath route (their AS_PATHs may differ in content, not in
 * length). Whether a next hop can be reached is judged later, by `calc`, against the kernel's tables; `interiorCost` is the
 * place for an IGP that we do not run.
 */
export interface Decision {
  readonly best: Path;
  /** `best` and all that equal it up to and including rule (e), in the order given. */
  readonly multipath: readonly Path[];
  /** Which rule removed each of the others. */
  readonly lost: ReadonlyMap<Path, Rule>;
}

export type Rule =
  | 'not local'
  | 'long-lived stale'
  | 'lower local preference'
  | 'longer AS path'
  | 'less preferred origin'
  | 'higher MED'
  | 'internal, and there is an external path'
  | 'more distant next hop'
  | 'higher router ID'
  | 'longer cluster list'
  | 'higher peer address'
  | 'another path of the same peer';

/** Cost of the way to a next hop inside our network; the same for all where there is no IGP. */
export type InteriorCost = (nextHop: Address) => number;
const noIgp: InteriorCost = () => 0;

interface Step {
  readonly rule: Rule;
  readonly keep: (paths: readonly Path[], cost: InteriorCost) => readonly Path[];
}

/** What makes paths usable side by side. */
const EQUALITY: readonly Step[] = [
  // 0. What we originate ourselves, before anybody's opinion of it.
  { rule: 'not local', keep: lowest((p) => (p.source.kind === 'local' ? 0 : 1)) },
  // RFC 9494 §4.3: the least preferred, whatever its attributes.
  { rule: 'long-lived stale', keep: lowest((p) => (p.longLivedStale ? 1 : 0)) },
  // 1. Degree of preference: LOCAL_PREF, the higher the better.
  { rule: 'lower local preference', keep: lowest((p) => -p.localPref) },
  // 2. (a) AS_PATH length, the shorter the better.
  { rule: 'longer AS path', keep: lowest((p) => p.asPathLength) },
  // 3. (b) ORIGIN: IGP before EGP before INCOMPLETE.
  { rule: 'less preferred origin', keep: lowest((p) => p.origin) },
  // 4. (c) MULTI_EXIT_DISC, the lower the better, only among paths from the same neighbouring AS.
  { rule: 'higher MED', keep: lowestMedPerNeighbor },
  // 5. (d) External before internal.
  {
    rule: 'internal, and there is an external path',
    keep: lowest((p) => (p.source.kind === 'internal' ? 1 : 0)),
  },
  // 6. (e) The nearest next hop.
  {
    rule: 'more distant next hop',
    keep: lowest((p, cost) => (p.nextHop === undefined ? 0 : cost(p.nextHop))),
  },
];

/** What chooses one among equals. */
const TIE_BREAKS: readonly Step[] = [
  // 7. (f) The lowest BGP Identifier, or ORIGINATOR_ID in its place.
  { rule: 'higher router ID', keep: lowest((p) => p.originator) },
  // 8. RFC 4456 §9: the shortest CLUSTER_LIST.
  { rule: 'longer cluster list', keep: lowest((p) => p.clusterListLength) },
  // 9. (g) The lowest peer address.
  { rule: 'higher peer address', keep: first(comparePeers) },
  // The same peer, by add-path.
  { rule: 'another path of the same peer', keep: first(compareContents) },
];

/** The best path of a prefix and why the others are not; undefined where there is none. */
export function decide(paths: readonly Path[], cost: InteriorCost = noIgp): Decision | undefined {
  const [only] = paths;
  if (only === undefined) return undefined;
  if (paths.length === 1) return { best: only, multipath: paths, lost: NOTHING_LOST };
  const lost = new Map<Path, Rule>();
  const multipath = run(EQUALITY, paths, cost, lost);
  const [best = only, ...alike] = run(TIE_BREAKS, multipath, cost, lost);
  // They say the same in other octets, under other path identifiers.
  for (const path of alike) if (path !== best) lost.set(path, 'another path of the same peer');
  return { best, multipath, lost };
}

const NOTHING_LOST: ReadonlyMap<Path, Rule> = new Map();

function run(
  steps: readonly Step[],
  paths: readonly Path[],
  cost: InteriorCost,
  lost: Map<Path, Rule>,
): readonly Path[] {
  let left = paths;
  for (const { rule, keep } of steps) {
    if (left.length === 1) break;
    const kept = keep(left, cost);
    if (kept.length < left.length) {
      for (const path of left) if (!kept.includes(path)) lost.set(path, rule);
      left = kept;
    }
  }
  return left;
}

/** A step that keeps the paths for which `measure` is lowest. */
function lowest(measure: (path: Path, cost: InteriorCost) => number): Step['keep'] {
  return (paths, cost) => {
    const values = paths.map((p) => measure(p, cost));
    const least = Math.min(...values);
    return paths.filter((_, i) => values[i] === least);
  };
}

function lowestMedPerNeighbor(paths: readonly Path[]): readonly Path[] {
  const least = new Map<number, number>();
  for (const { neighborAS, med } of paths) {
    least.set(neighborAS, Math.min(med, least.get(neighborAS) ?? med));
  }
  return paths.filter((p) => p.med === least.get(p.neighborAS));
}

/** A step that keeps the paths that come first in an order. */
function first(compare: (a: Path, b: Path) => number): Step['keep'] {
  return (paths) => {
    const least = paths.reduce((a, b) => (compare(b, a) < 0 ? b : a));
    return paths.filter((p) => compare(p, least) === 0);
  };
}

/** Two sessions to one address are told apart by their names. */
function comparePeers({ source: a }: Path, { source: b }: Path): number {
  if (a.address === undefined || b.address === undefined || a.address === b.address) {
    return compareTexts(a.name, b.name);
  }
  return compareAddresses(a.address, b.address);
}

/** Zero only for paths that say the same. */
function compareContents(a: Path, b: Path): number {
  const hops =
    a.nextHop === undefined || b.nextHop === undefined ? 0 : compareAddresses(a.nextHop, b.nextHop);
  return hops || compareTexts(attributesText(a), attributesText(b));
}

/** Made for nobody to read: the same for equal attributes, in whatever order they came. */
function attributesText({ attributes }: Path): string {
  const entries = Object.entries(attributes).sort(([a], [b]) => compareTexts(a, b));
  return JSON.stringify(entries, (_, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
}

const compareTexts = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
