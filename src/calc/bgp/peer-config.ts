import type { BgpFamily, PeerConfig, Role } from '../../bgp/config.ts';
import type { FilterRule } from '../../bgp/filter.ts';
import type { BGPPeerRecord } from '../../kube/records/bgp-peer.ts';
import type { PasswordSource } from '../../kube/records/password-source.ts';
import { type Defined, defined } from '../../kube/records/plain.ts';
import type { Problem } from '../../ports/problem.ts';
import type { BgpFacts } from './facts.ts';
import { filterRules } from './filter-rules.ts';
import { defaultKeepalive, type Globals } from './globals.ts';
import { isInternal, type Neighbour } from './neighbour.ts';
import { resolvePassword } from './passwords.ts';
import { exportPolicy, importPolicy, type PolicyView } from './policies.ts';
import { internalRole, missingFilter, passwordProblem } from './problems.ts';

export interface PeerView {
  readonly facts: BgpFacts;
  readonly globals: Globals;
  readonly policies: PolicyView;
}

const FAMILIES: readonly BgpFamily[] = ['ipv4-unicast', 'ipv6-unicast'];

/** Of the limit of prefixes: from so much on a warning. */
const WARN_AT = 0.8;
/** Seconds. */
const DEFAULT_LIMIT_RESTART = 300;

/** Everything that a session needs to know. */
export function peerConfig(neighbour: Neighbour, view: PeerView, problems: Problem[]): PeerConfig {
  const { peer, node } = neighbour;
  const { facts, globals, policies } = view;
  const rules = rulesOf(peer, facts, problems);
  const secret = password(neighbour, view, problems);
  const holdTime = peer?.holdTime ?? globals.holdTime;
  const ownCluster = facts.self.node?.routeReflectorClusterID;
  return defined({
    name: neighbour.name,
    description: peer?.description,
    address: neighbour.address,
    port: neighbour.port,
    localAddress: peer?.sourceAddress === 'None' ? undefined : neighbour.local,
    localAS: neighbour.localAS,
    remoteAS: neighbour.remoteAS,
    families: FAMILIES,
    holdTime,
    keepaliveTime: keepaliveTime(peer, globals, holdTime),
    // Who waits on one side must be dialled from the other.
    passive: peer?.passive === true && !neighbour.reversed,
    enabled: peer?.enabled === false || secret.problem !== undefined ? false : undefined,
    ...secret,
    import: importPolicy(neighbour, policies, rules.import),
    export: exportPolicy(neighbour, policies, rules.export),
    ttlSecurity: peer?.ttlSecurity,
    restartTime: restartTime(neighbour, facts),
    // Nodes ask nobody for it, so that the mesh has no such field.
    longLivedStaleTime: peer?.longLivedStaleTime,
    // A node that says nothing any more is gone, and its pods with it; a router that restarts goes on forwarding.
    notificationRestart: node === undefined ? undefined : false,
    addPath: addPath(neighbour),
    role: roleOf(neighbour, problems),
    // A reflector of the same cluster has what our clients told it (RFC 4456 §7); everybody else is served.
    reflectorClient:
      ownCluster !== undefined && isInternal(neighbour) && node?.record.routeReflectorClusterID !== ownCluster
        ? true
        : undefined,
    prefixLimit: prefixLimit(peer),
    allowedOwnAS: peer?.numAllowedLocalASNumbers === 0 ? undefined : peer?.numAllowedLocalASNumbers,
    nextHopMode: nextHopMode(neighbour),
    link: [...rules.import, ...rules.export].some(({ match }) => match.interface !== undefined)
      ? facts.linkTo(neighbour.address)
      : undefined,
  });
}

function rulesOf(
  peer: BGPPeerRecord | undefined,
  { filters }: BgpFacts,
  problems: Problem[],
): { readonly import: readonly FilterRule[]; readonly export: readonly FilterRule[] } {
  if (peer === undefined) return { import: [], export: [] };
  const incoming = filterRules(peer.filters, filters, 'import');
  const outgoing = filterRules(peer.filters, filters, 'export');
  problems.push(...incoming.missing.map((name) => missingFilter(peer.name, name)));
  return { import: incoming.rules, export: outgoing.rules };
}

function keepaliveTime(peer: BGPPeerRecord | undefined, globals: Globals, holdTime: number): number {
  const inherited = peer?.holdTime === undefined ? globals.keepaliveTime : defaultKeepalive(holdTime);
  return peer?.keepaliveTime ?? inherited;
}

/** The password where one is configured and known; where it is not known, the reason, and no session without it. */
function password(
  { peer }: Neighbour,
  { facts }: PeerView,
  problems: Problem[],
): Defined<Pick<PeerConfig, 'password' | 'problem' | 'remedy'>> {
  const mesh = facts.configurations.get('default')?.nodeMeshPassword;
  const source: PasswordSource | undefined = peer === undefined ? mesh : peer.password;
  if (source === undefined) return {};
  const found = resolvePassword(facts, source);
  if (found.kind === 'known') return { password: found.text };
  const subject =
    peer === undefined
      ? 'BGPConfiguration default spec.nodeMeshPassword'
      : `BGPPeer ${peer.name} spec.password`;
  problems.push(passwordProblem(subject, found.reason, found.remedy));
  return { problem: `its password cannot be used: ${found.reason}`, remedy: found.remedy };
}

const restartTime = ({ peer }: Neighbour, { configurations }: BgpFacts): number | undefined =>
  peer === undefined ? configurations.get('default')?.nodeMeshMaxRestartTime : peer.maxRestartTime;

/** What one side sends, the other receives. */
function addPath({ peer, reversed }: Neighbour): PeerConfig['addPath'] {
  switch (peer?.addPath) {
    case undefined:
      return undefined;
    case 'Both':
      return 'both';
    case 'Send':
      return reversed ? 'receive' : 'send';
    case 'Receive':
      return reversed ? 'send' : 'receive';
  }
}

/** RFC 9234 §4.1, §4.2: ours, and what the other side must be. */
const roles = {
  Provider: ['provider', 'customer'],
  Customer: ['customer', 'provider'],
  Peer: ['peer', 'peer'],
  RouteServer: ['route-server', 'route-server-client'],
  RouteServerClient: ['route-server-client', 'route-server'],
} as const satisfies Record<NonNullable<BGPPeerRecord['role']>, readonly [Role, Role]>;

function roleOf(neighbour: Neighbour, problems: Problem[]): Role | undefined {
  const { peer, reversed } = neighbour;
  if (peer?.role === undefined) return undefined;
  if (!isInternal(neighbour)) return roles[peer.role][reversed ? 1 : 0];
  problems.push(internalRole(peer.name));
  return undefined;
}

function prefixLimit(peer: BGPPeerRecord | undefined): PeerConfig['prefixLimit'] {
  if (peer?.maxPrefixes === undefined) return undefined;
  const limit = peer.maxPrefixes;
  return {
    limit,
    warnAt: Math.ceil(limit * WARN_AT),
    restartAfter: peer.maxPrefixesRestartTime ?? DEFAULT_LIMIT_RESTART,
  };
}

/** `Auto` says nothing; the deprecated alias counts between ASes only, as it does in Calico. */
function nextHopMode(neighbour: Neighbour): PeerConfig['nextHopMode'] {
  const { peer } = neighbour;
  if (peer?.nextHopMode === 'Self') return 'self';
  const keeps = peer?.keepOriginalNextHop === true && !isInternal(neighbour);
  return peer?.nextHopMode === 'Keep' || keeps ? 'keep' : undefined;
}
