import type { LearnedRoute } from '../../src/bgp/status.ts';
import type { Attachment } from '../../src/ipam/attachment.ts';
import type { BGPFilterRecord } from '../../src/kube/records/bgp-filter.ts';
import type { BGPPeerRecord } from '../../src/kube/records/bgp-peer.ts';
import type { NodeRecord } from '../../src/kube/records/node.ts';
import { address } from '../../src/net/address.ts';
import { prefix } from '../../src/net/prefix.ts';
import type { LinkRecord, NextHopRecord, RouteRecord } from '../../src/netlink/wire/records.ts';
import { FakeLearned } from './changes.ts';

/** Records with sensible values for what a test does not care about. */
export function node(
  name: string,
  podCIDRs: readonly string[],
  internalIPs: readonly string[],
  more: Partial<NodeRecord> = {},
): NodeRecord {
  return {
    name,
    podCIDRs: podCIDRs.map(prefix),
    internalIPs: internalIPs.map(address),
    annotatedAddresses: {},
    labels: {},
    ready: true,
    unschedulable: false,
    ...more,
  };
}

export const byName = <T extends { readonly name: string }>(
  ...records: readonly T[]
): ReadonlyMap<string, T> => new Map(records.map((r) => [r.name, r]));

const anyPeer: Omit<BGPPeerRecord, 'name'> = {
  passive: false,
  enabled: true,
  sourceAddress: 'UseNodeIP',
  keepOriginalNextHop: false,
  filters: [],
  reversePeering: 'Auto',
  unsupported: [],
};

export const bgpPeer = (
  name: string,
  peerIP: string,
  asNumber: number,
  more: Partial<BGPPeerRecord> = {},
): BGPPeerRecord => ({ name, peerIP: address(peerIP), asNumber, ...anyPeer, ...more });

/** A BGPPeer whose peers are nodes. */
export const selectedPeers = (
  name: string,
  peerSelector: string,
  more: Partial<BGPPeerRecord> = {},
): BGPPeerRecord => ({ name, peerSelector, ...anyPeer, ...more });

/** A BGPFilter that decides nothing, but for the lists given. */
export const bgpFilter = (name: string, lists: Partial<BGPFilterRecord>): BGPFilterRecord => ({
  name,
  importV4: [],
  exportV4: [],
  importV6: [],
  exportV6: [],
  unsupported: [],
  ...lists,
});

export function link(index: number, name: string, more: Partial<LinkRecord> = {}): LinkRecord {
  return { index, name, mtu: 1500, up: true, carrier: true, loopback: name === 'lo', ...more };
}

export const linkMap = (...links: readonly LinkRecord[]): ReadonlyMap<number, LinkRecord> =>
  new Map(links.map((l) => [l.index, l]));

/** `kernelRoute('10.0.0.0/24', { link: 2 })`: a connected route; with a gateway: one through a router. */
export function kernelRoute(
  to: string,
  hop: NextHopRecord | readonly NextHopRecord[],
  more: Partial<RouteRecord> = {},
): RouteRecord {
  return {
    prefix: prefix(to),
    kind: 'unicast',
    table: 254,
    protocol: 2,
    scope: 0,
    metric: 0,
    nextHops: 'length' in hop ? hop : [hop],
    ...more,
  };
}

export const via = (gateway: string, index: number): NextHopRecord => ({
  gateway: address(gateway),
  link: index,
});

export const learned = (
  to: string,
  nextHops: readonly string[],
  ...peers: readonly string[]
): LearnedRoute => ({
  prefix: prefix(to),
  nextHops: nextHops.map(address),
  peers,
});

/** What the speaker has told, all of it untaken. */
export const feed = (...routes: readonly LearnedRoute[]): FakeLearned => new FakeLearned(routes);

export function attachment(
  containerID: string,
  hostLink: string,
  addresses: readonly string[],
  more: Partial<Attachment> = {},
): Attachment {
  return {
    network: 'gryphon',
    containerID,
    ifname: 'eth0',
    addresses: addresses.map(address),
    hostLink,
    createdAt: 0,
    state: 'configured',
    ...more,
  };
}
