/**
 * Numbers of linux/netlink.h, linux/rtnetlink.h, linux/if_link.h, linux/if_addr.h and linux/neighbour.h, under the kernel's
 * own names without their common prefix. Only what this project sends or understands.
 */

/** nlmsghdr.nlmsg_type below 16: control messages. */
export const NLMSG = { NOOP: 1, ERROR: 2, DONE: 3, OVERRUN: 4 } as const;

/** nlmsghdr.nlmsg_flags; the meaning of the upper bits depends on the kind of message. */
export const NLM_F = {
  REQUEST: 0x1,
  MULTI: 0x2,
  ACK: 0x4,
  /** Of a dump: the table changed meanwhile, the answer is inconsistent. */
  DUMP_INTR: 0x10,
  /** Of a get: give all. */
  DUMP: 0x300,
  /** Of a new: replace what is there, fail when something is there, create, append. */
  REPLACE: 0x100,
  EXCL: 0x200,
  CREATE: 0x400,
  APPEND: 0x800,
  /** Of an acknowledgement: the request is not repeated; attributes follow. */
  CAPPED: 0x100,
  ACK_TLVS: 0x200,
} as const;

export const RTM = {
  NEWLINK: 16,
  DELLINK: 17,
  GETLINK: 18,
  NEWADDR: 20,
  DELADDR: 21,
  GETADDR: 22,
  NEWROUTE: 24,
  DELROUTE: 25,
  GETROUTE: 26,
  NEWNEIGH: 28,
  DELNEIGH: 29,
  GETNEIGH: 30,
} as const;

/** Multicast groups of NETLINK_ROUTE, as bits of sockaddr_nl.nl_groups. */
export const RTMGRP = {
  LINK: 0x1,
  IPV4_IFADDR: 0x10,
  IPV4_ROUTE: 0x40,
  IPV6_IFADDR: 0x100,
  IPV6_ROUTE: 0x400,
} as const;

export const AF = { UNSPEC: 0, INET: 2, BRIDGE: 7, INET6: 10 } as const;

/** Attributes of an acknowledgement (extended ack). */
export const NLMSGERR_ATTR = { MSG: 1, OFFS: 2, COOKIE: 3 } as const;

/** The type field of an attribute carries two flags above its number. */
export const NLA_F_NESTED = 0x8000;
export const NLA_TYPE_MASK = 0x3fff;

export const IFF = { UP: 0x1, LOOPBACK: 0x8, LOWER_UP: 0x10000 } as const;

export const IFLA = {
  ADDRESS: 1,
  IFNAME: 3,
  MTU: 4,
  LINK: 5,
  MASTER: 10,
  LINKINFO: 18,
  IFALIAS: 20,
  AF_SPEC: 26,
  GROUP: 27,
  NET_NS_FD: 28,
  EXT_MASK: 29,
  NUM_TX_QUEUES: 31,
  NUM_RX_QUEUES: 32,
} as const;
export const IFLA_INFO = { KIND: 1, DATA: 2 } as const;
export const VETH_INFO_PEER = 1;
export const IFLA_INET6_ADDR_GEN_MODE = 8;
export const IFLA_INET_CONF = 1;
/** IPV4_DEVCONF_*: what /proc/sys/net/ipv4/conf/NAME has as files. */
export const IPV4_DEVCONF = { FORWARDING: 1, RP_FILTER: 8, ARP_IGNORE: 19 } as const;
/** Leaves per-link statistics out of a dump. */
export const RTEXT_FILTER_SKIP_STATS = 0x8;

export const IFA = { ADDRESS: 1, LOCAL: 2, FLAGS: 8 } as const;
export const IFA_F = { NODAD: 0x02, NOPREFIXROUTE: 0x200 } as const;

export const RTA = {
  DST: 1,
  OIF: 4,
  GATEWAY: 5,
  PRIORITY: 6,
  PREFSRC: 7,
  MULTIPATH: 9,
  TABLE: 15,
  VIA: 18,
} as const;

/** rtmsg.rtm_flags and rtnexthop.rtnh_flags. */
export const RTNH_F = { DEAD: 0x1, ONLINK: 0x4, LINKDOWN: 0x10 } as const;
/** A cache entry, no configured route. */
export const RTM_F_CLONED = 0x200;
/** In a request to delete: any scope. */
export const RT_SCOPE_NOWHERE = 255;
/** RT_TABLE_MAIN: where our routes are, and those by which next hops are resolved. */
export const MAIN_TABLE = 254;
/** rtm_table of tables above 255, whose number is only in RTA_TABLE. */
export const RT_TABLE_COMPAT = 252;

export const NDA = { DST: 1, LLADDR: 2 } as const;
export const NTF_PROXY = 0x08;
