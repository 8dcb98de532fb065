import type { Address } from '../net/address.ts';
import type { Prefix } from '../net/prefix.ts';
import type { PrefixWords } from '../net/prefix-words.ts';
import type { Problem } from '../ports/problem.ts';
import type { BgpFamily } from './config.ts';

/** RFC 4271 §8.2.2, in lower case words. `disabled` is not of the RFC: configured off, no attempt is made. */
export type PeerState =
  | 'idle'
  | 'connect'
  | 'active'
  | 'opensent'
  | 'openconfirm'
  | 'established'
  | 'disabled';

/** Why a session went down, in words and in the protocol's numbers. */
export interface PeerDown {
  /** Wall clock, milliseconds. */
  readonly at: number;
  /** One sentence: `hold timer expired`, `peer sent Cease/Administrative Shutdown: "maintenance"`. */
  readonly reason: string;
  readonly notification?: {
    readonly direction: 'sent' | 'received';
    readonly code: number;
    readonly subcode: number;
    readonly name: string;
    /** RFC 9003 shutdown communication, made printable. */
    readonly text?: string;
  };
}

export interface PeerStatus {
  readonly name: string;
  readonly description?: string;
  readonly address: Address;
  readonly port: number;
  readonly localAddress?: Address;
  readonly localAS: number;
  readonly remoteAS: number;
  readonly state: PeerState;
  /** Wall clock, milliseconds: when the state was entered; when it was last established. */
  readonly since: number;
  readonly establishedAt?: number;
  readonly remoteRouterID?: Address;
  /** Seconds, as negotiated. */
  readonly holdTime?: number;
  readonly keepaliveTime?: number;
  /** Names of what both sides announced: `four-octet-as`, `route-refresh`, `ipv4-unicast`. */
  readonly capabilities: readonly string[];
  /** Everything that our OPEN offers, and that its last one offered, with parameters. Absent: it has sent none. */
  readonly offered: { readonly local: readonly string[]; readonly remote?: readonly string[] };
  readonly flaps: number;
  readonly lastDown?: PeerDown;
  /** What the last attempt to connect failed with, while not established: `connection refused`. */
  readonly lastError?: string;
  readonly messages: { readonly received: MessageCounts; readonly sent: MessageCounts };
  /** Those that came and were not as they should be; each counts once, by the gravest of what is wrong in it. */
  readonly malformed: MalformedCounts;
  /** Both directions, since the peer was configured. */
  readonly notifications: readonly NotificationCount[];
  readonly prefixes: Readonly<Record<BgpFamily, PrefixCounts>>;
  /** End-of-RIB was received for every negotiated family of this session. */
  readonly endOfRib: boolean;
  /** Graceful restart as negotiated, or as it is being used for a session that is down. Absent: neither. */
  readonly gracefulRestart?: RestartStatus;
  /** TCP-MD5 is configured. */
  readonly authenticated?: boolean;
  /** Hops of TTL security, where it is configured. */
  readonly ttlSecurity?: number;
  /** Per family, where one is configured. */
  readonly prefixLimit?: number;
  /** What stands in the peer's way, wrong on our side: `its password is not there`. */
  readonly problem?: string;
  /** What a person should mend about it, `problem` among them. */
  readonly problems: readonly Problem[];
}

export interface RestartStatus {
  /** Seconds that we ask for, and that the peer asks for. */
  readonly localTime: number;
  readonly remoteTime: number;
  /** Families of which the peer keeps its forwarding state. */
  readonly families: readonly BgpFamily[];
  /** RFC 8538: also after a NOTIFICATION. */
  readonly notification: boolean;
  /** Seconds that routes of a family are kept as long-lived stale ones afterwards: the lesser of what the peer wants and we grant. */
  readonly longLivedTimes?: Readonly<Partial<Record<BgpFamily, number>>>;
  /** While routes of the peer are kept without it: wall clock, milliseconds, when the last of them goes at the latest. */
  readonly staleUntil?: number;
  /** They are long-lived stale by now, RFC 9494. */
  readonly longLived?: boolean;
}

export interface MessageCounts {
  readonly open: number;
  readonly update: number;
  readonly notification: number;
  readonly keepalive: number;
  readonly routeRefresh: number;
}

/** By what was done: RFC 7606 §2, and `ignore` for what a standard tells to skip, which is no mistake of the peer. */
export type MalformedReaction = 'reset' | 'withdraw' | 'discard' | 'ignore';
export type MalformedCounts = Readonly<Record<MalformedReaction, number>>;

export interface NotificationCount {
  readonly direction: 'sent' | 'received';
  /** As on the wire. Absent, together with `subcode`: of a kind that no standard names. */
  readonly code?: number;
  readonly subcode?: number;
  readonly name: string;
  readonly count: number;
}

export interface PrefixCounts {
  /** In the Adj-RIB-In, before policy. */
  readonly received: number;
  /** Past import policy. */
  readonly accepted: number;
  /** In the Adj-RIB-Out. */
  readonly advertised: number;
  /** Of those received: kept from a session that is over. */
  readonly stale?: number;
}

/** What a route carries, for people. */
export interface AttributeStatus {
  readonly asPath: readonly number[];
  readonly origin: 'igp' | 'egp' | 'incomplete';
  readonly med?: number;
  readonly communities: readonly string[];
  /** The AS_PATH as text, with sets in braces: `64512 {65001 65002}`. */
  readonly asPathText?: string;
  /** What else it carries, by name: `aggregator 64512 192.0.2.1`, `originator 10.0.0.1`, `cluster list 10.0.0.9`, `type 128 (4 octets)`. */
  readonly attributes?: readonly string[];
}

/** One path of a prefix in the Loc-RIB, for people. */
export interface PathStatus extends AttributeStatus {
  /** Peer name, or `local` for what this node originates. */
  readonly peer: string;
  readonly nextHop?: Address;
  readonly localPref: number;
  /** RFC 7911, as received. */
  readonly pathId?: number;
  /** Kept from a session that is over. */
  readonly stale?: boolean;
  readonly best: boolean;
  /** It is not the best, but as good for forwarding, and used beside it. */
  readonly multipath?: boolean;
  /** Why it is not best: the tie-break that decided (`longer AS path`), or `filtered by import policy`. */
  readonly reason?: string;
}

export interface RibEntryStatus {
  readonly prefix: Prefix;
  readonly family: BgpFamily;
  readonly paths: readonly PathStatus[];
}

/** What one peer has been told of a prefix: the Adj-RIB-Out, with the attributes as they were sent. */
export interface AdvertisedStatus extends AttributeStatus {
  readonly prefix: Prefix;
  readonly family: BgpFamily;
  readonly nextHop: Address;
  /** Towards peers in our AS. */
  readonly localPref?: number;
  /** RFC 7911, as sent. */
  readonly pathId?: number;
}

/**
 * Where the best paths of a prefix lead, as a fact for the agent: all equal next hops together make one multipath route. One object
 * for many prefixes.
 */
export interface Ways {
  /** Never empty, sorted. */
  readonly nextHops: readonly Address[];
  /** Names of the peers that announced it, in the order of the next hops. */
  readonly peers: readonly string[];
}

export interface LearnedRoute extends Ways {
  readonly prefix: Prefix;
}

/**
 * What was learned, for one follower: nobody copies it, and what changed is told by taking it. A prefix that changed ten times is
 * taken once, with the ways of now. Each change must be taken by somebody: until then its prefix is remembered.
 */
export interface LearnedFeed {
  /** How many times `take` says true at most, as of now. */
  readonly waiting: number;
  /** Takes the next change, whose prefix and ways stand in the fields then; false: there is none. */
  take(): boolean;
  /** An object that the next `take` changes. */
  readonly prefix: PrefixWords;
  /** Undefined: there is no route any more. */
  readonly ways: Ways | undefined;
  /** The prefix is to be taken, although it has not changed; nothing where there is no route to it. */
  touch(prefix: Prefix): void;
  /** So are all. */
  touchAll(): void;
}
