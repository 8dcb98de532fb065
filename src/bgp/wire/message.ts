import type { Address } from '../../net/address.ts';
import type { Prefix } from '../../net/prefix.ts';
import type { BgpFamily } from '../config.ts';
import type { PathAttributes } from './attributes/attributes.ts';
import type { Capability } from './capability.ts';
import type { AnyFamily } from './family.ts';

/** Every BGP message as plain data. What the bytes say and nothing else: no policy, no session state. */
export type Message =
  | OpenMessage
  | UpdateMessage
  | EndOfRibMessage
  | NotificationMessage
  | KeepaliveMessage
  | RouteRefreshMessage;

/** RFC 4271 §4.2. */
export interface OpenMessage {
  readonly kind: 'open';
  /**
   * The sender's AS: that of its four-octet AS capability where it has one (RFC 6793 §4.1), else the two-octet field. On
   * the wire the field carries AS_TRANS (23456) where the number needs four octets.
   */
  readonly as: number;
  /** Seconds: 0 or at least 3. */
  readonly holdTime: number;
  /** BGP Identifier, RFC 6286; never 0.0.0.0. */
  readonly routerID: Address;
  /** In the order of the message. */
  readonly capabilities: readonly Capability[];
}

/**
 * Prefixes as they stand in a message, `bytes[start, end)`: each a length in bits and so many octets as hold them, with a path
 * identifier of four octets before it where `addPath` says so (RFC 7911). Every length has been checked, bits beyond one are of
 * no meaning. A full table makes millions of prefixes, so nobody makes an array of them: `PrefixReader` walks over the octets,
 * `readable.ts` makes texts of them for people.
 */
export interface Nlri {
  readonly family: BgpFamily;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly addPath: boolean;
  /** How many prefixes there are. */
  readonly count: number;
}

/** What prefixes are announced with. All announcements of one UPDATE share one attributes object. */
export interface RouteData {
  readonly attributes: PathAttributes;
  /**
   * IPv4 for `ipv4-unicast`, or IPv6 where RFC 8950 was negotiated; IPv6 for `ipv6-unicast`, then a link-local address only
   * where the peer has no global one.
   */
  readonly nextHop: Address;
  /** The link-local next hop beside a global one, RFC 2545 §3. */
  readonly linkLocal?: Address;
}

/** Prefixes that share attributes and next hop. */
export interface Announced extends RouteData {
  readonly nlri: Nlri;
}

/** Prefixes of one family as texts: what people and tests read. With add-path, `pathIds[i]` belongs to `prefixes[i]`. */
export interface PrefixList {
  readonly family: BgpFamily;
  readonly prefixes: readonly Prefix[];
  readonly pathIds?: readonly number[];
}

/** Prefixes that are no longer reachable. */
export type Withdrawal = PrefixList;

/** Prefixes that share attributes and next hop. */
export interface Announcement extends PrefixList, RouteData {}

/** RFC 4271 §4.3, RFC 4760. The fields and the multiprotocol attributes alike appear here as lists per family. */
export interface UpdateMessage {
  readonly kind: 'update';
  readonly withdrawn: readonly Nlri[];
  readonly announced: readonly Announced[];
}

/** An UPDATE that says that the initial routes of a family are complete, RFC 4724 §2. */
export interface EndOfRibMessage {
  readonly kind: 'end-of-rib';
  readonly family: BgpFamily;
}

/** RFC 4271 §4.5. Names, texts and constructors are in notification.ts. */
export interface NotificationMessage {
  readonly kind: 'notification';
  readonly code: number;
  readonly subcode: number;
  readonly data: Uint8Array;
}

/** RFC 4271 §4.4. */
export interface KeepaliveMessage {
  readonly kind: 'keepalive';
}

/** RFC 2918; `begin` and `end` are the markers of RFC 7313 (BoRR and EoRR). */
export interface RouteRefreshMessage {
  readonly kind: 'route-refresh';
  readonly operation: 'request' | 'begin' | 'end';
  readonly family: AnyFamily;
}

/**
 * What the codec must know of a session. `beforeOpen` serves until both OPENs are there, `negotiate` (negotiate.ts) makes
 * the rest of its life.
 */
export interface WireContext {
  /** The peer is in another AS: some attributes are then dropped on reception (RFC 7606 §7.5, §7.9, §7.10). */
  readonly external: boolean;
  /** AS_PATH and AGGREGATOR carry four octets per AS, RFC 6793. */
  readonly fourOctetAS: boolean;
  /** Families whose routes are exchanged; those of others are skipped and reported. */
  readonly families: readonly BgpFamily[];
  /** Families whose received prefixes carry path identifiers; whose sent ones do. RFC 7911. */
  readonly addPathReceive: readonly BgpFamily[];
  readonly addPathSend: readonly BgpFamily[];
  /** IPv4 routes may have IPv6 next hops, RFC 8950. */
  readonly extendedNextHop: boolean;
  /** ROUTE-REFRESH has its begin and end markers, RFC 7313. */
  readonly enhancedRefresh: boolean;
  /** Octets of the longest message that may arrive and be sent: 4096, or 65535 with RFC 8654. */
  readonly maxReceive: number;
  readonly maxSend: number;
}

/** One thing wrong with an UPDATE that does not cost the session: to be logged and counted. */
export interface UpdateProblem {
  /**
   * `withdraw` and `discard` are RFC 7606 §2; `ignore`: what the standards tell us to skip, which is a family or an optional
   * non-transitive attribute that is not ours, and a NEXT_HOP that no route of the message needs.
   */
  readonly reaction: 'withdraw' | 'discard' | 'ignore';
  /** Attribute type code; absent where the problem is not in one attribute. */
  readonly attribute?: number;
  /** The section that orders the reaction: `RFC 7606 §7.1`. */
  readonly rule: string;
  /** `ORIGIN has value 7`. */
  readonly text: string;
}

/** The session must end with this NOTIFICATION. */
export interface Reset {
  readonly kind: 'reset';
  readonly notification: NotificationMessage;
  /** For people, with the numbers: `length 18 is less than 19`. */
  readonly reason: string;
}

/** Everything that can come of decoding a message: a closed union, so that nothing half-built escapes. */
export type Decoded =
  /** Usable; `problems` tells what was dropped from an UPDATE on the way. */
  | { readonly kind: 'message'; readonly message: Message; readonly problems: readonly UpdateProblem[] }
  /** RFC 7606 treat-as-withdraw: handle as if the message had withdrawn all of this. */
  | {
      readonly kind: 'withdraw';
      readonly withdrawn: readonly Nlri[];
      readonly problems: readonly UpdateProblem[];
    }
  /** A standard tells to ignore the message: `RFC 7313 §5`. */
  | { readonly kind: 'ignore'; readonly reason: string }
  | Reset;
