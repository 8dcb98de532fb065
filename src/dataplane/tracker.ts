import { Column, NONE } from '../net/columns.ts';
import type { Prefix } from '../net/prefix.ts';
import { HEAD as BEFORE, QUEUE as NEXT, PrefixTable } from '../net/prefix-table.ts';
import type { PrefixWords } from '../net/prefix-words.ts';

/** In NEXT: the last pending one. NONE there: it is not pending. */
const LAST = -2;

/**
 * What we want beside what is there, by prefix, with the difference kept up to date at every change of either side:
 *
 *     desired   A=1  B=2        D=4
 *     actual    A=1  B=9  C=3
 *     pending        B    C     D        B to be changed, C to be removed, D to be made
 *
 * Learning and deciding are cheap and in any order; writing looks at what is pending only. Whoever writes tells by `setActual`
 * what is there now, and the prefix leaves the pending ones by itself. The idea is Felix's delta tracker.
 *
 * A prefix is a small integer here, its id, as long as either side has something at it; the sides are columns by id, and the
 * pending ones are linked in the order in which the sides began to differ. So nothing is copied when the table grows.
 */
export class DeltaTracker<Desired, Actual> {
  readonly #agrees: (desired: Desired, actual: Actual) => boolean;
  readonly #prefixes = new PrefixTable();
  readonly #desired = new Column<Desired>();
  readonly #actual = new Column<Actual>();
  #desiredCount = 0;
  #first = NONE;
  #last = NONE;
  /** The pending one that the walk comes to next. */
  #cursor = NONE;

  /** `agrees`: whether nothing needs to be written for this pair. */
  constructor(agrees: (desired: Desired, actual: Actual) => boolean) {
    this.#agrees = agrees;
  }

  /** NONE: neither side has the prefix. */
  find(prefix: PrefixWords): number {
    return this.#prefixes.find(prefix);
  }

  /** The prefix's id; a new one must be given a side before anything else happens. */
  enter(prefix: PrefixWords): number {
    return this.#prefixes.intern(prefix);
  }

  /** As numbers: an object that the next call changes. */
  words(id: number): PrefixWords {
    return this.#prefixes.words(id);
  }

  text(id: number): Prefix {
    return this.#prefixes.text(id);
  }

  /** Undefined for NONE too. */
  desired(id: number): Desired | undefined {
    return id === NONE ? undefined : this.#desired.get(id);
  }

  actual(id: number): Actual | undefined {
    return id === NONE ? undefined : this.#actual.get(id);
  }

  isPending(id: number): boolean {
    return id !== NONE && this.#prefixes.records.get(id, NEXT) !== NONE;
  }

  /** Every prefix that is wanted or there. */
  *all(): Generator<number, void> {
    const { records } = this.#prefixes;
    for (let id = 0; id < records.end; id++) if (this.#prefixes.has(id)) yield id;
  }

  get desiredCount(): number {
    return this.#desiredCount;
  }

  /** Where the sides differ, in the order in which they began to; nothing may change meanwhile. */
  *pending(): Generator<number, void> {
    for (let id = this.#first; id !== NONE; id = this.#behind(id)) yield id;
  }

  /** The first pending one, or NONE: begins a walk, which `next` goes on with whatever changes in between. One at a time. */
  walk(): number {
    this.#cursor = this.#first;
    return this.next();
  }

  next(): number {
    const id = this.#cursor;
    if (id !== NONE) this.#cursor = this.#behind(id);
    return id;
  }

  setDesired(id: number, value: Desired): void {
    const before = this.#desired.get(id);
    if (before === value) return;
    if (before === undefined) {
      this.#desiredCount++;
      this.#prefixes.retain(id);
    }
    this.#desired.set(id, value);
    this.#mark(id, value, this.#actual.get(id));
  }

  deleteDesired(id: number): void {
    if (this.desired(id) === undefined) return;
    this.#desiredCount--;
    this.#desired.set(id, undefined);
    this.#mark(id, undefined, this.#actual.get(id));
    this.#prefixes.release(id);
  }

  setActual(id: number, value: Actual): void {
    if (this.#actual.get(id) === undefined) this.#prefixes.retain(id);
    this.#actual.set(id, value);
    this.#mark(id, this.#desired.get(id), value);
  }

  deleteActual(id: number): void {
    if (this.actual(id) === undefined) return;
    this.#actual.set(id, undefined);
    this.#mark(id, this.#desired.get(id), undefined);
    this.#prefixes.release(id);
  }

  #mark(id: number, desired: Desired | undefined, actual: Actual | undefined): void {
    const isRight =
      desired === undefined || actual === undefined
        ? (desired === undefined) === (actual === undefined)
        : this.#agrees(desired, actual);
    if (isRight === !this.isPending(id)) return;
    if (isRight) this.#unlink(id);
    else this.#link(id);
  }

  #behind(id: number): number {
    const next = this.#prefixes.records.get(id, NEXT);
    return next === LAST ? NONE : next;
  }

  #link(id: number): void {
    const { records } = this.#prefixes;
    records.set(id, BEFORE, this.#last);
    records.set(id, NEXT, LAST);
    if (this.#last === NONE) this.#first = id;
    else records.set(this.#last, NEXT, id);
    this.#last = id;
  }

  #unlink(id: number): void {
    const { records } = this.#prefixes;
    const before = records.get(id, BEFORE);
    const behind = this.#behind(id);
    if (this.#cursor === id) this.#cursor = behind;
    if (before === NONE) this.#first = behind;
    else records.set(before, NEXT, behind === NONE ? LAST : behind);
    if (behind === NONE) this.#last = before;
    else records.set(behind, BEFORE, before);
    records.set(id, NEXT, NONE);
  }
}
