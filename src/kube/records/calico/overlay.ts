import type { Problem } from '../../../ports/problem.ts';
import type { BGPFilterRecord } from '../bgp-filter.ts';
import type { BGPPeerRecord } from '../bgp-peer.ts';
import type { Snapshot } from '../snapshot.ts';
import { believedRecord } from './believed-filter.ts';
import type { CalicoKind } from './calico-kind.ts';

/** The maps of the kinds that Calico has too. */
export type CalicoMap = 'pools' | 'bgpConfigurations' | 'bgpPeers' | 'bgpFilters';
export type CalicoMaps = Pick<Snapshot, CalicoMap>;

const kinds: Readonly<Record<CalicoMap, CalicoKind>> = {
  pools: 'IPPool',
  bgpConfigurations: 'BGPConfiguration',
  bgpPeers: 'BGPPeer',
  bgpFilters: 'BGPFilter',
};

export const calicoMaps: readonly CalicoMap[] = ['pools', 'bgpConfigurations', 'bgpPeers', 'bgpFilters'];

type Table<R> = ReadonlyMap<string, R>;

/** Our objects and Calico's as one; of two with the same kind and name, ours counts. */
export class CalicoOverlay {
  readonly #pools = remember(overlay<Snapshot['pools']>);
  readonly #bgpConfigurations = remember(overlay<Snapshot['bgpConfigurations']>);
  readonly #bgpPeers = remember(overlay<Snapshot['bgpPeers']>);
  readonly #bgpFilters = remember(overlay<Snapshot['bgpFilters']>);
  readonly #believing = remember(withBelieved);

  /** A map is the very same as before where neither side has changed, and ours where Calico's is empty. */
  merge(
    ours: CalicoMaps,
    calico: CalicoMaps,
  ): { readonly maps: CalicoMaps; readonly problems: readonly Problem[] } {
    const filters = this.#believing(calico.bgpFilters, calico.bgpPeers, ours.bgpPeers);
    return {
      maps: {
        pools: this.#pools(ours.pools, calico.pools),
        bgpConfigurations: this.#bgpConfigurations(ours.bgpConfigurations, calico.bgpConfigurations),
        bgpPeers: this.#bgpPeers(ours.bgpPeers, calico.bgpPeers),
        bgpFilters: this.#bgpFilters(ours.bgpFilters, filters),
      },
      problems: calicoMaps.flatMap((map) => shadows(kinds[map], ours[map], calico[map])),
    };
  }
}

const overlay = <M extends Table<unknown>>(ours: M, calico: M): M =>
  // The cast is sound: the entries are those of two maps of this type.
  calico.size === 0 ? ours : (new Map([...calico, ...ours]) as Table<unknown> as M);

/** Calico's filters, and what its peers name that is no object of Calico's. */
function withBelieved(
  filters: Table<BGPFilterRecord>,
  peers: Table<BGPPeerRecord>,
  ours: Table<BGPPeerRecord>,
): Table<BGPFilterRecord> {
  const isNamed = [...peers].some(
    ([name, peer]) => !ours.has(name) && peer.filters.includes(believedRecord.name),
  );
  return isNamed ? new Map([[believedRecord.name, believedRecord], ...filters]) : filters;
}

function shadows(kind: CalicoKind, ours: Table<unknown>, calico: Table<unknown>): readonly Problem[] {
  return [...calico.keys()]
    .filter((name) => ours.has(name))
    .map((name) => ({
      code: 'GRY_CALICO_SHADOWED',
      severity: 'warning',
      subject: `Calico's ${kind} ${name}`,
      message: `Gryphon's own ${kind} has the same name and is used, Calico's is not`,
      remedy: "delete Calico's object, or give one of the two another name",
    }));
}

/** The function, which gives its last answer again while the arguments are the very same. */
function remember<A extends readonly unknown[], R>(compute: (...args: A) => R): (...args: A) => R {
  let last: { readonly args: A; readonly result: R } | undefined;
  return (...args) => {
    const known = last;
    if (known?.args.every((arg, i) => arg === args[i]) === true) return known.result;
    last = { args, result: compute(...args) };
    return last.result;
  };
}
