import type { TestNetns } from '../support/netns.ts';

/** A neighbour of a daemon, in words that every implementation has. Absent: off. */
export interface Neighbor {
  readonly address: string;
  readonly as: number;
  /** The daemon's own address of the session. */
  readonly local: string;
  /** Seconds; absent: 9. */
  readonly holdTime?: number;
  readonly passive?: boolean;
  readonly password?: string;
  /** TTL security, RFC 5082, for a peer on the same link. */
  readonly ttlSecurity?: boolean;
  /** Graceful restart: for how many seconds its own routes should be kept. RFC 4724. */
  readonly restartTime?: number;
  /** Long-lived graceful restart, RFC 9494: seconds. */
  readonly longLivedTime?: number;
  /** Several paths both ways, RFC 7911. */
  readonly addPath?: boolean;
  /** The daemon reflects to and from this neighbour, RFC 4456. */
  readonly reflectorClient?: boolean;
  /** IPv4 routes with IPv6 next hops, RFC 8950. */
  readonly extendedNextHop?: boolean;
  /** Extended messages, RFC 8654, where the daemon has a switch for them. */
  readonly extendedMessages?: boolean;
  /** Enhanced route refresh, RFC 7313, where the daemon has a switch for it. */
  readonly enhancedRefresh?: boolean;
  /** No capability of four-octet AS numbers: the daemon is an OLD speaker of RFC 6793. */
  readonly twoOctetAS?: boolean;
  /** RFC 9234: what the daemon is to the neighbour. */
  readonly role?: 'provider' | 'customer' | 'peer';
  /** More prefixes than these in IPv4 end the session. */
  readonly maxPrefixes?: number;
}

/** A prefix that the daemon announces as its own. */
export interface Announced {
  readonly prefix: string;
  readonly med?: number;
  readonly communities?: readonly string[];
  readonly largeCommunities?: readonly string[];
  /** RFC 7911; only for a daemon that forwards nothing: from the others two paths come by forwarding. */
  readonly pathID?: number;
}

/** All that a daemon is started with. */
export interface DaemonConfig {
  readonly as: number;
  readonly routerID: string;
  readonly neighbors: readonly Neighbor[];
  readonly routes: readonly Announced[];
  /** Next hops of what it announces. */
  readonly nextHops: { readonly ipv4: string; readonly ipv6: string };
}

/** A route as the daemon has it from a neighbour, before or after its policy: none of ours has one that changes routes. */
export interface Received {
  readonly prefix: string;
  readonly nextHop: string;
  /** AS numbers with spaces between them; empty: originated inside its AS. */
  readonly asPath: string;
  readonly localPref?: number;
  readonly med?: number;
  /** Standard and large ones together, as `65001:1` and `65001:1:2`, sorted; well-known ones by number. */
  readonly communities: readonly string[];
  /** RFC 4456. */
  readonly originator?: string;
  readonly clusterList?: readonly string[];
}

/** A running daemon. Ended with everything it owns when it is disposed of. */
export interface Daemon extends AsyncDisposable {
  /** Makes these the routes that it announces, without touching its sessions. */
  announce(routes: readonly Announced[]): Promise<void>;
  /** What the neighbour has announced, in no particular order. */
  received(neighbor: string): Promise<readonly Received[]>;
  /** Asks the neighbour for its routes again, RFC 2918. */
  refresh(neighbor: string): Promise<void>;
  /** UPDATEs that came from the neighbour since the daemon started. */
  updates(neighbor: string): Promise<number>;
  /** Ends the session as its operator does, with a text (RFC 9003) where the daemon can send one. */
  shutdown(neighbor: string, text: string): Promise<void>;
  /** Takes the shutdown back. */
  enable(neighbor: string): Promise<void>;
  /** What the daemon tells people about the neighbour, its log included: searched for texts. */
  describe(neighbor: string): Promise<string>;
  /** Stops all its processes where they are, while the kernel goes on to take connections for them. */
  pause(): void;
  resume(): void;
  /** Ends it without a chance to say anything; resolves when its sockets are closed. */
  kill(): Promise<void>;
  /** Starts it anew after `kill`, with the configuration of before, or other routes. */
  start(routes?: readonly Announced[]): Promise<void>;
}

/** An implementation of BGP. */
export interface DaemonKind {
  readonly name: string;
  readonly installed: boolean;
  /** It passes routes from one neighbour to another. */
  readonly forwards: boolean;
  /** `2.0.12`. */
  version(): Promise<string>;
  /** Starts one in the namespace; it takes commands when this resolves. */
  start(netns: TestNetns, config: DaemonConfig): Promise<Daemon>;
}

export const isIPv4 = (prefixOrAddress: string): boolean => !prefixOrAddress.includes(':');
