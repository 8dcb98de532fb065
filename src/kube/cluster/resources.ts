import { bgpConfigurationKind } from '../kinds/bgp-configuration.ts';
import { bgpFilterKind } from '../kinds/bgp-filter.ts';
import { bgpPeerKind } from '../kinds/bgp-peer.ts';
import { ipPoolKind } from '../kinds/ip-pool.ts';
import { apiVersion, type Kind } from '../kinds/kind.ts';
import { parseBGPConfiguration } from '../records/bgp-configuration.ts';
import { parseBGPFilter } from '../records/bgp-filter.ts';
import { parseBGPPeer } from '../records/bgp-peer.ts';
import { parseIPPool } from '../records/ip-pool.ts';
import { parseNode, parseNodeBesideCalico } from '../records/node.ts';
import type { AnyRecord } from '../records/object.ts';
import type { PlainObject } from '../records/plain.ts';
import type { Parsed } from '../records/problem.ts';
import { parseSecret } from '../records/secret.ts';
import type { SnapshotMap } from '../records/snapshot.ts';
import { parseStanding, type Standing } from './standing.ts';

/** A collection of the API that is followed. */
export interface Resource {
  /** `nodes`, `secrets/tor-password`: for people. */
  readonly name: string;
  readonly map: SnapshotMap;
  readonly path: string;
  readonly fieldSelector?: string;
  readonly parse: (value: PlainObject) => Seen;
  /** Its objects say whether they are accepted. */
  readonly kind?: Kind;
}

/** What is kept of an object. */
export interface Seen extends Parsed<AnyRecord> {
  /** Only where objects say whether they are accepted. */
  readonly standing?: Standing;
}

function ours(kind: Kind, map: SnapshotMap, parse: (value: unknown) => Parsed<AnyRecord>): Resource {
  const { plural } = kind;
  return {
    name: plural,
    map,
    path: `/apis/${apiVersion}/${plural}`,
    parse: (value) => ({ ...parse(value), standing: parseStanding(value) }),
    kind,
  };
}

const nodes: Resource = {
  name: 'nodes',
  map: 'nodes',
  path: '/api/v1/nodes',
  parse: parseNode,
};

const kinds: readonly Resource[] = [
  ours(ipPoolKind, 'pools', parseIPPool),
  ours(bgpConfigurationKind, 'bgpConfigurations', parseBGPConfiguration),
  ours(bgpPeerKind, 'bgpPeers', parseBGPPeer),
  ours(bgpFilterKind, 'bgpFilters', parseBGPFilter),
];

/** What every agent follows. */
export const resources: readonly Resource[] = [nodes, ...kinds];

/** The same where Calico's annotations of Nodes count. */
export const resourcesBesideCalico: readonly Resource[] = [
  { ...nodes, parse: parseNodeBesideCalico },
  ...kinds,
];

/** One Secret, of which only these keys matter: the agent may read no other, and all others stay where they are. */
export function secretResource(namespace: string, name: string, keys: ReadonlySet<string>): Resource {
  const interest = { namespace, keys: new Map([[name, keys]]) };
  return {
    name: `secrets/${name}`,
    map: 'secrets',
    path: `/api/v1/namespaces/${namespace}/secrets`,
    fieldSelector: `metadata.name=${name}`,
    parse: (value) => parseSecret(value, interest),
  };
}
