import type { Prefix } from '../../net/prefix.ts';
import type { BgpFamily } from '../config.ts';
import { FAMILIES } from '../wire/family.ts';
import type { Announcement } from '../wire/message.ts';
import { attributesKey } from './attributes-key.ts';
import { makePath, type Path, type PathSource } from './path.ts';

interface Shared {
  readonly path: Path;
  readonly key: string;
  /** How many prefixes stand on it. */
  uses: number;
}

export interface AdjRibInEntry {
  readonly family: BgpFamily;
  readonly prefix: Prefix;
  readonly path: Path;
}

/**
 * Everything that one peer has announced and not withdrawn, before any policy (RFC 4271 §3.2). Equal attributes are kept
 * once, however many messages brought them, so two prefixes have the same attributes exactly if they have the same `Path`.
 */
export class AdjRibIn {
  readonly source: PathSource;
  readonly #tables: Readonly<Record<BgpFamily, Map<Prefix, Shared>>> = {
    'ipv4-unicast': new Map(),
    'ipv6-unicast': new Map(),
  };
  readonly #shared = new Map<string, Shared>();

  constructor(source: PathSource) {
    this.source = source;
  }

  /** The path of an announcement; the peer's earlier path to each of its prefixes is replaced. */
  announce({ family, prefixes, attributes, nextHop }: Announcement): Path {
    const key = `${nextHop} ${attributesKey(attributes)}`;
    const shared = this.#shared.get(key) ?? this.#share(key, makePath(this.source, attributes, nextHop));
    const table = this.#tables[family];
    for (const prefix of prefixes) {
      shared.uses++;
      this.#release(table.get(prefix));
      table.set(prefix, shared);
    }
    if (shared.uses === 0) this.#shared.delete(key);
    return shared.path;
  }

  withdraw(family: BgpFamily, prefix: Prefix): void {
    const table = this.#tables[family];
    this.#release(table.get(prefix));
    table.delete(prefix);
  }

  get(family: BgpFamily, prefix: Prefix): Path | undefined {
    return this.#tables[family].get(prefix)?.path;
  }

  /** Prefixes held. */
  size(family: BgpFamily): number {
    return this.#tables[family].size;
  }

  /** Distinct sets of attributes held. */
  get attributeSets(): number {
    return this.#shared.size;
  }

  /** Everything held, as it is when the iterator gets there: prefixes may come, change and go on the way. */
  *entries(): Generator<AdjRibInEntry, void> {
    for (const family of FAMILIES) {
      for (const [prefix, { path }] of this.#tables[family]) yield { family, prefix, path };
    }
  }

  #share(key: string, path: Path): Shared {
    const shared: Shared = { path, key, uses: 0 };
    this.#shared.set(key, shared);
    return shared;
  }

  #release(shared: Shared | undefined): void {
    if (shared === undefined) return;
    shared.uses--;
    if (shared.uses === 0) this.#shared.delete(shared.key);
  }
}
