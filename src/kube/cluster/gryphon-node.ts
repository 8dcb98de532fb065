import { type GryphonNodeStatus, gryphonNodeKind } from '../kinds/gryphon-node.ts';
import { apiVersion } from '../kinds/kind.ts';
import type { NodeRecord } from '../records/node.ts';
import { applyRequest, timeText } from './apply.ts';
import { fit } from './fit.ts';
import type { KubeRequest } from './kube-api.ts';
import type { NodeReport, PeerReport } from './node-report.ts';

type PeerEntry = NonNullable<GryphonNodeStatus['peers']>[number];

const { kind, plural } = gryphonNodeKind;
const pathOf = (name: string): string => `/apis/${apiVersion}/${plural}/${name}`;

/** The GryphonNode of a Node: it belongs to that Node, so that Kubernetes removes the two together. */
export function objectRequest({ name, uid }: NodeRecord): KubeRequest {
  const owner = { apiVersion: 'v1', kind: 'Node', name, uid };
  const metadata = { name, ...(uid !== undefined && { ownerReferences: [owner] }) };
  return applyRequest(pathOf(name), { apiVersion, kind, metadata });
}

export function statusRequest(name: string, status: GryphonNodeStatus): KubeRequest {
  return applyRequest(`${pathOf(name)}/status`, { apiVersion, kind, metadata: { name }, status });
}

/** What the report says, as the kind writes it: peers that are down and errors first, within the bounds of the schema. */
export function statusOf(report: Omit<NodeReport, 'node'>): GryphonNodeStatus {
  const { version, ready, addresses, asNumber, peers, problems } = report;
  const status: GryphonNodeStatus = {
    version,
    ready,
    addresses: [...addresses],
    ...(asNumber !== undefined && { asNumber }),
    peersConfigured: peers.length,
    peersEstablished: peers.filter(isUp).length,
    peers: sortedBy(peers, isUp).map(peerEntry),
    problems: sortedBy(problems, ({ severity }) => severity !== 'error').map((problem) => ({ ...problem })),
  };
  return fit(gryphonNodeKind.status, status);
}

const isUp = ({ state }: Pick<PeerReport, 'state'>): boolean => state === 'established';

/** Those of which `isLast` is false before the others; their order is kept otherwise. */
const sortedBy = <T>(list: readonly T[], isLast: (item: T) => boolean): readonly T[] => [
  ...list.filter((item) => !isLast(item)),
  ...list.filter(isLast),
];

function peerEntry({ prefixes, since, state, ...peer }: PeerReport): PeerEntry {
  // The cast is sound: the states of the kind are those of the speaker, which test/agent/node-report.test.ts holds to it.
  return { ...peer, state: state as PeerEntry['state'], since: timeText(since), ...prefixes };
}

/**
 * What people wait for: whether the node is ready, what it is, which sessions stand and which problems there are. A session that
 * is being tried passes through its states every other second, and counters always change.
 */
export function essenceOf({ peers = [], problems = [], ...rest }: GryphonNodeStatus): unknown {
  return {
    ...rest,
    peers: peers.map(({ name, address, asNumber, state }) => [name, address, asNumber, phase(state)]),
    problems: problems.map(({ code, subject }) => [code, subject]),
  };
}

/** Everything that may be told late: all but the state in which a session that is being tried happens to be, and since when. */
export function contentOf({ peers = [], ...rest }: GryphonNodeStatus): unknown {
  return {
    ...rest,
    peers: peers.map(({ state, since, ...peer }) => [peer, phase(state), isUp({ state }) ? since : '']),
  };
}

const phase = (state: PeerEntry['state']): string =>
  state === 'established' || state === 'disabled' ? state : 'down';
