import { type Address, addressBits, addressBytes, type Family } from './address.ts';
import { type Prefix, prefixBytes, prefixFamily, prefixLength } from './prefix.ts';

interface Node<V> {
  zero: Node<V> | undefined;
  one: Node<V> | undefined;
  entry: { readonly prefix: Prefix; value: V } | undefined;
}

const emptyNode = <V>(): Node<V> => ({ zero: undefined, one: undefined, entry: undefined });
const bit = (bytes: Uint8Array, index: number): number => ((bytes[index >> 3] ?? 0) >> (7 - (index & 7))) & 1;

/** Longest-prefix match over both families. A binary trie: at most 128 steps a look-up, and simple enough to trust. */
export class PrefixTrie<V> {
  readonly #roots: Record<Family, Node<V>> = { 4: emptyNode(), 6: emptyNode() };
  #size = 0;

  get size(): number {
    return this.#size;
  }

  set(prefix: Prefix, value: V): void {
    const bytes = prefixBytes(prefix);
    let node = this.#roots[prefixFamily(prefix)];
    const bits = prefixLength(prefix);
    for (let i = 0; i < bits; i++) {
      if (bit(bytes, i) === 0) node = node.zero ??= emptyNode();
      else node = node.one ??= emptyNode();
    }
    if (node.entry === undefined) this.#size++;
    node.entry = { prefix, value };
  }

  get(prefix: Prefix): V | undefined {
    return this.#path(prefix).at(-1)?.entry?.value;
  }

  /** Removes the entry and the branches that lead nowhere any more; tells whether there was one. */
  delete(prefix: Prefix): boolean {
    const path = this.#path(prefix);
    const node = path.at(-1);
    if (node?.entry === undefined) return false;
    node.entry = undefined;
    this.#size--;
    for (let i = path.length - 1; i > 0; i--) {
      const child = path[i];
      const parent = path[i - 1];
      if (child === undefined || parent === undefined) break;
      if (child.entry !== undefined || child.zero !== undefined || child.one !== undefined) break;
      if (parent.zero === child) parent.zero = undefined;
      else parent.one = undefined;
    }
    return true;
  }

  /** The most specific entry that contains the address. */
  match(address: Address): { readonly prefix: Prefix; readonly value: V } | undefined {
    return this.matches(address).next().value;
  }

  /** Every entry that contains the address, the most specific first. */
  *matches(address: Address): Generator<{ readonly prefix: Prefix; readonly value: V }, undefined> {
    const bytes = addressBytes(address);
    const family: Family = bytes.length === 4 ? 4 : 6;
    const found = this.#entriesAlong(bytes, addressBits(family), family);
    for (let i = found.length - 1; i >= 0; i--) {
      const entry = found[i];
      if (entry !== undefined) yield entry;
    }
    return undefined;
  }

  /** Whether any entry contains `prefix`, is contained in it, or equals it. */
  overlaps(prefix: Prefix): boolean {
    const node = this.#firstEntry(prefix);
    // Branches without entries are pruned: a node with children has an entry below it.
    return node?.entry !== undefined || node?.zero !== undefined || node?.one !== undefined;
  }

  /** Whether any entry contains `prefix` or equals it. */
  covers(prefix: Prefix): boolean {
    return this.#firstEntry(prefix)?.entry !== undefined;
  }

  /** The first node with an entry on the way to the prefix; else the prefix's own, where there is one. */
  #firstEntry(prefix: Prefix): Node<V> | undefined {
    const bytes = prefixBytes(prefix);
    const bits = prefixLength(prefix);
    let node: Node<V> | undefined = this.#roots[prefixFamily(prefix)];
    for (let i = 0; i < bits && node !== undefined && node.entry === undefined; i++) {
      node = bit(bytes, i) === 0 ? node.zero : node.one;
    }
    return node;
  }

  #entriesAlong(bytes: Uint8Array, bits: number, family: Family): { prefix: Prefix; value: V }[] {
    const found: { prefix: Prefix; value: V }[] = [];
    let node: Node<V> | undefined = this.#roots[family];
    for (let i = 0; node !== undefined; i++) {
      if (node.entry !== undefined) found.push(node.entry);
      if (i === bits) break;
      node = bit(bytes, i) === 0 ? node.zero : node.one;
    }
    return found;
  }

  /** The nodes from the root to the prefix's own, or an empty list where the branch ends early. */
  #path(prefix: Prefix): Node<V>[] {
    const bytes = prefixBytes(prefix);
    const bits = prefixLength(prefix);
    const path: Node<V>[] = [];
    let node: Node<V> | undefined = this.#roots[prefixFamily(prefix)];
    for (let i = 0; i <= bits; i++) {
      if (node === undefined) return [];
      path.push(node);
      if (i < bits) node = bit(bytes, i) === 0 ? node.zero : node.one;
    }
    return path;
  }
}
