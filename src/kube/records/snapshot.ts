import type { Problem } from '../../ports/problem.ts';
import type { BGPConfigurationRecord } from './bgp-configuration.ts';
import type { BGPFilterRecord } from './bgp-filter.ts';
import type { BGPPeerRecord } from './bgp-peer.ts';
import type { IPPoolRecord } from './ip-pool.ts';
import type { NodeRecord } from './node.ts';
import type { SecretRecord } from './secret.ts';

/**
 * Everything that a source of objects knows, by object name. A record, and a whole map, that did not change since the
 * snapshot before is the same object (`===`), so comparing is cheap. Maps that may be large are persistent: `changedKeys` finds what
 * has changed between two of them.
 */
export interface Snapshot {
  /** False: the source has not been read once, the maps are empty because nothing is known. */
  readonly synced: boolean;
  /**
   * False while a part of the source has never been understood (a file or an object wrong since the start): what it holds is
   * unknown, so what an earlier run derived from it should not be swept.
   */
  readonly complete: boolean;
  readonly nodes: ReadonlyMap<string, NodeRecord>;
  readonly pools: ReadonlyMap<string, IPPoolRecord>;
  readonly bgpConfigurations: ReadonlyMap<string, BGPConfigurationRecord>;
  readonly bgpPeers: ReadonlyMap<string, BGPPeerRecord>;
  readonly bgpFilters: ReadonlyMap<string, BGPFilterRecord>;
  /** Of the agent's namespace, with those keys that a BGPPeer or BGPConfiguration refers to. */
  readonly secrets: ReadonlyMap<string, SecretRecord>;
  readonly problems: readonly Problem[];
}

/** The maps of a snapshot: one per kind that we keep. */
export const snapshotMaps = [
  'nodes',
  'pools',
  'bgpConfigurations',
  'bgpPeers',
  'bgpFilters',
  'secrets',
] as const satisfies readonly (keyof Snapshot)[];
export type SnapshotMap = (typeof snapshotMaps)[number];

export const emptySnapshot: Snapshot = {
  synced: false,
  complete: false,
  nodes: new Map(),
  pools: new Map(),
  bgpConfigurations: new Map(),
  bgpPeers: new Map(),
  bgpFilters: new Map(),
  secrets: new Map(),
  problems: [],
};
