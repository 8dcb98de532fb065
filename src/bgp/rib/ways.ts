import { compareAddresses } from '../../net/address.ts';
import type { Ways } from '../status.ts';
import type { Path } from './path.ts';

/** The forwarding view of a decision. Two peers with one next hop give one way; what this node originates gives none. */
export class WayBook {
  /** Nearly every route of a large table goes the way of the one before. */
  #last: Ways | undefined;

  /** Of the only path. */
  of(path: Path): Ways | undefined {
    const { nextHop, source } = path;
    if (nextHop === undefined) return undefined;
    const last = this.#last;
    if (last?.nextHops.length === 1 && last.nextHops[0] === nextHop && last.peers[0] === source.name)
      return last;
    this.#last = { nextHops: [nextHop], peers: [source.name] };
    return this.#last;
  }

  /** Of several that are used side by side. */
  ofAll(paths: readonly Path[]): Ways | undefined {
    const [only] = paths;
    if (only === undefined) return undefined;
    if (paths.length === 1) return this.of(only);
    const ways = paths
      .flatMap(({ nextHop, source }) => (nextHop === undefined ? [] : [{ nextHop, peer: source.name }]))
      .sort((a, b) => compareAddresses(a.nextHop, b.nextHop) || (a.peer < b.peer ? -1 : 1))
      .filter((way, i, all) => way.nextHop !== all[i - 1]?.nextHop);
    const joined = { nextHops: ways.map((w) => w.nextHop), peers: ways.map((w) => w.peer) };
    const last = this.#last;
    if (last !== undefined && sameWays(last, joined)) return last;
    this.#last = joined;
    return joined;
  }
}

export const sameWays = (a: Ways | undefined, b: Ways | undefined): boolean =>
  a === b ||
  (a !== undefined && b !== undefined && sameTexts(a.nextHops, b.nextHops) && sameTexts(a.peers, b.peers));

const sameTexts = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((text, i) => text === b[i]);
