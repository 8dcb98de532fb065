import type { Address } from '../net/address.ts';
import type { Prefix } from '../net/prefix.ts';

/** An address family of BGP (AFI and SAFI, RFC 4760). */
export type BgpFamily = 'ipv4-unicast' | 'ipv6-unicast';

/** Which received prefixes may enter the Loc-RIB. The BGP issue adds filters as further kinds. */
export type ImportPolicy =
  | { readonly kind: 'none' }
  /** Exactly these prefixes (a node may announce its own podCIDRs and nothing else). */
  | { readonly kind: 'exactly'; readonly prefixes: readonly Prefix[] };

/** Which routes are announced. */
export type ExportPolicy = { readonly kind: 'none' } | { readonly kind: 'originated' };

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
  readonly import: ImportPolicy;
  readonly export: ExportPolicy;
}

/** A prefix that this node announces as its own. */
export interface Origination {
  readonly prefix: Prefix;
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
}
