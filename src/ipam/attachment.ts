import type { Address } from '../net/address.ts';

/** What identifies an attachment for ever: CNI §Lifecycle, the triple of network, container and interface. */
export interface AttachmentKey {
  readonly network: string;
  readonly containerID: string;
  /** The interface's name inside the pod. */
  readonly ifname: string;
}

export const attachmentId = (key: AttachmentKey): string => `${key.network}/${key.containerID}/${key.ifname}`;

/** The pod, as far as the runtime told us (CNI_ARGS). */
export interface PodReference {
  readonly namespace: string;
  readonly name: string;
  readonly uid?: string;
}

/** A pod's interface on this node: who it belongs to, its addresses, our end of the veth pair. */
export interface Attachment extends AttachmentKey {
  /** In the order of the node's podCIDRs; one per family. */
  readonly addresses: readonly Address[];
  readonly hostLink: string;
  readonly pod?: PodReference;
  /** Wall clock, milliseconds. */
  readonly createdAt: number;
  /** `reserved`: the addresses are taken, the link is not finished; `detaching`: the link is going, the addresses are still taken. */
  readonly state: 'reserved' | 'configured' | 'detaching';
}
