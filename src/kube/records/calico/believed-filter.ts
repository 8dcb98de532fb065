import { apiVersion } from '../../kinds/kind.ts';
import type { BGPFilterRecord } from '../bgp-filter.ts';

const name = 'calico-import';
const accept = [{ action: 'Accept', peerType: 'eBGP' }] as const;

/**
 * What Calico's objects do not say because it is so in Calico: a router in another AS is believed what no filter rejects. Nodes, and
 * reflectors in our AS, are believed no more than ever. A BGPFilter of ours with this name takes its place.
 */
export const believedFilter = {
  apiVersion,
  kind: 'BGPFilter',
  metadata: { name },
  spec: { importV4: accept, importV6: accept },
} as const;

/** The record of `believedFilter`. */
export const believedRecord: BGPFilterRecord = {
  name,
  exportV4: [],
  importV4: accept,
  exportV6: [],
  importV6: accept,
  unsupported: [],
};
