import type { PeerStatus } from '../bgp/status.ts';
import type { Intent } from '../calc/intent.ts';
import { addressList } from '../calc/node-addresses.ts';
import type { NodeReport, PeerPrefixes, PeerReport } from '../kube/cluster/node-report.ts';
import type { NodeRecord } from '../kube/records/node.ts';
import type { AgentStatus } from './status.ts';

export interface ReportFacts {
  readonly version: string;
  readonly intent: Intent | undefined;
  readonly node: NodeRecord | undefined;
}

/** What the API server is told of this node. */
export function nodeReport(
  status: Pick<AgentStatus, 'ready' | 'problems' | 'peers'>,
  { version, intent, node }: ReportFacts,
): NodeReport {
  const asNumber = intent?.bgp.config?.localAS;
  return {
    ready: status.ready().every((check) => check.ok),
    problems: status.problems(),
    node,
    version,
    addresses: intent === undefined ? [] : addressList(intent.self.addresses),
    ...(asNumber !== undefined && { asNumber }),
    peers: status.peers().map(peerReport),
  };
}

function peerReport(peer: PeerStatus): PeerReport {
  const { name, address, remoteAS, state, problem, lastError, lastDown } = peer;
  const isUp = state === 'established';
  const reason = isUp ? undefined : (problem ?? lastError ?? lastDown?.reason);
  const since = isUp ? peer.establishedAt : lastDown?.at;
  return {
    name,
    address,
    asNumber: remoteAS,
    state,
    since: since ?? peer.since,
    ...(reason !== undefined && { reason }),
    prefixes: totals(peer.prefixes),
  };
}

function totals(prefixes: PeerStatus['prefixes']): PeerPrefixes {
  const total = (kind: keyof PeerPrefixes): number =>
    prefixes['ipv4-unicast'][kind] + prefixes['ipv6-unicast'][kind];
  return { received: total('received'), accepted: total('accepted'), advertised: total('advertised') };
}
