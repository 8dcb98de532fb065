import type { Prefix } from '../net/prefix.ts';
import type { BgpFamily } from './config.ts';
import type { Community, LargeCommunity } from './wire/communities.ts';

/**
 * One rule of a BGPFilter, resolved: matches when everything that is given matches. Rules are asked in their order, the first
 * that matches decides.
 */
export interface FilterRule {
  /** For people: `BGPFilter corp importV4[0]`. */
  readonly name: string;
  readonly family: BgpFamily;
  readonly match: FilterMatch;
  readonly action: 'accept' | 'reject';
  /** Carried out in their order on what is accepted. */
  readonly operations: readonly FilterOperation[];
}

export interface FilterMatch {
  readonly cidr?: {
    readonly prefix: Prefix;
    /** `In`: equal to it or inside of it. */
    readonly operator: 'Equal' | 'NotEqual' | 'In' | 'NotIn';
  };
  /** Bounds of the route's prefix length, both included. */
  readonly prefixLength?: { readonly min?: number; readonly max?: number };
  /** Every one of them is on the route. */
  readonly communities?: readonly FilterCommunity[];
  /** The AS_PATH begins with these, nearest AS first. */
  readonly asPathPrefix?: readonly number[];
  /** Learned from a peer, not originated by this node. */
  readonly source?: 'RemotePeers';
  /** Name of the link that the route leaves by; `*` stands for any characters. */
  readonly interface?: string;
  /** The peer that the filter stands at. */
  readonly peerType?: 'eBGP' | 'iBGP';
}

export type FilterCommunity =
  | { readonly kind: 'standard'; readonly value: Community }
  | { readonly kind: 'large'; readonly value: LargeCommunity };

export type FilterOperation =
  | { readonly kind: 'add-community'; readonly community: FilterCommunity }
  /** Our side of the path grows by these, nearest first. */
  | { readonly kind: 'prepend-as-path'; readonly asns: readonly number[] }
  /** Calico's setPriority: a kernel metric there; here LOCAL_PREF, see docs. */
  | { readonly kind: 'set-local-pref'; readonly value: number };
