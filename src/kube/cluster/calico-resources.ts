import { type CalicoKind, calicoVersions, groupOf } from '../records/calico/calico-kind.ts';
import { parseCalico } from '../records/calico/calico-object.ts';
import type { CalicoMap } from '../records/calico/overlay.ts';
import type { Resource } from './resources.ts';

/** A collection of Calico's. */
export interface CalicoResource extends Resource {
  readonly apiVersion: string;
  readonly map: CalicoMap;
}

/** One kind of Calico's in the two APIs that show the same objects. */
export interface CalicoPair {
  readonly kind: CalicoKind;
  /**
   * The CRDs in which Calico keeps its objects. They are the API server's own, so they can be read while no pod of Calico runs, which
   * is when one moves away from it.
   */
  readonly stored: CalicoResource;
  /**
   * What people write: an API server of Calico's behind the first one, or CRDs of newer releases. Followed only where the server does
   * not know `stored`.
   */
  readonly written: CalicoResource;
}

const kinds = [
  ['IPPool', 'ippools', 'pools'],
  ['BGPConfiguration', 'bgpconfigurations', 'bgpConfigurations'],
  ['BGPPeer', 'bgppeers', 'bgpPeers'],
  ['BGPFilter', 'bgpfilters', 'bgpFilters'],
] as const;

const [storedVersion, writtenVersion] = calicoVersions;

/** What is followed besides with `calicoKinds`; none of it has to be there. */
export const calicoPairs: readonly CalicoPair[] = kinds.map(([kind, plural, map]) => {
  const resource = (apiVersion: string): CalicoResource => ({
    name: `${plural}.${groupOf(apiVersion)}`,
    map,
    path: `/apis/${apiVersion}/${plural}`,
    apiVersion,
    parse: parseCalico(kind),
  });
  return { kind, stored: resource(storedVersion), written: resource(writtenVersion) };
});
