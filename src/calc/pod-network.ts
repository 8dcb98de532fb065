import type { Address } from '../net/address.ts';
import type { Prefix } from '../net/prefix.ts';
import type { LinkAddressRecord, LinkRecord } from '../netlink/wire/records.ts';
import { addressList, type Self } from './self.ts';

/** What the CNI server and the conflist need to know. */
export interface PodNetworkIntent {
  readonly podCIDRs: readonly Prefix[];
  readonly mtu: number;
  /** Addresses that no pod may get: those of this machine. */
  readonly reserved: readonly Address[];
  /** Why no pod can be attached now; absent: it can. */
  readonly notReady?: string;
}

const ETHERNET_MTU = 1500;

/**
 * `mtu` 0 means: as much as the node's own path carries, which is the smallest MTU among the links that hold its addresses.
 */
export function computePodNetwork(
  self: Self,
  links: ReadonlyMap<number, LinkRecord>,
  addresses: Iterable<LinkAddressRecord>,
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
    ...(notReady === undefined ? {} : { notReady }),
  };
}

function whyNotReady(self: Self): string | undefined {
  if (self.node === undefined) return `there is no Node object ${self.name}`;
  return self.podCIDRs.length === 0 ? `Node ${self.name} has no podCIDR` : undefined;
}
