import type { ExportPolicy, ImportPolicy, Originator } from '../../bgp/config.ts';
import type { FilterRule } from '../../bgp/filter.ts';
import type { ClusterNode } from '../cluster.ts';
import { isExternal, isInternal, type Neighbour } from './neighbour.ts';
import { routerIDOf } from './router-id.ts';

/** What policies depend on beside the neighbour. */
export interface PolicyView {
  /** This node is a reflector. */
  readonly reflects: boolean;
  /** RFC 8212, strictly. */
  readonly requiresPolicy: boolean;
  /** Of all other nodes: one list for all peers. */
  readonly originators: readonly Originator[];
}

/**
 * Where no rule decides. A node tells its own podCIDRs; a reflector, and an internal router that is no node, those of each
 * originator; an external router nothing.
 */
export function importPolicy(
  neighbour: Neighbour,
  view: PolicyView,
  rules: readonly FilterRule[],
): ImportPolicy {
  const asked = rules.length === 0 ? {} : { rules };
  const { node } = neighbour;
  if (isExternal(neighbour)) return { ...asked, kind: 'none' };
  if (node === undefined || node.record.routeReflectorClusterID !== undefined) {
    return { ...asked, kind: 'originators', nodes: view.originators };
  }
  return { ...asked, kind: 'exactly', prefixes: node.podCIDRs };
}

/** Where no rule decides: a reflector tells its own AS everything, everybody else what is their own. */
export function exportPolicy(
  neighbour: Neighbour,
  view: PolicyView,
  rules: readonly FilterRule[],
): ExportPolicy {
  const asked = rules.length === 0 ? {} : { rules };
  if (isExternal(neighbour) && view.requiresPolicy) return { ...asked, kind: 'none' };
  return { ...asked, kind: view.reflects && isInternal(neighbour) ? 'all' : 'originated' };
}

/** Every other node by its router ID, with what it may originate; in the order of their names. */
export function originatorsOf(
  nodes: ReadonlyMap<string, ClusterNode>,
  ownName: string,
): readonly Originator[] {
  return [...nodes.values()]
    .filter((node) => node.record.name !== ownName && node.podCIDRs.length > 0)
    .sort((a, b) => (a.record.name < b.record.name ? -1 : 1))
    .map((node) => ({ routerID: routerIDOf(node.record.name, node.addresses), prefixes: node.podCIDRs }));
}
