import type { Address } from '../net/address.ts';
import type { Prefix } from '../net/prefix.ts';
import type { FilterRule } from './filter.ts';
import type { Community, LargeCommunity } from './wire/communities.ts';

/** An address family of BGP (AFI and SAFI, RFC 4760). */
export type BgpFamily = 'ipv4-unicast' | 'ipv6-unicast';

/**
 * Which received routes may enter the Loc-RIB. A rule that matches decides; where none does, `kind`. Loops, our own prefixes and
 * what lies in `SpeakerConfig.localPrefixes` are refused in any case.
 */
export type ImportPolicy = { readonly rules?: readonly FilterRule[] } & (
  | { readonly kind: 'none' }
  | { readonly kind: 'all' }
  /** Exactly these prefixes (a node may announce its own podCIDRs and nothing else). */
  | { readonly kind: 'exactly'; readonly prefixes: readonly Prefix[] }
  /** Behind a reflector: of each originator (ORIGINATOR_ID, else the peer's own router ID) exactly its prefixes. */
  | { readonly kind: 'originators'; readonly nodes: readonly Originator[] }
);

export interface Originator {
  readonly routerID: Address;
  readonly prefixes: readonly Prefix[];
}

/**
 * Which routes are announced. A rule that matches decides, about learned routes too; where none does, `kind`: nothing, what
 * this node originates, or everything that the protocol allows (a reflector; a router between others).
 */
export type ExportPolicy = {
  readonly kind: 'none' | 'originated' | 'all';
  readonly rules?: readonly FilterRule[];
};

/** RFC 9234 §4.1: what we are to the peer. */
export type Role = 'provider' | 'customer' | 'peer' | 'route-server' | 'route-server-client';

/** One neighbour, completely resolved: nothing here needs another look-up. */
export interface PeerConfig {
  /** Stable key and label: `mesh/NODE` or `peer/BGPPEER`. */
  readonly name: string;
  readonly description?: string;
  readonly address: Address;
  readonly port: number;
  /** Source address of our side; absent: the kernel chooses. */
  readonly localAddress?: Address;
  readonly localAS: number;
  readonly remoteAS: number;
  readonly families: readonly BgpFamily[];
  /** Seconds; 0 or at least 3 (RFC 4271 §4.2). */
  readonly holdTime: number;
  /** Seconds; a third of the negotiated hold time where that is less. */
  readonly keepaliveTime: number;
  /** Never dial. */
  readonly passive: boolean;
  /** False: keep the peer in sight, but shut its session. Absent: true. */
  readonly enabled?: boolean;
  /** Why it is not enabled although somebody wants it to be, as `PeerStatus.problem` tells it. */
  readonly problem?: string;
  /** What to do about it. */
  readonly remedy?: string;
  readonly import: ImportPolicy;
  readonly export: ExportPolicy;
  /** TCP-MD5 (RFC 2385), 1 to 80 octets. Secret: never logged, never shown. */
  readonly password?: string;
  /** TTL security (RFC 5082): how many hops away the peer may be, 1 to 254; absent: not checked. */
  readonly ttlSecurity?: number;
  /** Seconds that the peer is asked to keep our routes while we restart (RFC 4724); 0: not offered. Absent: 120. */
  readonly restartTime?: number;
  /**
   * Seconds that routes of the peer may at most be kept as long-lived stale ones, if it asks for that (RFC 9494); 0 or absent: we
   * do not help with it. Needs a `restartTime` other than 0.
   */
  readonly longLivedStaleTime?: number;
  /**
   * Whether routes are kept, both ways, over a NOTIFICATION and over a hold timer that ran out too (RFC 8538). Absent: true.
   * False where silence means that the node is gone, and its routes with it.
   */
  readonly notificationRestart?: boolean;
  /** Several paths of one prefix, seen from us (RFC 7911); absent: neither. */
  readonly addPath?: 'receive' | 'send' | 'both';
  /** Absent: none is announced, nothing is checked. */
  readonly role?: Role;
  /** We reflect to and from this peer (RFC 4456): it is our client. Only between internal peers. */
  readonly reflectorClient?: boolean;
  /** Per family; absent: unlimited. */
  readonly prefixLimit?: PrefixLimit;
  /** How often our own AS may stand in a received AS_PATH; absent: 0. */
  readonly allowedOwnAS?: number;
  /** The next hop of what is announced: by the rules of the protocol (absent too), always ours, never changed. */
  readonly nextHopMode?: 'auto' | 'self' | 'keep';
  /** Name of the link through which the peer is reached, where a filter asks for it. */
  readonly link?: string;
}

export interface PrefixLimit {
  /** More than so many prefixes end the session: Cease, Maximum Number of Prefixes Reached (RFC 4486 §4). */
  readonly limit: number;
  /** From so many on, a warning. */
  readonly warnAt: number;
  /** Seconds until the session is tried again. */
  readonly restartAfter: number;
}

/** A prefix that this node announces as its own. */
export interface Origination {
  readonly prefix: Prefix;
  readonly communities?: readonly Community[];
  readonly largeCommunities?: readonly LargeCommunity[];
}

/** Everything the speaker should be; the same value given twice changes nothing. */
export interface SpeakerConfig {
  /** The BGP Identifier, RFC 6286. */
  readonly routerID: Address;
  readonly localAS: number;
  /** Where to listen; an empty list: nowhere. */
  readonly listen: readonly { readonly address: Address; readonly port: number }[];
  readonly peers: readonly PeerConfig[];
  readonly originated: readonly Origination[];
  /** Our address in each family, set as next hop of what we announce; a family without one is not announced. */
  readonly nextHops: { readonly ipv4?: Address; readonly ipv6?: Address };
  /** CLUSTER_ID of this node as a reflector (RFC 4456 §7); absent: the router ID. */
  readonly clusterID?: Address;
  /** Never taken from anybody, nor anything inside of them: this node's own pod CIDRs. Absent: what is originated. */
  readonly localPrefixes?: readonly Prefix[];
  /** RFC 8326: everything is announced with GRACEFUL_SHUTDOWN, and LOCAL_PREF 0 inside the AS: traffic leaves this node. */
  readonly gracefulShutdown?: boolean;
}
