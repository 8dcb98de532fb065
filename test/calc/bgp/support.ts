import type { PeerConfig } from '../../../src/bgp/config.ts';
import type { FilterRule } from '../../../src/bgp/filter.ts';
import type { BgpFacts } from '../../../src/calc/bgp/facts.ts';
import { type BgpResult, computeBgp } from '../../../src/calc/bgp/speaker-config.ts';
import { computeCluster } from '../../../src/calc/cluster.ts';
import type { NodeRecord } from '../../../src/kube/records/node.ts';
import { matchesSelector, parseSelector } from '../../../src/kube/records/selector.ts';
import { selfOf } from '../../support/self.ts';

/** The facts of a cluster as one of its nodes sees them. */
export function factsOf(
  self: string,
  nodes: ReadonlyMap<string, NodeRecord>,
  more: Partial<BgpFacts> = {},
): BgpFacts {
  return {
    self: selfOf(self, nodes),
    nodes: computeCluster(nodes).nodes,
    configurations: new Map(),
    peers: new Map(),
    filters: new Map(),
    pools: new Map(),
    secrets: new Map(),
    passwordFiles: new Map(),
    linkTo: () => undefined,
    selects: (selector, labels) => matchesSelector(parseSelector(selector), labels),
    port: 179,
    ...more,
  };
}

export const computeFor = (
  self: string,
  nodes: ReadonlyMap<string, NodeRecord>,
  more: Partial<BgpFacts> = {},
): BgpResult => computeBgp(factsOf(self, nodes, more));

/** One line per peer: `mesh/b AS64512 192.0.2.1 -> AS64512 192.0.2.2:179, in exactly 10.0.2.0/24, out originated`. */
export const golden = ({ config }: BgpResult): string[] => (config?.peers ?? []).map(peerLine);

export function peerLine(peer: PeerConfig): string {
  const ends = `AS${peer.localAS} ${peer.localAddress ?? '*'} -> AS${peer.remoteAS} ${peer.address}:${peer.port}`;
  const parts = [
    `${peer.name} ${ends}`,
    `in ${importLine(peer)}`,
    `out ${[...(peer.export.rules ?? []).map(ruleLine), peer.export.kind].join(', else ')}`,
  ];
  if (peer.passive) parts.push('passive');
  if (peer.enabled === false) parts.push('disabled');
  if (peer.reflectorClient === true) parts.push('client');
  return parts.join('; ');
}

function importLine({ import: policy }: PeerConfig): string {
  const rules = (policy.rules ?? []).map(ruleLine);
  switch (policy.kind) {
    case 'exactly':
      return [...rules, `exactly ${policy.prefixes.join(' ')}`].join(', else ');
    case 'originators': {
      const nodes = policy.nodes.map((node) => `${node.routerID} ${node.prefixes.join(' ')}`);
      return [...rules, `of originators ${nodes.join(', ')}`].join(', else ');
    }
    case 'none':
    case 'all':
      return [...rules, policy.kind].join(', else ');
  }
}

const ruleLine = ({ name, action }: FilterRule): string => `${action} by ${name}`;

export const problemLines = ({ problems }: BgpResult): string[] =>
  problems.map((p) => `${p.severity} ${p.code} ${p.subject}: ${p.message}; ${p.remedy}`);
