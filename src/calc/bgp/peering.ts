import type { BGPPeerRecord } from '../../kube/records/bgp-peer.ts';
import { type Address, familyOf } from '../../net/address.ts';
import type { Problem } from '../../ports/problem.ts';
import type { ClusterNode } from '../cluster.ts';
import { addressList, addressOf } from '../node-addresses.ts';
import type { BgpFacts, Selects } from './facts.ts';
import { asNumberOf, DEFAULT_PORT, type Globals, listenPort } from './globals.ts';
import { commonFamily, type Neighbour } from './neighbour.ts';
import { noLocalAddress, wrongNodeAS } from './problems.ts';

/**
 * The neighbours that BGPPeers give this node: those that the objects meant for it name, then, with `reversePeering: Auto`, the
 * nodes to which an object gives this node as peer. Each in the order of the objects' names.
 */
export function configuredNeighbours(
  facts: BgpFacts,
  globals: Globals,
  problems: Problem[],
): readonly Neighbour[] {
  const view: View = { facts, globals, byAddress: nodesByAddress(facts) };
  const peers = [...facts.peers.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const own = peers.filter((peer) => isChosen(peer, facts.self.name, facts.self.node?.labels, facts.selects));
  return [
    ...own.flatMap((peer) => [...namedPeers(view, peer, problems)]),
    ...peers.flatMap((peer) => (peer.reversePeering === 'Auto' ? [...peersBack(view, peer)] : [])),
  ];
}

/** Whether the BGPPeer is for the node of this name and these labels. */
export function isChosen(
  { node, nodeSelector }: BGPPeerRecord,
  name: string,
  labels: Readonly<Record<string, string>> | undefined,
  selects: Selects,
): boolean {
  if (node !== undefined) return node === name;
  return nodeSelector === undefined || selects(nodeSelector, labels ?? {});
}

interface View {
  readonly facts: BgpFacts;
  readonly globals: Globals;
  readonly byAddress: ReadonlyMap<Address, ClusterNode>;
}

function nodesByAddress({ nodes }: BgpFacts): ReadonlyMap<Address, ClusterNode> {
  const found = new Map<Address, ClusterNode>();
  for (const node of nodes.values())
    for (const address of addressList(node.addresses)) found.set(address, node);
  return found;
}

/** Whom a BGPPeer that is for this node means. */
function* namedPeers(view: View, peer: BGPPeerRecord, problems: Problem[]): Generator<Neighbour> {
  const { facts, globals } = view;
  const localAS = peer.localASNumber ?? globals.localAS;
  const { peerSelector } = peer;
  if (peerSelector === undefined) {
    yield* addressedPeer(view, peer, localAS, problems);
    return;
  }
  for (const node of facts.nodes.values()) {
    if (!facts.selects(peerSelector, node.record.labels)) continue;
    yield* toNode(view, peer, node, { localAS, remoteAS: asNumberOf(facts, globals, node), reversed: false });
  }
}

function* addressedPeer(
  { facts, globals, byAddress }: View,
  peer: BGPPeerRecord,
  localAS: number,
  problems: Problem[],
): Generator<Neighbour> {
  const { peerIP: address, asNumber: remoteAS } = peer;
  if (address === undefined || remoteAS === undefined) return;
  const node = byAddress.get(address);
  // A BGPPeer for all nodes that names one of them is no session of that node with itself.
  if (node?.record.name === facts.self.name) return;
  const local = addressOf(facts.self.addresses, familyOf(address));
  if (local === undefined) {
    problems.push(noLocalAddress(peer.name, address, facts.self.name));
    return;
  }
  if (node !== undefined && asNumberOf(facts, globals, node) !== remoteAS) {
    problems.push(wrongNodeAS(peer.name, remoteAS, node.record.name, asNumberOf(facts, globals, node)));
  }
  yield {
    name: `peer/${peer.name}`,
    address,
    port: peer.port ?? (node === undefined ? DEFAULT_PORT : listenPort(facts, node.record.name)),
    local,
    localAS,
    remoteAS,
    ...(node === undefined ? {} : { node }),
    peer,
    reversed: false,
  };
}

/** The nodes that have us as their peer. Their local AS number of these sessions is our remote one. */
function* peersBack(view: View, peer: BGPPeerRecord): Generator<Neighbour> {
  const { facts, globals } = view;
  if (!meansUs(view, peer)) return;
  for (const node of facts.nodes.values()) {
    if (!isChosen(peer, node.record.name, node.record.labels, facts.selects)) continue;
    const remoteAS = peer.localASNumber ?? asNumberOf(facts, globals, node);
    yield* toNode(view, peer, node, { localAS: globals.localAS, remoteAS, reversed: true });
  }
}

/** Whether the peer of the object is this node: its labels are selected, or its address, AS and port are named. */
function meansUs({ facts, globals, byAddress }: View, peer: BGPPeerRecord): boolean {
  const { self, selects } = facts;
  if (peer.peerSelector !== undefined) return selects(peer.peerSelector, self.node?.labels ?? {});
  const named = peer.peerIP === undefined ? undefined : byAddress.get(peer.peerIP);
  if (named?.record.name !== self.name || peer.asNumber !== globals.localAS) return false;
  return peer.port === undefined || peer.port === globals.port;
}

function* toNode(
  { facts }: View,
  peer: BGPPeerRecord,
  node: ClusterNode,
  session: Pick<Neighbour, 'localAS' | 'remoteAS' | 'reversed'>,
): Generator<Neighbour> {
  const { name } = node.record;
  if (name === facts.self.name) return;
  const families = peer.peerIP === undefined ? undefined : [familyOf(peer.peerIP)];
  const ends = commonFamily(facts.self.addresses, node.addresses, families);
  if (ends === undefined) return;
  yield { name: `peer/${peer.name}/${name}`, ...ends, port: listenPort(facts, name), ...session, node, peer };
}
