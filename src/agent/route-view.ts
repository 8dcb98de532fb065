import type { RouteView } from '../api/view.ts';
import type { Unresolved } from '../calc/routes.ts';
import type { RouteState } from '../dataplane/routes.ts';
import { isHostPrefix } from '../net/prefix.ts';
import type { LinkRecord, NextHopRecord } from '../netlink/wire/records.ts';

/**
 * Every route that we want or hold, with what became of it, then those that cannot be written now. Lazy: there may be very many,
 * and whoever reads them pauses in between.
 */
export function* routeViews(
  unresolved: readonly Iterable<Unresolved>[],
  states: Iterable<RouteState>,
  links: ReadonlyMap<number, LinkRecord>,
): Generator<RouteView> {
  for (const state of states) yield routeView(state, links);
  for (const list of unresolved) for (const route of list) yield unresolvedView(route);
}

/** A route that we want or hold. */
export function routeView(route: RouteState, links: ReadonlyMap<number, LinkRecord>): RouteView {
  const { prefix, origin, nextHops, from, state, reason } = route;
  return {
    prefix,
    origin,
    via: nextHops.length === 0 ? ['blackhole'] : nextHops.map((hop) => way(hop, links)),
    learnedFrom: from ?? 'an earlier run',
    state,
    ...(reason === undefined ? {} : { reason }),
  };
}

/** A route that cannot be written now. */
export function unresolvedView({ prefix, from, reason }: Unresolved): RouteView {
  const origin = isHostPrefix(prefix) ? 'pod' : 'remote';
  return { prefix, origin, via: [], learnedFrom: from, state: 'unresolved', reason };
}

function way(hop: NextHopRecord, links: ReadonlyMap<number, LinkRecord>): string {
  const gateway = hop.gateway === undefined ? [] : [`via ${hop.gateway}`];
  const device = hop.link === undefined ? [] : [`dev ${links.get(hop.link)?.name ?? `#${hop.link}`}`];
  return [...gateway, ...device].join(' ');
}
