import type { Address, Family } from '../../net/address.ts';
import type { Mac } from '../../net/mac.ts';
import type { Prefix } from '../../net/prefix.ts';

/** A network interface as the kernel tells it (RTM_NEWLINK). */
export interface LinkRecord {
  readonly index: number;
  readonly name: string;
  /** IFLA_INFO_KIND: `veth`, `bridge`, `vxlan`; absent for hardware and loopback. */
  readonly kind?: string;
  readonly mac?: Mac;
  readonly mtu: number;
  /** IFF_UP: set by the administrator. */
  readonly up: boolean;
  /** IFF_LOWER_UP: the carrier is there. */
  readonly carrier: boolean;
  readonly loopback: boolean;
  /** IFLA_IFALIAS: our pod links keep their owner there. */
  readonly alias?: string;
  /** IFLA_GROUP; absent for 0, in which every link is that nobody has put elsewhere. */
  readonly group?: number;
  /** IFLA_MASTER: index of the bridge or bond it belongs to. */
  readonly master?: number;
  /** IFLA_LINK: index of the other end (veth) or the lower device. */
  readonly parent?: number;
}

/** An address on an interface (RTM_NEWADDR). */
export interface LinkAddressRecord {
  readonly link: number;
  readonly address: Address;
  readonly prefixLength: number;
  /** 0 global, 200 site, 253 link, 254 host. */
  readonly scope: number;
  /** IFA_F_*: 0x20 deprecated, 0x40 tentative, 0x80 permanent. */
  readonly flags: number;
}

/** One way of a route: a gateway, a link, or both. */
export interface NextHopRecord {
  readonly gateway?: Address;
  readonly link?: number;
  /** 0..255; the kernel's rtnh_hops, so 0 is a weight of 1. Absent means 0. */
  readonly weight?: number;
  /** RTNH_F_ONLINK: the gateway counts as reachable on the link whatever the addresses say. */
  readonly onlink?: boolean;
  /** RTNH_F_DEAD or RTNH_F_LINKDOWN was set: told by the kernel, never sent. */
  readonly dead?: boolean;
}

export type RouteKind =
  | 'unicast'
  | 'local'
  | 'broadcast'
  | 'multicast'
  | 'blackhole'
  | 'unreachable'
  | 'prohibit'
  | 'other';

/** A route (RTM_NEWROUTE). */
export interface RouteRecord {
  readonly prefix: Prefix;
  readonly kind: RouteKind;
  readonly table: number;
  /** RTPROT_*: 2 kernel, 3 boot, 4 static, 9 ra, 16 dhcp, 12 bird, 71 ours. */
  readonly protocol: number;
  /** RT_SCOPE_*: 0 universe, 253 link, 254 host; always 0 for IPv6. */
  readonly scope: number;
  /** RTA_PRIORITY; IPv6 counts an unset one as 1024, IPv4 as 0. */
  readonly metric: number;
  /** RTA_PREFSRC. */
  readonly source?: Address;
  /** Empty for blackhole and its kin. */
  readonly nextHops: readonly NextHopRecord[];
}

/** What the kernel holds under a prefix: one object for all routes that lead the same way, of which there may be very many. */
export type RouteForm = Omit<RouteRecord, 'prefix'>;

/** A neighbour entry (RTM_NEWNEIGH). */
export interface NeighbourRecord {
  readonly link: number;
  readonly address: Address;
  readonly mac?: Mac;
  /** NUD_*: 0x02 reachable, 0x04 stale, 0x80 permanent. */
  readonly state: number;
  /** NTF_PROXY (0x08): we answer for this address on the link. */
  readonly proxy: boolean;
}

export type { Family };
