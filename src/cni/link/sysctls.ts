/** A file below /proc/sys/net and what goes into it. */
export type Sysctl = readonly [path: string, value: string];

/** The first answer by proxy at once, instead of after a random time of up to 0.8 s. */
export const proxySysctls = (link: string): readonly Sysctl[] => [[`ipv4/neigh/${link}/proxy_delay`, '0']];

/** No duplicate-address detection, which costs a second or more; a pod's router advertisements are nobody's business. */
export const hostSysctls6 = (link: string): readonly Sysctl[] => [
  [`ipv6/conf/${link}/disable_ipv6`, '0'],
  [`ipv6/conf/${link}/accept_dad`, '0'],
  [`ipv6/conf/${link}/dad_transmits`, '0'],
  [`ipv6/conf/${link}/accept_ra`, '0'],
  [`ipv6/conf/${link}/forwarding`, '1'],
];

/**
 * Whether the pod forwards packets. A new namespace has what the node has, which is on, and so every pod would be a router. To be
 * set first: the kernel puts other settings back when this one changes.
 */
export const forwardingSysctls = (on: boolean, ipv6: boolean): readonly Sysctl[] => [
  ['ipv4/ip_forward', on ? '1' : '0'],
  ...(ipv6 ? ([['ipv6/conf/all/forwarding', on ? '1' : '0']] as const) : []),
];

/** The pod's end. IPv6 is turned on, also on `lo`, because runtimes and distributions may turn it off by default. */
export const podSysctls6 = (link: string): readonly Sysctl[] => [
  ['ipv6/conf/lo/disable_ipv6', '0'],
  [`ipv6/conf/${link}/disable_ipv6`, '0'],
  [`ipv6/conf/${link}/accept_dad`, '0'],
  [`ipv6/conf/${link}/dad_transmits`, '0'],
  [`ipv6/conf/${link}/accept_ra`, '0'],
];
