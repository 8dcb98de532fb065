import type { AttachmentKey } from '../../ipam/attachment.ts';
import type { Ipam } from '../../ipam/ipam.ts';
import type { Address } from '../../net/address.ts';
import type { Log } from '../../ports/log.ts';
import type { GatewayMode } from '../link/plan.ts';
import type { PodLinks } from '../link/pod-links.ts';

/** What operations work with and on. */
export interface OperationContext {
  readonly ipam: Ipam;
  readonly links: PodLinks;
  readonly log: Log;
  /** MTU of pod links whose configuration names none. */
  readonly mtu: () => number;
  readonly gateway: () => GatewayMode;
  /** Why no pod can be attached now; undefined: it can. */
  readonly refusal: () => string | undefined;
  /** Why STATUS says so; undefined also during a restart, which is nothing to make a node unready for. */
  readonly unavailable: () => string | undefined;
  /** Resolves when the attachments that are being taken apart now have gone. */
  readonly detached: () => Promise<void>;
  /** No pod has these addresses any more. */
  readonly freed: (addresses: readonly Address[]) => void;
  /** Resolves when no connection of an earlier pod of these addresses is left to be forgotten. */
  readonly forgotten: (addresses: readonly Address[]) => Promise<void>;
  /** The attachment of this key was reserved, configured, told to go, or released. */
  readonly changed: (key: AttachmentKey) => void;
}
