import type { Address } from '../net/address.ts';
import type { Prefix } from '../net/prefix.ts';
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
  readonly flaps: number;
  readonly lastDown?: PeerDown;
  /** What the last attempt to connect failed with, while not established: `connection refused`. */
  readonly lastError?: string;
  readonly messages: { readonly received: MessageCounts; readonly sent: MessageCounts };
  readonly prefixes: Readonly<Record<BgpFamily, PrefixCounts>>;
  /** End-of-RIB was received for every negotiated family of this session. */
  readonly endOfRib: boolean;
}

export interface MessageCounts {
  readonly open: number;
  readonly update: number;
  readonly notification: number;
  readonly keepalive: number;
  readonly routeRefresh: number;
}

export interface PrefixCounts {
  /** In the Adj-RIB-In, before policy. */
  readonly received: number;
  /** Past import policy. */
  readonly accepted: number;
  /** In the Adj-RIB-Out. */
  readonly advertised: number;
}

/** One path of a prefix in the Loc-RIB, for people. */
export interface PathStatus {
  /** Peer name, or `local` for what this node originates. */
  readonly peer: string;
  readonly nextHop?: Address;
  readonly asPath: readonly number[];
  readonly origin: 'igp' | 'egp' | 'incomplete';
  readonly localPref: number;
  readonly med?: number;
  readonly communities: readonly string[];
  readonly best: boolean;
  /** Why it is not best: the tie-break that decided (`longer AS path`), or `filtered by import policy`. */
  readonly reason?: string;
}

export interface RibEntryStatus {
  readonly prefix: Prefix;
  readonly family: BgpFamily;
  readonly paths: readonly PathStatus[];
}

/** The best paths of a prefix, as a fact for the agent: all equal next hops together make one multipath route. */
export interface LearnedRoute {
  readonly prefix: Prefix;
  /** Never empty, sorted. */
  readonly nextHops: readonly Address[];
  /** Names of the peers that announced it, in the order of the next hops. */
  readonly peers: readonly string[];
}
