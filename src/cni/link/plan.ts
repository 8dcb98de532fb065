import { type Address, address, type Family, familyOf } from '../../net/address.ts';
import { type Mac, parseMac } from '../../net/mac.ts';
import { defaultPrefix, hostPrefix } from '../../net/prefix.ts';
import type { LinkAddressRecord, RouteRecord } from '../../netlink/wire/records.ts';
import type { NetlinkRequest } from '../../netlink/wire/requests.ts';

/** PURE: the requests that make a pod link, as data. Their order matters: each needs what stands before it. */

export const hostMac = parseMac('ee:ee:ee:ee:ee:ee') as Mac;
/** Every pod's IPv4 gateway. */
export const gateway4 = address('169.254.1.1');
/** Every pod's IPv6 gateway: what the MAC above gives by EUI-64 (RFC 4291 appendix A). */
export const gateway6 = address('fe80::ecee:eeff:feee:eeee');

export const mainTable = 254;

const scope = { universe: 0, link: 253, host: 254 } as const;
/** RTPROT_BOOT, which `ip route` does not print: the pod's routes look as if somebody had typed them. */
const PROTOCOL_BOOT = 3;
const IFA_F_NODAD = 0x02;
const NUD_PERMANENT = 0x80;
/** A veth hands packets over without waiting in a queue, so more of them than one only cost time at each ADD, more with each CPU. */
const QUEUES = 1;
/** What the kernel makes of no metric, by family. */
const metric = (family: Family): number => (family === 4 ? 0 : 1024);

export interface VethPlan {
  readonly hostLink: string;
  readonly ifname: string;
  readonly alias: string;
  readonly mtu: number;
  /** Descriptor of the pod's namespace. */
  readonly netns: number;
  /** Of the pod's end. */
  readonly mac: Mac;
  /** Whether the kernel has IPv6 at all. */
  readonly ipv6: boolean;
}

/**
 * The host end forwards whatever the default for new links is; it refuses what the pod sends under another address (rp_filter 1), and
 * answers for 169.254.1.1 although the pod's address lies in another subnet (arp_ignore 0).
 */
const hostIpv4 = { forwarding: true, rpFilter: 1, arpIgnore: 0 } as const;

/**
 * The pair, its peer born in the pod and still down: sysctls must be set before IPv6 starts there. The host end comes up last, after it
 * was told to take no address by itself; without the other it has no carrier yet.
 */
export function createRequests(plan: VethPlan): readonly NetlinkRequest[] {
  const { hostLink, ifname, alias, mtu, netns, mac } = plan;
  const generation = plan.ipv6 ? ({ addressGeneration: 'none' } as const) : {};
  return [
    {
      kind: 'link.createVeth',
      end: { name: hostLink, mac: hostMac, mtu, queues: QUEUES },
      peer: { name: ifname, mac, mtu, netns, queues: QUEUES },
    },
    { kind: 'link.set', link: { name: hostLink }, alias, ipv4: hostIpv4, ...generation },
    { kind: 'link.set', link: { name: hostLink }, up: true },
  ];
}

/**
 * How the host end answers ARP for 169.254.1.1. `held`: it has the address, so the kernel answers whatever routes the node has.
 * `proxied`: for a node whose own network has a router of that address, as inside a cluster of Calico or of Gryphon: held, it would be
 * the node's everywhere, which would answer for its own router. A proxy entry needs the node's route to that router.
 */
export type GatewayMode = 'held' | 'proxied';

/** The gateways of the pod's families, at the host end. */
export const gatewayRequests = (
  link: number,
  addresses: readonly Address[],
  mode: GatewayMode,
): readonly NetlinkRequest[] => addresses.map((own) => gatewayRequest(link, familyOf(own), mode));

/** 169.254.1.1 has scope host, so the kernel never chooses it as the source of anything that leaves the node. */
function gatewayRequest(link: number, family: Family, mode: GatewayMode): NetlinkRequest {
  if (family === 4 && mode === 'proxied')
    return { kind: 'neighbour.replace', neighbour: { link, address: gateway4, state: 0, proxy: true } };
  const address: LinkAddressRecord =
    family === 4
      ? { link, address: gateway4, prefixLength: 32, scope: scope.host, flags: 0 }
      : { link, address: gateway6, prefixLength: 64, scope: scope.link, flags: IFA_F_NODAD };
  return { kind: 'address.replace', address };
}

/** The pod's end: up, its addresses, the way to the gateway and through it. */
export function podRequests(link: number, addresses: readonly Address[]): readonly NetlinkRequest[] {
  return [
    { kind: 'link.set', link: { index: link }, up: true },
    ...addresses.flatMap((own) => podAddressRequests(link, own)),
  ];
}

function podAddressRequests(link: number, own: Address): readonly NetlinkRequest[] {
  const family = familyOf(own);
  const record = { link, address: own, prefixLength: family === 4 ? 32 : 128, scope: scope.universe };
  return [
    { kind: 'address.replace', address: { ...record, flags: family === 4 ? 0 : IFA_F_NODAD } },
    ...podRoutes(link, family).map((route): NetlinkRequest => ({ kind: 'route.create', route })),
    ...(family === 4 ? [] : [permanentGateway(link)]),
  ];
}

/** IPv4: the gateway on the link, and the default through it. IPv6: the gateway is link-local, so the default is enough. */
export function podRoutes(link: number, family: Family): readonly RouteRecord[] {
  const common = {
    kind: 'unicast',
    table: mainTable,
    protocol: PROTOCOL_BOOT,
    metric: metric(family),
  } as const;
  const gateway = family === 4 ? gateway4 : gateway6;
  const way: RouteRecord = {
    ...common,
    prefix: defaultPrefix(family),
    scope: scope.universe,
    nextHops: [{ gateway, link }],
  };
  if (family === 6) return [way];
  return [{ ...common, prefix: hostPrefix(gateway4), scope: scope.link, nextHops: [{ link }] }, way];
}

/** No neighbour discovery before the first packet. IPv4 keeps ARP: people and tools expect to see the gateway answer. */
function permanentGateway(link: number): NetlinkRequest {
  const neighbour = { link, address: gateway6, mac: hostMac, state: NUD_PERMANENT, proxy: false };
  return { kind: 'neighbour.replace', neighbour };
}

/** The host's way to one address of the pod. */
export function hostRoute(link: number, own: Address, protocol: number): RouteRecord {
  const family = familyOf(own);
  return {
    prefix: hostPrefix(own),
    kind: 'unicast',
    table: mainTable,
    protocol,
    scope: family === 4 ? scope.link : scope.universe,
    metric: metric(family),
    nextHops: [{ link }],
  };
}
