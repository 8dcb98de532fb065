import type { Attachment } from '../ipam/attachment.ts';
import type { Ipam } from '../ipam/ipam.ts';
import type { CidrUsage } from '../ipam/usage.ts';
import type { Address } from '../net/address.ts';
import type { Prefix } from '../net/prefix.ts';
import type { Rtnetlink } from '../netlink/rtnetlink.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Problem } from '../ports/problem.ts';

/** What changes while the agent runs; the latest one counts. */
export interface PodNetworkConfig {
  /** New addresses come from these only; addresses given out before stay valid until their DEL. */
  readonly podCIDRs: readonly Prefix[];
  /** MTU of pod links unless the conflist names one. */
  readonly mtu: number;
  /** Addresses never given to pods, for example the node's own. */
  readonly reserved?: readonly Address[];
  /** Why no pod can be attached now; absent: ready. ADD then says "try again later", STATUS says "not available". */
  readonly notReady?: string;
}

export interface PodNetworkOptions {
  readonly netlink: Rtnetlink;
  readonly ipam: Ipam;
  readonly clock: Clock;
  readonly log: Log;
  /** Called in the same turn in which an attachment is reserved, configured or released. */
  readonly onAttachments: (attachments: readonly Attachment[]) => void;
  /** `/run/gryphon/cni.sock`; the DEL queue and the heartbeat stand in the same directory. */
  readonly socketPath: string;
  /** ADDs and DELs in flight at once; 8. */
  readonly concurrency?: number;
}

/** Everything a container runtime sees of the agent. */
export declare class PodNetwork {
  constructor(options: PodNetworkOptions);
  /** Adopts what an earlier agent left, opens the socket, carries out queued DELs; resolves when the socket is open. */
  start(signal: AbortSignal): Promise<void>;
  setConfig(config: PodNetworkConfig): void;
  attachments(): readonly Attachment[];
  usage(): readonly CidrUsage[];
  problems(): readonly Problem[];
  /** From now on ADD says "try again later" with this reason; DEL, CHECK and STATUS are still served. */
  drain(reason: string): void;
  /** Waits for what is in flight, then closes and removes the socket. Idempotent; the signal of `start` does it too. */
  stop(): Promise<void>;
}
