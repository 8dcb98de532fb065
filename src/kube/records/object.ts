import { apiVersion, group } from '../kinds/kind.ts';
import { parseBGPConfiguration } from './bgp-configuration.ts';
import { parseBGPFilter } from './bgp-filter.ts';
import { parseBGPPeer } from './bgp-peer.ts';
import { groupOf, isCalico, isCalicoGroup } from './calico/calico-kind.ts';
import { isCalicoKind, parseCalico } from './calico/calico-object.ts';
import { parseIPPool } from './ip-pool.ts';
import { nearestName } from './nearest.ts';
import { parseNode, parseNodeBesideCalico } from './node.ts';
import { own, type PlainObject } from './plain.ts';
import { type FieldProblem, fieldProblem, missingField, type Parsed } from './problem.ts';
import { isOfInterest, noInterest, parseSecret, type SecretInterest } from './secret.ts';
import type { Snapshot, SnapshotMap } from './snapshot.ts';

/** A record of the map. */
export type RecordOf<M extends SnapshotMap> = Snapshot[M] extends ReadonlyMap<string, infer R> ? R : never;
export type AnyRecord = RecordOf<SnapshotMap>;

/** What an object of unknown kind turned out to be. */
export type ParsedObject =
  /** A kind that we keep; `parsed` may refuse the object. */
  | {
      readonly map: SnapshotMap;
      readonly kind: string;
      readonly parsed: Parsed<AnyRecord>;
      /** One of Calico's: an object of ours with the same kind and name counts before it. */
      readonly isCalicos?: true;
    }
  /** Nothing for us; the problem tells where we think that the author expects otherwise. */
  | { readonly map?: undefined; readonly problem?: FieldProblem };

interface Entry {
  readonly apiVersion: string;
  readonly map: SnapshotMap;
  readonly parse: (value: unknown, interest: SecretInterest, calicoKinds: boolean) => Parsed<AnyRecord>;
}

const entries: Readonly<Record<string, Entry>> = {
  Node: {
    apiVersion: 'v1',
    map: 'nodes',
    parse: (value, _, calicoKinds) => (calicoKinds ? parseNodeBesideCalico : parseNode)(value),
  },
  IPPool: { apiVersion, map: 'pools', parse: parseIPPool },
  BGPConfiguration: { apiVersion, map: 'bgpConfigurations', parse: parseBGPConfiguration },
  BGPPeer: { apiVersion, map: 'bgpPeers', parse: parseBGPPeer },
  BGPFilter: { apiVersion, map: 'bgpFilters', parse: parseBGPFilter },
  Secret: { apiVersion: 'v1', map: 'secrets', parse: parseSecret },
};

/**
 * Reads any object by its `apiVersion` and `kind`. Kinds that we do not need, of Kubernetes or of others, are passed over, and so
 * are Secrets of other namespaces. With `calicoKinds` objects of Calico's kinds are read as ours, and so are its annotations of Nodes.
 */
export function parseObject(value: PlainObject, interest = noInterest, calicoKinds = false): ParsedObject {
  const kind = own(value, 'kind');
  const version = own(value, 'apiVersion');
  if (typeof kind !== 'string' || kind === '') return { problem: missingField('object', ['kind']) };
  if (typeof version !== 'string' || version === '') return { problem: missingField(kind, ['apiVersion']) };
  const entry = Object.hasOwn(entries, kind) ? entries[kind] : undefined;
  if (entry?.apiVersion === version) {
    if (entry.map === 'secrets' && !isOfInterest(value, interest)) return {};
    return { map: entry.map, kind, parsed: entry.parse(value, interest, calicoKinds) };
  }
  if (calicoKinds && entry !== undefined && isCalicoKind(kind) && isCalico(value)) {
    return { map: entry.map, kind, parsed: parseCalico(kind)(value), isCalicos: true };
  }
  const problem = passedOver(kind, version, entry);
  return problem === undefined ? {} : { problem };
}

function passedOver(kind: string, version: string, entry: Entry | undefined): FieldProblem | undefined {
  const note = (code: string, path: 'kind' | 'apiVersion', message: string, remedy: string): FieldProblem =>
    fieldProblem(code, 'warning', kind, [path], message, remedy);
  if (groupOf(version) === group) {
    if (entry !== undefined) {
      const remedy = `write apiVersion: ${entry.apiVersion}`;
      return note('GRY_UNKNOWN_VERSION', 'apiVersion', `there is no such kind in ${version}`, remedy);
    }
    const nearest = nearestName(kind, Object.keys(entries));
    const remedy = nearest === undefined ? 'remove it' : `write ${nearest}`;
    return note('GRY_UNKNOWN_KIND', 'kind', `there is no such kind in ${version}`, remedy);
  }
  if (isCalicoGroup(version) && entry?.apiVersion === apiVersion) {
    return note(
      'GRY_FOREIGN_KIND',
      'apiVersion',
      `the object is one of Calico's and has no effect`,
      `write ${apiVersion} to use it, or turn calicoKinds on`,
    );
  }
  return undefined;
}
