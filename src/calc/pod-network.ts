import { type Address, address } from '../net/address.ts';
import { hostPrefix, type Prefix } from '../net/prefix.ts';
import type { LinkAddressRecord, LinkRecord, RouteRecord } from '../netlink/wire/records.ts';
import { addressList } from './node-addresses.ts';
import { type Self } from './self.ts';

/** What the CNI server and the conflist need to know. */
export interface PodNetworkIntent {
  readonly podCIDRs: readonly Prefix[];
  readonly mtu: number;
  /** Addresses that no pod may get: those of this machine. */
  readonly reserved: readonly Address[];
  /** A router of this machine's own network has the address that is every pod's gateway; absent: no. */
  readonly routerAtGateway?: true;
  /** Why no pod can be attached now; absent: it can. */
  readonly notReady?: string;
}

const ETHERNET_MTU = 1500;
const POD_GATEWAY = address('169.254.1.1');
const POD_GATEWAY_PREFIX = hostPrefix(POD_GATEWAY);

/**
 * `mtu` 0 means: as much as the node's own path carries, which is the smallest MTU among the links that hold its addresses.
 */
export function computePodNetwork(
  self: Self,
  links: ReadonlyMap<number, LinkRecord>,
  addresses: Iterable<LinkAddressRecord>,
  routerAtGateway: boolean,
  mtu: number,
): PodNetworkIntent {
  const own = new Set(addressList(self.addresses));
  const reserved: Address[] = [];
  let smallest: number | undefined;
  for (const record of addresses) {
    reserved.push(record.address);
    const link = own.has(record.address) ? links.get(record.link) : undefined;
    if (link !== undefined && !link.loopback) smallest = Math.min(smallest ?? link.mtu, link.mtu);
  }
  const notReady = whyNotReady(self);
  return {
    podCIDRs: self.podCIDRs,
    mtu: mtu === 0 ? (smallest ?? ETHERNET_MTU) : mtu,
    reserved: [...new Set(reserved)].sort(),
    ...(routerAtGateway ? { routerAtGateway } : {}),
    ...(notReady === undefined ? {} : { notReady }),
  };
}

/**
 * Whether a route of this machine leads to 169.254.1.1 itself, or through it: so on a node that is a pod of a cluster with such
 * a gateway, and on some rented servers.
 */
export function hasRouterAtGateway(routes: Iterable<RouteRecord>): boolean {
  for (const { kind, prefix, nextHops } of routes) {
    if (kind !== 'unicast') continue;
    if (prefix === POD_GATEWAY_PREFIX || nextHops.some((hop) => hop.gateway === POD_GATEWAY)) return true;
  }
  return false;
}

function whyNotReady(self: Self): string | undefined {
  if (self.node === undefined) return `there is no Node object ${self.name}`;
  if (self.podCIDRs.length > 0) return undefined;
  return self.node.podCIDRs.length === 0
    ? `Node ${self.name} has no podCIDR`
    : `every podCIDR of Node ${self.name} overlaps another node's`;
}
