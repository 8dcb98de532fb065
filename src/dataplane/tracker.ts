/** Both sides of one key. It changes only through its tracker. */
export interface Tracked<Key, Desired, Actual> {
  readonly key: Key;
  readonly desired: Desired | undefined;
  readonly actual: Actual | undefined;
}

interface Item<Key, Desired, Actual> extends Tracked<Key, Desired, Actual> {
  desired: Desired | undefined;
  actual: Actual | undefined;
}

/**
 * What we want beside what is there, by key, with the difference kept up to date at every change of either side:
 *
 *     desired   A=1  B=2        D=4
 *     actual    A=1  B=9  C=3
 *     pending        B    C     D        B to be changed, C to be removed, D to be made
 *
 * Learning and deciding are cheap and in any order; writing looks at `pending` only. Whoever writes tells by `setActual`
 * what is there now, and the key leaves `pending` by itself. The idea is Felix's delta tracker.
 *
 * One look-up finds both sides: with a hundred thousand keys look-ups are most of the cost.
 */
export class DeltaTracker<Key, Desired, Actual> {
  readonly #agrees: (desired: Desired, actual: Actual) => boolean;
  readonly #items = new Map<Key, Item<Key, Desired, Actual>>();
  readonly #pending = new Set<Item<Key, Desired, Actual>>();
  #desiredCount = 0;

  /** `agrees`: whether nothing needs to be written for this pair. */
  constructor(agrees: (desired: Desired, actual: Actual) => boolean) {
    this.#agrees = agrees;
  }

  desired(key: Key): Desired | undefined {
    return this.#items.get(key)?.desired;
  }

  actual(key: Key): Actual | undefined {
    return this.#items.get(key)?.actual;
  }

  /** Whether either side has the key. */
  has(key: Key): boolean {
    return this.#items.has(key);
  }

  isPending(key: Key): boolean {
    const item = this.#items.get(key);
    return item !== undefined && this.#pending.has(item);
  }

  /** Every key that is wanted or there. */
  all(): Iterable<Tracked<Key, Desired, Actual>> {
    return this.#items.values();
  }

  get desiredCount(): number {
    return this.#desiredCount;
  }

  /** Where the sides differ, in the order in which they began to. */
  get pending(): ReadonlySet<Tracked<Key, Desired, Actual>> {
    return this.#pending;
  }

  /** The very same value again costs one look-up. */
  setDesired(key: Key, value: Desired): void {
    const item = this.#item(key);
    if (item.desired === value) return;
    if (item.desired === undefined) this.#desiredCount++;
    item.desired = value;
    this.#mark(item);
  }

  deleteDesired(key: Key): void {
    const item = this.#items.get(key);
    if (item?.desired === undefined) return;
    this.#desiredCount--;
    item.desired = undefined;
    this.#mark(item);
  }

  setActual(key: Key, value: Actual): void {
    const item = this.#item(key);
    item.actual = value;
    this.#mark(item);
  }

  deleteActual(key: Key): void {
    const item = this.#items.get(key);
    if (item === undefined) return;
    item.actual = undefined;
    this.#mark(item);
  }

  #item(key: Key): Item<Key, Desired, Actual> {
    const known = this.#items.get(key);
    if (known !== undefined) return known;
    const item = { key, desired: undefined, actual: undefined };
    this.#items.set(key, item);
    return item;
  }

  #mark(item: Item<Key, Desired, Actual>): void {
    const { desired, actual } = item;
    if (desired === undefined && actual === undefined) {
      this.#items.delete(item.key);
      this.#pending.delete(item);
    } else if (desired !== undefined && actual !== undefined && this.#agrees(desired, actual)) {
      this.#pending.delete(item);
    } else this.#pending.add(item);
  }
}
