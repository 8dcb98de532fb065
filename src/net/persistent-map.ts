import { fnv1a } from './fnv.ts';

/** Bits of the hash by which a branch chooses among its children. */
const BITS = 5;
const WIDTH = 1 << BITS;
/** Levels of branches: as many as the hash suffices for. */
const DEEPEST = 6;
/** Entries of a leaf that may still become a branch. */
const LARGEST_LEAF = 16;

/** Neither is changed once a map has it: other maps may have it too. */
type Part<K, V> = Leaf<K, V> | Branch<K, V>;
type Leaf<K, V> = Map<K, V>;
type Branch<K, V> = readonly (Part<K, V> | undefined)[];

/**
 * A map that is a value: `with` and `without` give another one, which shares with this one all but the few parts on the way to the
 * entry. So a table of thousands can be kept, passed on and compared (`changedKeys`) for what a change costs. The order of the
 * entries means nothing.
 */
export class PersistentMap<K extends string, V> implements ReadonlyMap<K, V> {
  #root: Part<K, V> | undefined;
  #size = 0;

  constructor(entries: Iterable<readonly [K, V]> = []) {
    for (const [key, value] of entries) {
      if (!this.has(key)) this.#size++;
      this.#root = put(this.#root, 0, fnv1a(key), key, value);
    }
  }

  get size(): number {
    return this.#size;
  }

  get(key: K): V | undefined {
    return leafOf(this.#root, 0, key)?.get(key);
  }

  has(key: K): boolean {
    return leafOf(this.#root, 0, key)?.has(key) === true;
  }

  /** The very same map where nothing changes by it. */
  with(key: K, value: V): PersistentMap<K, V> {
    const root = put(this.#root, 0, fnv1a(key), key, value);
    return root === this.#root ? this : PersistentMap.#of(root, this.has(key) ? this.#size : this.#size + 1);
  }

  /** The very same map where there is nothing to remove. */
  without(key: K): PersistentMap<K, V> {
    return this.has(key) ? PersistentMap.#of(remove(this.#root, 0, fnv1a(key), key), this.#size - 1) : this;
  }

  *entries(): Generator<[K, V], undefined> {
    for (const leaf of leaves(this.#root)) yield* leaf;
  }

  *keys(): Generator<K, undefined> {
    for (const leaf of leaves(this.#root)) yield* leaf.keys();
  }

  *values(): Generator<V, undefined> {
    for (const leaf of leaves(this.#root)) yield* leaf.values();
  }

  [Symbol.iterator](): Generator<[K, V], undefined> {
    return this.entries();
  }

  forEach(visit: (value: V, key: K, map: ReadonlyMap<K, V>) => void): void {
    for (const [key, value] of this) visit(value, key, this);
  }

  /** The keys that have another value than in `before`, have come or are gone; costs what the two do not share. */
  changedSince(before: PersistentMap<K, V>): readonly K[] {
    const found: K[] = [];
    compare(before.#root, this.#root, 0, found);
    return found;
  }

  static #of<K extends string, V>(root: Part<K, V> | undefined, size: number): PersistentMap<K, V> {
    const map = new PersistentMap<K, V>();
    map.#root = root;
    map.#size = size;
    return map;
  }
}

/** The keys whose values are not the same (`===`) in both, or that only one has: cheap where both are persistent maps. */
export function changedKeys<K extends string, V>(
  before: ReadonlyMap<K, V>,
  after: ReadonlyMap<K, V>,
): readonly K[] {
  if (before instanceof PersistentMap && after instanceof PersistentMap) return after.changedSince(before);
  if (before === after) return [];
  const found: K[] = [];
  for (const [key, value] of after) if (before.get(key) !== value) found.push(key);
  for (const key of before.keys()) if (!after.has(key)) found.push(key);
  return found;
}

const isLeaf = <K extends string, V>(part: Part<K, V>): part is Leaf<K, V> => part instanceof Map;

const indexAt = (depth: number, hash: number): number => (hash >>> (depth * BITS)) & (WIDTH - 1);

/** The leaf below `part`, which stands at `depth`, in which the key is if it is anywhere. */
function leafOf<K extends string, V>(
  part: Part<K, V> | undefined,
  depth: number,
  key: K,
): Leaf<K, V> | undefined {
  let found = part;
  const hash = fnv1a(key);
  for (let at = depth; found !== undefined; at++) {
    if (isLeaf(found)) return found;
    found = found[indexAt(at, hash)];
  }
  return undefined;
}

function put<K extends string, V>(
  part: Part<K, V> | undefined,
  depth: number,
  hash: number,
  key: K,
  value: V,
): Part<K, V> {
  if (part === undefined) return new Map([[key, value]]);
  if (isLeaf(part)) {
    if (part.get(key) === value && part.has(key)) return part;
    const leaf = new Map(part).set(key, value);
    return leaf.size <= LARGEST_LEAF || depth === DEEPEST ? leaf : split(leaf, depth);
  }
  const index = indexAt(depth, hash);
  const child = part[index];
  const changed = put(child, depth + 1, hash, key, value);
  return changed === child ? part : part.with(index, changed);
}

function split<K extends string, V>(leaf: Leaf<K, V>, depth: number): Branch<K, V> {
  const children: (Part<K, V> | undefined)[] = Array.from({ length: WIDTH });
  for (const [key, value] of leaf) {
    const hash = fnv1a(key);
    const index = indexAt(depth, hash);
    children[index] = put(children[index], depth + 1, hash, key, value);
  }
  return children;
}

/** Without a key that is there. Branches stay, however little is left below them: what grew once may grow again. */
function remove<K extends string, V>(
  part: Part<K, V> | undefined,
  depth: number,
  hash: number,
  key: K,
): Part<K, V> | undefined {
  if (part === undefined) return undefined;
  if (isLeaf(part)) {
    const leaf = new Map(part);
    leaf.delete(key);
    return leaf.size === 0 ? undefined : leaf;
  }
  const index = indexAt(depth, hash);
  return part.with(index, remove(part[index], depth + 1, hash, key));
}

function leaves<K extends string, V>(part: Part<K, V> | undefined): readonly Leaf<K, V>[] {
  if (part === undefined) return [];
  return isLeaf(part) ? [part] : part.flatMap(leaves);
}

/** Collects the keys that differ between two parts at the same place, `depth`. */
function compare<K extends string, V>(
  before: Part<K, V> | undefined,
  after: Part<K, V> | undefined,
  depth: number,
  found: K[],
): void {
  if (before === after) return;
  if (before !== undefined && after !== undefined && !isLeaf(before) && !isLeaf(after)) {
    for (let i = 0; i < WIDTH; i++) compare(before[i], after[i], depth + 1, found);
    return;
  }
  for (const leaf of leaves(after))
    for (const [key, value] of leaf) if (leafOf(before, depth, key)?.get(key) !== value) found.push(key);
  for (const leaf of leaves(before))
    for (const key of leaf.keys()) if (leafOf(after, depth, key)?.has(key) !== true) found.push(key);
}
