import type { BGPPeerRecord } from '../kube/records/bgp-peer.ts';
import type { Evidence } from '../kube/records/evidence.ts';
import type { PasswordSource } from '../kube/records/password-source.ts';
import { equal } from '../net/equal.ts';
import type { Problem } from '../ports/problem.ts';
import { isCommunityName } from './bgp/originations.ts';
import { resolvePassword } from './bgp/passwords.ts';
import { isChosen } from './bgp/peering.ts';
import { missingFilter, passwordProblem, samePeer, unknownCommunity } from './bgp/problems.ts';
import { selectorCache } from './selects.ts';
import { usablePools } from './usable-pools.ts';

/**
 * What is wrong between objects, by the object that is to be told (`BGPPeer tor-a`): everything that each agent would find alike,
 * whatever its node is, and that no parser of one object can see.
 */
export function judge(evidence: Evidence): ReadonlyMap<string, readonly Problem[]> {
  const problems = [
    ...usablePools(evidence.pools).problems,
    ...passwordProblems(evidence),
    ...filterProblems(evidence),
    ...communityProblems(evidence),
    ...duplicatePeers(evidence),
  ];
  return Map.groupBy(problems, ({ subject }) => subject.split(' ', 2).join(' '));
}

function* passwordProblems({ bgpConfigurations, bgpPeers, ...secrets }: Evidence): Generator<Problem> {
  for (const { name, nodeMeshPassword } of bgpConfigurations.values())
    yield* passwordProblemOf(secrets, `BGPConfiguration ${name} spec.nodeMeshPassword`, nodeMeshPassword);
  for (const { name, password } of bgpPeers.values())
    yield* passwordProblemOf(secrets, `BGPPeer ${name} spec.password`, password);
}

/** Files are another matter on each node, and of a Secret that was never read nobody knows whether it exists. */
function* passwordProblemOf(
  { secrets, readSecrets }: Pick<Evidence, 'secrets' | 'readSecrets'>,
  subject: string,
  source: PasswordSource | undefined,
): Generator<Problem> {
  if (source?.kind !== 'secret' || !readSecrets.has(source.name)) return;
  const found = resolvePassword({ secrets, passwordFiles: new Map() }, source);
  if (found.kind === 'unknown') yield passwordProblem(subject, found.reason, found.remedy);
}

function* filterProblems({ bgpPeers, bgpFilters }: Evidence): Generator<Problem> {
  for (const peer of bgpPeers.values())
    for (const name of peer.filters) if (!bgpFilters.has(name)) yield missingFilter(peer.name, name);
}

/** A name of `default` may be explained by the configuration of a node. */
function* communityProblems({ bgpConfigurations }: Evidence): Generator<Problem> {
  const common = bgpConfigurations.get('default');
  for (const configuration of bgpConfigurations.values()) {
    const sources = configuration === common ? [...bgpConfigurations.values()] : [configuration, common];
    for (const [i, { communities }] of (configuration.prefixAdvertisements ?? []).entries()) {
      const subject = `BGPConfiguration ${configuration.name} spec.prefixAdvertisements[${i}]`;
      for (const name of communities)
        if (!isCommunityName(name, sources)) yield unknownCommunity(subject, name);
    }
  }
}

/** Of several BGPPeers that want different things of one address on one node, the name that sorts first has the session. */
function* duplicatePeers({ bgpPeers, nodes }: Evidence): Generator<Problem> {
  const addressed = [...bgpPeers.values()].filter(({ peerIP }) => peerIP !== undefined);
  const chosen = nodesChosenBy(nodes);
  for (const group of Map.groupBy(addressed, ({ peerIP }) => peerIP).values()) {
    const holders = new Map<string, BGPPeerRecord>();
    for (const peer of group.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const shared = claim(holders, peer, group.length === 1 ? [] : chosen(peer));
      if (shared?.peerIP !== undefined) yield samePeer(peer.name, shared.peerIP, shared.name);
    }
  }
}

/**
 * Answers a BGPPeer that has the session on one of the nodes already, and wants something else of it. Two objects are compared
 * once, whatever the number of nodes that both are for.
 */
function claim(
  holders: Map<string, BGPPeerRecord>,
  peer: BGPPeerRecord,
  nodes: Iterable<string>,
): BGPPeerRecord | undefined {
  const alike = new Set<BGPPeerRecord>();
  let other: BGPPeerRecord | undefined;
  for (const node of nodes) {
    const holder = holders.get(node);
    if (holder === undefined) holders.set(node, peer);
    else if (other === undefined && !alike.has(holder)) {
      if (isSameSession(holder, peer)) alike.add(holder);
      else other = holder;
    }
  }
  return other;
}

/** The names of the nodes that a BGPPeer is for; a selector is asked once, however many objects have it. */
function nodesChosenBy(nodes: Evidence['nodes']): (peer: BGPPeerRecord) => readonly string[] {
  const known = new Map<string, readonly string[]>();
  const selects = selectorCache();
  return (peer) => {
    const { node, nodeSelector = 'all()' } = peer;
    if (node !== undefined) return nodes.has(node) ? [node] : [];
    const before = known.get(nodeSelector);
    if (before !== undefined) return before;
    const found = [...nodes.values()].filter(({ name, labels }) => isChosen(peer, name, labels, selects));
    const names = found.map(({ name }) => name);
    known.set(nodeSelector, names);
    return names;
  };
}

function isSameSession(a: BGPPeerRecord, b: BGPPeerRecord): boolean {
  const session = ({
    name: _n,
    node: _o,
    nodeSelector: _s,
    description: _d,
    unsupported: _u,
    ...rest
  }: BGPPeerRecord) => rest;
  return equal(session(a), session(b));
}
