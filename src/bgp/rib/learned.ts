import { Column, NONE, Octets } from '../../net/columns.ts';
import type { Prefix } from '../../net/prefix.ts';
import type { PrefixTable } from '../../net/prefix-table.ts';
import { type PrefixWords, prefixWords, scratchWords } from '../../net/prefix-words.ts';
import type { LearnedFeed, LearnedRoute, Ways } from '../status.ts';
import { Queue } from './queue.ts';
import { sameWays } from './ways.ts';

/** The ways that the decision process gave each prefix, and which of them nobody has taken since. */
export class Learned implements LearnedFeed {
  readonly #prefixes: PrefixTable;
  readonly #ways = new Column<Ways>();
  /** Prefixes to be taken, each once and held until then; 1 marks those in the queue. */
  readonly #changed = new Queue<number>();
  readonly #waits = new Octets();
  /** From here on everything is to be taken, changed or not. */
  #row = Number.POSITIVE_INFINITY;
  prefix: PrefixWords = scratchWords();
  ways: Ways | undefined;

  constructor(prefixes: PrefixTable) {
    this.#prefixes = prefixes;
  }

  /** Undefined: there is no route any more. The same again is no change. */
  put(prefix: number, ways: Ways | undefined): void {
    if (sameWays(this.#ways.get(prefix), ways)) return;
    this.#ways.set(prefix, ways);
    this.#enqueue(prefix);
  }

  get waiting(): number {
    return this.#changed.length + Math.max(0, this.#ways.end - this.#row);
  }

  take(): boolean {
    const changed = this.#changed.shift();
    if (changed === undefined) return this.#takeRow();
    this.#waits.set(changed, 0);
    this.#show(changed);
    this.#prefixes.release(changed);
    return true;
  }

  touch(prefix: Prefix): void {
    const id = this.#prefixes.find(prefixWords(prefix));
    if (id !== NONE && this.#ways.get(id) !== undefined) this.#enqueue(id);
  }

  touchAll(): void {
    this.#row = 0;
  }

  /** All that is learned now, taken or not; for people. */
  *routes(): Generator<LearnedRoute, void> {
    for (let id = 0; id < this.#ways.end; id++) {
      const ways = this.#ways.get(id);
      if (ways !== undefined) yield { prefix: this.#prefixes.text(id), ...ways };
    }
  }

  #enqueue(prefix: number): void {
    if (this.#waits.get(prefix) === 1) return;
    this.#waits.set(prefix, 1);
    this.#prefixes.retain(prefix);
    this.#changed.push(prefix);
  }

  #takeRow(): boolean {
    while (this.#row < this.#ways.end) {
      const id = this.#row++;
      if (this.#ways.get(id) === undefined) continue;
      this.#show(id);
      return true;
    }
    this.#row = Number.POSITIVE_INFINITY;
    return false;
  }

  #show(id: number): void {
    this.prefix = this.#prefixes.words(id);
    this.ways = this.#ways.get(id);
  }
}
