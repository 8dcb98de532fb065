import { hash } from 'node:crypto';
import { type AttachmentKey, attachmentId } from '../../ipam/attachment.ts';
import { type Mac, macFromBytes } from '../../net/mac.ts';

/** Names of our pod links in the host. */
export const podLinkPattern = /^gryp[0-9a-f]{11}$/;

/**
 * The host end's name: `gryp` and 11 hex digits of SHA-256 over `network/container/interface`. It depends on the container,
 * not on the pod, so a late DEL of an old sandbox never meets the link of the new one.
 */
export function hostLinkName(key: AttachmentKey): string {
  return `gryp${hash('sha256', attachmentId(key)).slice(0, 11)}`;
}

/** The MAC of the pod's end: from another hash of the same, unicast and locally administered. Nobody beyond the link sees it. */
export function podMac(key: AttachmentKey): Mac {
  const bytes = hash('sha256', `mac ${attachmentId(key)}`, 'buffer');
  bytes[0] = ((bytes[0] ?? 0) & 0xfc) | 0x02;
  return macFromBytes(bytes);
}

/** What the kernel takes as ifalias: IFALIASZ less the final zero. */
export const MAX_ALIAS = 255;

/** How far a link has come: what the journal says of it can be lost, what the link says cannot. */
export type LinkStage = 'making' | 'whole' | 'leaving';

/** Of one length, so that an alias which fits at one stage fits at all. */
const marks = { making: 'gryphon+', whole: 'gryphon:', leaving: 'gryphon-' } as const;
const stages: readonly LinkStage[] = ['making', 'whole', 'leaving'];

/**
 * The owner as it stands in the ifalias of the host end, `gryphon:NETWORK/CONTAINER/INTERFACE`, with `+` or `-` in place of the colon while the
 * link is being made or taken apart: enough to find out whose link it is when the journal is lost. None of the three parts can
 * contain a slash. Undefined when it would not fit.
 */
export function ownerAlias(key: AttachmentKey, stage: LinkStage): string | undefined {
  const alias = marks[stage] + attachmentId(key);
  return Buffer.byteLength(alias) <= MAX_ALIAS ? alias : undefined;
}

/** Undefined: this is not an alias of ours. */
export const parseLinkStage = (alias: string): LinkStage | undefined =>
  stages.find((stage) => alias.startsWith(marks[stage]));

export function parseOwnerAlias(alias: string): AttachmentKey | undefined {
  const stage = parseLinkStage(alias);
  if (stage === undefined) return undefined;
  const [network, containerID, ifname, ...more] = alias.slice(marks[stage].length).split('/');
  if (network === undefined || containerID === undefined || ifname === undefined || more.length > 0)
    return undefined;
  return { network, containerID, ifname };
}
