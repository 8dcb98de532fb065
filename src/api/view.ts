import type { AdvertisedStatus, PeerStatus, RibEntryStatus } from '../bgp/status.ts';
import type { Attachment, PodReference } from '../ipam/attachment.ts';
import type { Address } from '../net/address.ts';
import type { Prefix } from '../net/prefix.ts';
import type { Problem } from '../ports/problem.ts';

/** One line of `/livez?verbose` or `/readyz?verbose`. */
export interface HealthCheck {
  readonly name: string;
  readonly ok: boolean;
  /** Why not, or what is known: `2 of 3 peers established`. */
  readonly detail: string;
}

/** How one source of facts is doing. */
export interface SourceView {
  readonly name: string;
  readonly synced: boolean;
  /** Wall clock, milliseconds, of the last good read. */
  readonly lastGood?: number;
  /** Why it is not read now, and since when. */
  readonly error?: string;
  /** For metrics: of a resource of the API server. */
  readonly follow?: {
    readonly objects: number;
    /** Complete lists until now. */
    readonly lists: number;
    /** Ends of watches until now, by reason. */
    readonly watchEnds: ReadonlyMap<string, number>;
  };
}

/** How one driver is doing. */
export interface DriverView {
  readonly name: string;
  readonly applied: boolean;
  readonly lastApplied?: number;
  readonly written: number;
  readonly repaired: number;
  readonly failures: readonly {
    readonly item: string;
    readonly code: string;
    readonly reason: string;
    readonly since: number;
  }[];
}

export interface StatusView {
  readonly version: string;
  readonly node: string;
  /** Wall clock, milliseconds. */
  readonly startedAt: number;
  readonly ready: boolean;
  readonly checks: readonly HealthCheck[];
  readonly addresses: readonly Address[];
  /** Why each of them is used, in their order. */
  readonly addressReasons?: readonly string[];
  readonly podCIDRs: readonly Prefix[];
  readonly pools: readonly Prefix[];
  readonly bgp: {
    readonly enabled: boolean;
    readonly asNumber?: number;
    readonly routerID?: Address;
    readonly established: number;
    readonly peers: number;
  };
  readonly routes: { readonly desired: number; readonly installed: number };
  readonly pods: number;
  readonly ipam: readonly {
    readonly cidr: Prefix;
    readonly used: number;
    readonly cooling: number;
    readonly free: string;
  }[];
  readonly sources: readonly SourceView[];
  readonly drivers: readonly DriverView[];
  readonly problems: readonly Problem[];
}

/** A route we want or hold in the kernel. */
export interface RouteView {
  readonly prefix: Prefix;
  readonly origin: 'block' | 'pod' | 'remote';
  /** `blackhole`, `via 192.0.2.7 dev eth0`, `dev gryp0123456789a`. Several ways are several entries. */
  readonly via: readonly string[];
  /** Who asked for it: `podCIDR`, `pod default/web-0`, `bgp mesh/node-b`, `node node-b`. */
  readonly learnedFrom: string;
  readonly state: 'installed' | 'pending' | 'failed' | 'held' | 'unresolved';
  /** Why it is not installed. */
  readonly reason?: string;
}

export type PodView = Attachment;

/** An address that is not free. */
export interface IpamAddressView {
  readonly address: Address;
  /** `cooling`: released, not given again yet; `tunnel`: kept for a tunnel of this node. */
  readonly state: Attachment['state'] | 'cooling' | 'tunnel';
  /** Wall clock, milliseconds: since it was given or released. */
  readonly since?: number;
  /** The podCIDR that it comes from; absent when that is not this node's any more. */
  readonly block?: Prefix;
  readonly pool?: Prefix;
  /** Who has it: `network/container/interface`. */
  readonly handle?: string;
  readonly pod?: PodReference;
}

export interface IpamView {
  readonly blocks: readonly {
    readonly cidr: Prefix;
    readonly pool?: Prefix;
    readonly used: number;
    readonly cooling: number;
    readonly free: string;
    readonly total: string;
  }[];
  readonly addresses: readonly IpamAddressView[];
}

/** Everything the API and the metrics may see of the agent; read-only, computed when asked. */
export interface AgentView {
  status(): StatusView;
  live(): readonly HealthCheck[];
  ready(): readonly HealthCheck[];
  peers(): readonly PeerStatus[];
  /** The Loc-RIB with all paths; lazy, in no particular order. */
  rib(): Iterable<RibEntryStatus>;
  /** Names of the peers that have been told the prefix. */
  advertisedTo(prefix: Prefix): readonly string[];
  /** What a peer has been told; lazy. Undefined: there is no peer of that name. */
  advertised(peer: string): Iterable<AdvertisedStatus> | undefined;
  /** The route of one prefix, which need not be BGP's; undefined: we neither want nor hold one. */
  route(prefix: Prefix): RouteView | undefined;
  /** Read in slices, with turns of the event loop between them: a lazy iterable costs the least. */
  routes(): Iterable<RouteView>;
  pods(): readonly PodView[];
  ipam(): IpamView;
}
