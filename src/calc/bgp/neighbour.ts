import type { BGPPeerRecord } from '../../kube/records/bgp-peer.ts';
import type { Address, Family } from '../../net/address.ts';
import type { ClusterNode } from '../cluster.ts';
import { type AddressPair, addressOf } from '../node-addresses.ts';

/** The other end of a session and why there is one; what is told over it is worked out later. */
export interface Neighbour {
  /** `mesh/NODE`, `peer/BGPPEER`, or `peer/BGPPEER/NODE` where a BGPPeer means nodes. */
  readonly name: string;
  readonly address: Address;
  readonly port: number;
  /** Our address of its family. */
  readonly local: Address;
  readonly localAS: number;
  readonly remoteAS: number;
  /** The node that it is; absent: no node of ours. */
  readonly node?: ClusterNode;
  /** Absent: the mesh. */
  readonly peer?: BGPPeerRecord;
  /** We are the peer that the BGPPeer gives to the other node, and this is the way back. */
  readonly reversed: boolean;
}

/** Between two nodes one session carries both families: over IPv4 where both have it. */
export function commonFamily(
  own: AddressPair,
  other: AddressPair,
  families: readonly Family[] = [4, 6],
): { readonly local: Address; readonly address: Address } | undefined {
  for (const family of families) {
    const local = addressOf(own, family);
    const address = addressOf(other, family);
    if (local !== undefined && address !== undefined) return { local, address };
  }
  return undefined;
}

/** In our AS, as the two ends of this session see it. */
export const isInternal = ({ localAS, remoteAS }: Neighbour): boolean => localAS === remoteAS;

/** In another AS and no node of the cluster. */
export const isExternal = (neighbour: Neighbour): boolean =>
  !isInternal(neighbour) && neighbour.node === undefined;
