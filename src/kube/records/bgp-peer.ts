import type { Address } from '../../net/address.ts';

/** A BGPPeer of `gryphon.dev/v1alpha1`; names and meaning are Calico v3's. */
export interface BGPPeerRecord {
  readonly name: string;
  /** Only the node of this name has the peer. Excludes `nodeSelector`. */
  readonly node?: string;
  /** Calico selector over node labels; absent (with `node` absent too): every node. */
  readonly nodeSelector?: string;
  readonly peerIP: Address;
  /** Port behind `peerIP` (`192.0.2.1:1790`, `[2001:db8::1]:1790`). */
  readonly port?: number;
  readonly asNumber: number;
  /** Seconds. Ours. */
  readonly holdTime?: number;
  /** Seconds. */
  readonly keepaliveTime?: number;
  /** Never dial, only listen. Ours. */
  readonly passive: boolean;
  /** Ours. */
  readonly description?: string;
  /** False keeps the object and shuts the session. Ours. */
  readonly enabled: boolean;
  /** `UseNodeIP` (default) binds our side to the node's address, `None` leaves it to the kernel. */
  readonly sourceAddress: 'UseNodeIP' | 'None';
  readonly unsupported: readonly string[];
}
