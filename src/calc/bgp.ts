import type { BgpFamily, ExportPolicy, ImportPolicy, PeerConfig, SpeakerConfig } from '../bgp/config.ts';
import type { BGPConfigurationRecord } from '../kube/records/bgp-configuration.ts';
import type { BGPPeerRecord } from '../kube/records/bgp-peer.ts';
import { type Address, addressFromBigInt, type Family, familyOf } from '../net/address.ts';
import type { Problem } from '../ports/problem.ts';
import type { ClusterNode } from './cluster.ts';
import { type AddressPair, addressList, addressOf } from './node-addresses.ts';
import { type Self } from './self.ts';

export const DEFAULT_AS_NUMBER = 64_512;
export const DEFAULT_PORT = 179;
/** Seconds. */
export const DEFAULT_HOLD_TIME = 30;
export const DEFAULT_KEEPALIVE_TIME = 10;

export interface BgpFacts {
  readonly self: Self;
  readonly nodes: ReadonlyMap<string, ClusterNode>;
  readonly configurations: ReadonlyMap<string, BGPConfigurationRecord>;
  readonly peers: ReadonlyMap<string, BGPPeerRecord>;
  /** Whether a BGPPeer's nodeSelector chooses a node with these labels. */
  readonly selects: (selector: string, labels: Readonly<Record<string, string>>) => boolean;
  /** `--bgp-port`: used where no BGPConfiguration says otherwise. */
  readonly port: number;
}

export interface BgpResult {
  /** Undefined: this node cannot speak BGP (yet); the problems say why. */
  readonly config: SpeakerConfig | undefined;
  readonly problems: readonly Problem[];
}

const FAMILIES: readonly BgpFamily[] = ['ipv4-unicast', 'ipv6-unicast'];

/** What holds for this node after `default` and `node.NAME` have been merged. */
interface Globals {
  readonly localAS: number;
  readonly defaultAS: number;
  readonly port: number;
  readonly holdTime: number;
  readonly keepaliveTime: number;
  readonly mesh: boolean;
  readonly requiresPolicy: boolean;
}

/** The speaker's whole configuration: the mesh between nodes and the configured peers. Sorted by name. */
export function computeBgp(facts: BgpFacts): BgpResult {
  const { self } = facts;
  const own = addressList(self.addresses)[0];
  if (self.node === undefined || own === undefined) return { config: undefined, problems: [] };
  const globals = mergeGlobals(facts);
  const problems: Problem[] = [];
  const byAddress = new Map<Address, PeerConfig>();
  if (globals.mesh) for (const peer of meshPeers(facts, globals)) byAddress.set(peer.address, peer);
  for (const peer of configuredPeers(facts, globals, problems)) {
    const other = byAddress.get(peer.address);
    // A BGPPeer that names another node takes the mesh's place; two BGPPeers of one address cannot both have a session.
    if (other?.name.startsWith('peer/') === true) problems.push(samePeer(peer, other));
    else byAddress.set(peer.address, peer);
  }
  return {
    config: {
      routerID: self.addresses.ipv4 ?? hashedRouterID(self.name),
      localAS: globals.localAS,
      listen: addressList(self.addresses).map((address) => ({ address, port: globals.port })),
      peers: [...byAddress.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
      originated: self.podCIDRs.map((prefix) => ({ prefix })),
      nextHops: self.addresses,
    },
    problems,
  };
}

function mergeGlobals(facts: BgpFacts): Globals {
  const common = facts.configurations.get('default');
  const node = facts.configurations.get(`node.${facts.self.name}`);
  const defaultAS = common?.asNumber ?? DEFAULT_AS_NUMBER;
  const holdTime = node?.holdTime ?? common?.holdTime ?? DEFAULT_HOLD_TIME;
  return {
    defaultAS,
    localAS: node?.asNumber ?? facts.self.node?.asNumber ?? defaultAS,
    port: node?.listenPort ?? common?.listenPort ?? facts.port,
    holdTime,
    keepaliveTime: node?.keepaliveTime ?? common?.keepaliveTime ?? defaultKeepalive(holdTime),
    mesh: common?.nodeToNodeMeshEnabled ?? true,
    requiresPolicy: node?.ebgpRequiresPolicy ?? common?.ebgpRequiresPolicy ?? false,
  };
}

/** A third of the hold time (RFC 4271 §10), at most ours. */
const defaultKeepalive = (holdTime: number): number =>
  Math.min(DEFAULT_KEEPALIVE_TIME, Math.max(1, Math.floor(holdTime / 3)));

/** Sessions to all other nodes: over IPv4 where both ends have it, carrying both families. */
function* meshPeers(facts: BgpFacts, globals: Globals): Generator<PeerConfig> {
  for (const [name, node] of facts.nodes) {
    if (name === facts.self.name) continue;
    const ends = commonFamily(facts.self.addresses, node.addresses);
    if (ends === undefined) continue;
    const own = facts.configurations.get(`node.${name}`);
    yield {
      name: `mesh/${name}`,
      address: ends.remote,
      localAddress: ends.local,
      port: own?.listenPort ?? facts.configurations.get('default')?.listenPort ?? facts.port,
      localAS: globals.localAS,
      remoteAS: own?.asNumber ?? node.record.asNumber ?? globals.defaultAS,
      families: FAMILIES,
      holdTime: globals.holdTime,
      keepaliveTime: globals.keepaliveTime,
      passive: false,
      import: nodeImport(node),
      export: { kind: 'originated' },
    };
  }
}

/** From a node only the podCIDRs of that node. */
const nodeImport = (node: ClusterNode): ImportPolicy => ({ kind: 'exactly', prefixes: node.podCIDRs });

function commonFamily(
  a: AddressPair,
  b: AddressPair,
): { readonly local: Address; readonly remote: Address } | undefined {
  for (const family of [4, 6] satisfies Family[]) {
    const local = addressOf(a, family);
    const remote = addressOf(b, family);
    if (local !== undefined && remote !== undefined) return { local, remote };
  }
  return undefined;
}

function* configuredPeers(facts: BgpFacts, globals: Globals, problems: Problem[]): Generator<PeerConfig> {
  const nodesByAddress = new Map<Address, ClusterNode>();
  for (const node of facts.nodes.values())
    for (const address of addressList(node.addresses)) nodesByAddress.set(address, node);
  const mine = [...facts.peers.values()].filter((peer) => chosen(facts, peer));
  for (const peer of mine.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const node = nodesByAddress.get(peer.peerIP);
    // A BGPPeer for all nodes that names one of them is no session of that node with itself.
    if (node?.record.name === facts.self.name) continue;
    const local = addressOf(facts.self.addresses, familyOf(peer.peerIP));
    if (local === undefined) {
      problems.push(noLocalAddress(peer, facts.self.name));
      continue;
    }
    const holdTime = peer.holdTime ?? globals.holdTime;
    yield {
      name: `peer/${peer.name}`,
      ...(peer.description === undefined ? {} : { description: peer.description }),
      address: peer.peerIP,
      port: peer.port ?? DEFAULT_PORT,
      ...(peer.sourceAddress === 'UseNodeIP' ? { localAddress: local } : {}),
      localAS: globals.localAS,
      remoteAS: peer.asNumber,
      families: FAMILIES,
      holdTime,
      keepaliveTime:
        peer.keepaliveTime ??
        (peer.holdTime === undefined ? globals.keepaliveTime : defaultKeepalive(holdTime)),
      passive: peer.passive,
      enabled: peer.enabled,
      import: node === undefined ? { kind: 'none' } : nodeImport(node),
      export: exportTo(peer, globals),
    };
  }
}

function chosen(facts: BgpFacts, peer: BGPPeerRecord): boolean {
  if (peer.node !== undefined) return peer.node === facts.self.name;
  return peer.nodeSelector === undefined || facts.selects(peer.nodeSelector, facts.self.node?.labels ?? {});
}

/** RFC 8212 §2: no export without policy over EBGP, where that strictness is asked for. */
function exportTo(peer: BGPPeerRecord, globals: Globals): ExportPolicy {
  return globals.requiresPolicy && peer.asNumber !== globals.localAS
    ? { kind: 'none' }
    : { kind: 'originated' };
}

/** RFC 6286 §2.1: any four octets but zero that are unique in the AS; FNV-1a of the name stands in where there is no IPv4. */
function hashedRouterID(name: string): Address {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193) >>> 0;
  return addressFromBigInt(BigInt(hash === 0 ? 1 : hash), 4);
}

const samePeer = (peer: PeerConfig, other: PeerConfig): Problem => ({
  code: 'GRY_BGP_PEER_DUPLICATE',
  severity: 'error',
  subject: `BGPPeer ${peer.name.slice('peer/'.length)}`,
  message: `it names ${peer.address}, as BGPPeer ${other.name.slice('peer/'.length)} does, which keeps the session`,
  remedy: 'delete one of the two, or let their nodeSelectors choose different nodes',
});

const noLocalAddress = (peer: BGPPeerRecord, node: string): Problem => ({
  code: 'GRY_BGP_PEER_FAMILY',
  severity: 'error',
  subject: `BGPPeer ${peer.name}`,
  message: `its address ${peer.peerIP} is IPv${familyOf(peer.peerIP)}, and Node ${node} has no address of that family`,
  remedy: 'give the peer by an address of a family that the node has, or give the node one',
});
