import type { PeerConfig, SpeakerConfig } from '../../bgp/config.ts';
import { type Address } from '../../net/address.ts';
import { equal } from '../../net/equal.ts';
import type { Problem } from '../../ports/problem.ts';
import { addressList } from '../node-addresses.ts';
import type { BgpFacts } from './facts.ts';
import { type Globals, mergeGlobals } from './globals.ts';
import { Mesh } from './mesh.ts';
import { originations } from './originations.ts';
import { peerConfig } from './peer-config.ts';
import { configuredNeighbours } from './peering.ts';
import { originatorsOf } from './policies.ts';
import { lonelyReflector, samePeer } from './problems.ts';
import { routerIDOf } from './router-id.ts';

export interface BgpResult {
  /** Undefined: this node cannot speak BGP (yet); the problems say why. */
  readonly config: SpeakerConfig | undefined;
  readonly problems: readonly Problem[];
}

/** What an agent without BGP has. */
export const noBgp: BgpResult = { config: undefined, problems: [] };

/**
 * The speaker's whole configuration: the mesh between nodes and the configured peers, sorted by name. `mesh` remembers the sessions
 * of the call before.
 */
export function computeBgp(facts: BgpFacts, mesh = new Mesh()): BgpResult {
  const { self } = facts;
  if (self.node === undefined || addressList(self.addresses).length === 0) return noBgp;
  const globals = mergeGlobals(facts);
  const problems: Problem[] = [];
  const clusterID = self.node.routeReflectorClusterID;
  const peers = peersOf(facts, globals, mesh, problems);
  if (clusterID !== undefined && peers.length === 0) problems.push(lonelyReflector(self.name));
  const config: SpeakerConfig = {
    routerID: routerIDOf(self.name, self.addresses),
    localAS: globals.localAS,
    listen: listenAddresses(facts, globals).map((address) => ({ address, port: globals.port })),
    peers,
    originated: originations(facts, problems),
    nextHops: self.addresses,
    ...(clusterID === undefined ? {} : { clusterID }),
    localPrefixes: self.podCIDRs,
    ...(globals.gracefulShutdown ? { gracefulShutdown: true } : {}),
  };
  return { config, problems: distinct(problems) };
}

function listenAddresses({ self }: BgpFacts, { listensEverywhere }: Globals): readonly Address[] {
  if (!listensEverywhere) return addressList(self.addresses);
  return addressList(self.addresses).map((address) => (address.includes(':') ? '::' : '0.0.0.0') as Address);
}

/**
 * One session per address, where a BGPPeer that names a peer goes before one that peers back. The mesh leaves out every node with
 * which a BGPPeer gives a session, whatever its family: either would carry both.
 */
function peersOf(facts: BgpFacts, globals: Globals, mesh: Mesh, problems: Problem[]): readonly PeerConfig[] {
  const view = {
    facts,
    globals,
    policies: {
      reflects: facts.self.node?.routeReflectorClusterID !== undefined,
      requiresPolicy: globals.requiresPolicy,
      originators: originatorsOf(facts.nodes, facts.self.name),
    },
  };
  const configured = new Map<Address, { readonly config: PeerConfig; readonly reversed: boolean }>();
  const named = new Set<string>();
  for (const neighbour of configuredNeighbours(facts, globals, problems)) {
    if (neighbour.node !== undefined) named.add(neighbour.node.record.name);
    const found: Problem[] = [];
    const config = peerConfig(neighbour, view, found);
    const { reversed } = neighbour;
    const other = configured.get(config.address);
    if (other === undefined) {
      configured.set(config.address, { config, reversed });
      problems.push(...found);
    } else if (other.reversed === reversed && !isSameSession(config, other.config)) {
      problems.push(samePeer(objectOf(config), config.address, objectOf(other.config)));
    }
  }
  const peers = [...configured.values()].map(({ config }) => config);
  for (const { node, config, problems: found } of mesh.members(view)) {
    if (config === undefined || named.has(node.record.name)) continue;
    peers.push(config);
    problems.push(...found);
  }
  return peers.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Two BGPPeers that want the same of one neighbour do not contradict each other. */
function isSameSession(a: PeerConfig, b: PeerConfig): boolean {
  const { name: _a, description: _b, ...rest } = a;
  const { name: _c, description: _d, ...other } = b;
  return equal(rest, other);
}

/** `tor-a` of `peer/tor-a` and of `peer/tor-a/node-b`. */
const objectOf = ({ name }: PeerConfig): string => name.split('/')[1] ?? name;

/** A mesh of a thousand nodes has its password missing once, not a thousand times. */
function distinct(problems: readonly Problem[]): readonly Problem[] {
  return [...new Map(problems.map((p) => [`${p.code} ${p.subject} ${p.message}`, p])).values()];
}
