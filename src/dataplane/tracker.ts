/**
 * What we want beside what is there, by key, with the difference kept up to date at every change of either side:
 *
 *     desired   A=1  B=2        D=4
 *     actual    A=1  B=9  C=3
 *     pending        B    C     D        B to be changed, C to be removed, D to be made
 *
 * Learning and deciding are cheap and in any order; writing looks at `pending` only. Whoever writes tells by `setActual`
 * what is there now, and the key leaves `pending` by itself. The idea is Felix's delta tracker.
 */
export class DeltaTracker<Key, Desired, Actual> {
  readonly #agrees: (desired: Desired, actual: Actual) => boolean;
  readonly #desired = new Map<Key, Desired>();
  readonly #actual = new Map<Key, Actual>();
  readonly #pending = new Set<Key>();

  /** `agrees`: whether nothing needs to be written for this pair. */
  constructor(agrees: (desired: Desired, actual: Actual) => boolean) {
    this.#agrees = agrees;
  }

  desired(key: Key): Desired | undefined {
    return this.#desired.get(key);
  }

  actual(key: Key): Actual | undefined {
    return this.#actual.get(key);
  }

  get allDesired(): ReadonlyMap<Key, Desired> {
    return this.#desired;
  }

  get allActual(): ReadonlyMap<Key, Actual> {
    return this.#actual;
  }

  /** Keys whose sides differ, in the order in which they began to. */
  get pending(): ReadonlySet<Key> {
    return this.#pending;
  }

  /** The very same value again costs one look-up. */
  setDesired(key: Key, value: Desired): void {
    if (this.#desired.get(key) === value) return;
    this.#desired.set(key, value);
    const actual = this.#actual.get(key);
    this.#mark(key, actual === undefined || !this.#agrees(value, actual));
  }

  deleteDesired(key: Key): void {
    if (this.#desired.delete(key)) this.#mark(key, this.#actual.has(key));
  }

  setActual(key: Key, value: Actual): void {
    this.#actual.set(key, value);
    const desired = this.#desired.get(key);
    this.#mark(key, desired === undefined || !this.#agrees(desired, value));
  }

  deleteActual(key: Key): void {
    if (this.#actual.delete(key)) this.#mark(key, this.#desired.has(key));
  }

  #mark(key: Key, pending: boolean): void {
    if (pending) this.#pending.add(key);
    else this.#pending.delete(key);
  }
}
