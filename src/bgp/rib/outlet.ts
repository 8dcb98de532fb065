import { NONE } from '../../net/columns.ts';
import type { BgpFamily } from '../config.ts';
import type { AdvertisedStatus } from '../status.ts';
import { unicast } from '../wire/family.ts';
import { type PrefixSource, writePrefix } from '../wire/nlri.ts';
import { AdjRibOut, type Batch } from './adj-rib-out.ts';
import {
  type Exporter,
  type ExportPeer,
  type ExportSpeaker,
  makeExporter,
  type Outbound,
} from './export-policy.ts';
import type { Path } from './path.ts';
import { attributeStatus } from './path-status.ts';
import type { Tables } from './tables.ts';

export interface OutletOptions {
  readonly families: readonly BgpFamily[];
  /** Families of which the peer is told all paths, RFC 7911. */
  readonly addPath: readonly BgpFamily[];
  /** There is something to `take`, or to `walk`. */
  readonly wake: () => void;
}

/**
 * The outbound side of one session: what of the Loc-RIB its peer should know. Fed with every prefix that changes; a new peer, or
 * another export policy, walks over the table once, a piece at a time.
 */
export class Outlet {
  /** The name of the peer. */
  readonly name: string;
  readonly #tables: Tables;
  readonly #options: OutletOptions;
  readonly #outs = new Map<BgpFamily, AdjRibOut>();
  /** Prefixes that came together leave together: mostly the same path is asked for again. */
  #lastPath: Path | undefined;
  #lastOutbound: Outbound | undefined;
  #exporter: Exporter;
  #transit: boolean;
  #walk: Walk | undefined;

  constructor(tables: Tables, peer: ExportPeer, speaker: ExportSpeaker, options: OutletOptions) {
    this.name = peer.name;
    this.#tables = tables;
    this.#options = options;
    for (const family of options.families) {
      this.#outs.set(
        family,
        new AdjRibOut(options.addPath.includes(family) ? tables.routes : tables.prefixes),
      );
    }
    this.#exporter = makeExporter(peer, speaker);
    this.#transit = isTransit(peer);
    this.#startWalk(this.#transit);
  }

  /** Whether it is, or was, told anything but what this node originates: then every change matters to it. */
  get transit(): boolean {
    return this.#transit;
  }

  /** Tells by other rules from now on; only differences are sent. */
  set(peer: ExportPeer, speaker: ExportSpeaker): void {
    this.#exporter = makeExporter(peer, speaker);
    this.#transit ||= isTransit(peer);
    this.again();
  }

  /** Looks at the whole table once more; only differences are sent. */
  again(): void {
    this.#lastPath = undefined;
    this.#startWalk(this.#transit);
  }

  /** A prefix, or one of its paths, changed. */
  update(prefix: number, best: Path | undefined): void {
    const { prefixes, routes } = this.#tables;
    const family = unicast(prefixes.family(prefix));
    const out = this.#outs.get(family);
    if (out === undefined) return;
    const { drained } = out;
    if (this.#options.addPath.includes(family)) {
      for (let route = routes.first(prefix); route !== NONE; route = routes.next(route)) {
        const path = routes.accepted(route);
        out.put(route, path === undefined ? undefined : this.#outbound(prefix, path));
      }
    } else {
      out.put(prefix, best === undefined ? undefined : this.#outbound(prefix, best));
    }
    if (drained && !out.drained) this.#options.wake();
  }

  /** Looks at the next `limit` places of the table, or of what is to be told again. */
  walk(limit: number): void {
    for (const out of this.#outs.values()) out.repeat(limit);
    const walk = this.#walk;
    if (walk === undefined) return;
    const { prefixes } = this.#tables;
    const length = walk.ids?.length ?? prefixes.records.end;
    const end = Math.min(length, walk.at + limit);
    for (; walk.at < end; walk.at++) {
      const prefix = walk.ids === undefined ? walk.at : (walk.ids[walk.at] ?? NONE);
      if (prefixes.has(prefix)) this.update(prefix, this.#tables.best(prefix));
    }
    if (walk.at === length) this.#walk = undefined;
  }

  /** The next of what waits in the family, after looking at no more than `limit`; `done` when it is written. */
  take(family: BgpFamily, limit: number): Batch | undefined {
    return this.#outs.get(family)?.take(limit);
  }

  /** The announcement taken last cannot be sent from index `from` on; gives the withdrawal to be sent instead, maybe of nothing. */
  refuse(family: BgpFamily, batch: Batch, from: number): Batch {
    return this.#outs.get(family)?.refuse(batch, from) ?? { outbound: undefined, ids: [] };
  }

  done(family: BgpFamily): void {
    this.#outs.get(family)?.done();
  }

  /** The prefixes of a batch, as they are written. A route's id stands for its path identifier, which must not be 0. */
  source(family: BgpFamily, { ids }: Batch): PrefixSource {
    const { prefixes, routes } = this.#tables;
    const addPath = this.#options.addPath.includes(family);
    return {
      length: ids.length,
      write: (out, index) => {
        const id = ids[index] ?? 0;
        if (addPath) out.u32(id + 1);
        writePrefix(out, prefixes.words(addPath ? routes.prefix(id) : id));
      },
    };
  }

  /** The family is told once more, RFC 2918. */
  refresh(family: BgpFamily): void {
    this.#outs.get(family)?.refresh();
  }

  /** Everything of the family that is known by now has been taken. */
  drained(family: BgpFamily): boolean {
    return this.#walk === undefined && this.#outs.get(family)?.drained !== false;
  }

  advertised(family: BgpFamily): number {
    return this.#outs.get(family)?.advertised ?? 0;
  }

  /** Whether the peer has been told the prefix, or one of its paths. */
  hasTold(prefix: number): boolean {
    const { prefixes, routes } = this.#tables;
    const family = unicast(prefixes.family(prefix));
    const out = this.#outs.get(family);
    if (out === undefined) return false;
    if (!this.#options.addPath.includes(family)) return out.told(prefix) !== undefined;
    for (let route = routes.first(prefix); route !== NONE; route = routes.next(route)) {
      if (out.told(route) !== undefined) return true;
    }
    return false;
  }

  /** What the peer has been told, lazily: prefixes may come, change and go on the way. */
  *told(): Generator<AdvertisedStatus, void> {
    const { prefixes, routes } = this.#tables;
    for (const [family, out] of this.#outs) {
      const addPath = this.#options.addPath.includes(family);
      for (let id = 0; id < out.end; id++) {
        const outbound = out.told(id);
        if (outbound === undefined) continue;
        const { attributes, nextHop } = outbound;
        const { localPref } = attributes;
        yield {
          prefix: prefixes.text(addPath ? routes.prefix(id) : id),
          family,
          nextHop,
          ...attributeStatus(attributes),
          ...(localPref !== undefined && { localPref }),
          ...(addPath && { pathId: id + 1 }),
        };
      }
    }
  }

  /** The session is over: lets go what it holds, about `limit` places at a time; tells whether there are more. */
  dismantle(limit: number): boolean {
    let more = false;
    for (const out of this.#outs.values()) more = out.dismantle(limit) || more;
    return more;
  }

  #startWalk(everything: boolean): void {
    this.#walk = { at: 0, ids: everything ? undefined : this.#tables.originated() };
    this.#options.wake();
  }

  #outbound(prefix: number, path: Path): Outbound | undefined {
    const exporter = this.#exporter;
    const general = this.#lastPath === path ? this.#lastOutbound : exporter.path(path);
    this.#lastPath = path;
    this.#lastOutbound = general;
    return exporter.perPrefix ? exporter.prefix(this.#tables.prefixes.text(prefix), path, general) : general;
  }
}

/** Over the whole table, or over these prefixes. */
interface Walk {
  at: number;
  readonly ids: readonly number[] | undefined;
}

const isTransit = ({ export: policy }: ExportPeer): boolean =>
  policy.kind === 'all' || (policy.rules?.length ?? 0) > 0;
