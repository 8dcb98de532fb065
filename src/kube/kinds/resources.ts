import { bgpConfigurationKind } from './bgp-configuration.ts';
import { bgpFilterKind } from './bgp-filter.ts';
import { bgpPeerKind } from './bgp-peer.ts';
import { gryphonNodeKind } from './gryphon-node.ts';
import { ipPoolKind } from './ip-pool.ts';
import type { Resource } from './kind.ts';

/** Every resource of ours that an API server is to know, by name. */
export const resources: readonly Resource[] = [
  bgpConfigurationKind,
  bgpFilterKind,
  bgpPeerKind,
  gryphonNodeKind,
  ipPoolKind,
];
