import type { BGPPeerRecord } from '../../kube/records/bgp-peer.ts';
import type { Address } from '../../net/address.ts';
import { hostPrefix, type Prefix } from '../../net/prefix.ts';
import type { RouteRecord } from '../../netlink/wire/records.ts';
import type { Self } from '../self.ts';
import type { Selects } from './facts.ts';
import { isChosen } from './peering.ts';

/** A peer that is reached over a gateway (`reachableBy`). */
export interface Gateway {
  /** The peer's address alone. */
  readonly prefix: Prefix;
  readonly gateway: Address;
  /** For people: `BGPPeer tor-a`. */
  readonly from: string;
}

/** The gateways of this node's peers; of two BGPPeers for one address the one whose name sorts first counts. */
export function computeGateways(
  self: Self,
  peers: ReadonlyMap<string, BGPPeerRecord>,
  selects: Selects,
): readonly Gateway[] {
  const found = new Map<Prefix, Gateway>();
  for (const peer of [...peers.values()].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const { peerIP, reachableBy: gateway, name } = peer;
    if (peerIP === undefined || gateway === undefined) continue;
    if (!isChosen(peer, self.name, self.node?.labels, selects)) continue;
    const prefix = hostPrefix(peerIP);
    if (!found.has(prefix)) found.set(prefix, { prefix, gateway, from: `BGPPeer ${name}` });
  }
  return [...found.values()];
}

/** As a route of the kernel's, through which the next hops that the peer announces are resolved: its own address mostly. */
export const gatewayRoute = ({ prefix, gateway }: Gateway): RouteRecord => ({
  prefix,
  kind: 'unicast',
  table: 0,
  protocol: 0,
  scope: 0,
  metric: 0,
  nextHops: [{ gateway }],
});
