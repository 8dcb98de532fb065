import type { RouteView } from '../api/view.ts';
import type { RouteResult } from '../calc/routes.ts';
import type { RouteState } from '../dataplane/routes.ts';
import { isHostPrefix, type Prefix } from '../net/prefix.ts';
import type { LinkRecord, NextHopRecord } from '../netlink/wire/records.ts';

/** What the route driver knows of each prefix. */
export interface RouteStates {
  state(prefix: Prefix): RouteState | undefined;
}

/** Every route that we want, with what became of it, then those that cannot be written now. */
export function routeViews(
  result: RouteResult,
  driver: RouteStates,
  links: ReadonlyMap<number, LinkRecord>,
): readonly RouteView[] {
  const views: RouteView[] = [];
  for (const route of result.intent.routes.values()) {
    const known = driver.state(route.prefix);
    views.push({
      prefix: route.prefix,
      origin: route.origin,
      via: route.nextHops.length === 0 ? ['blackhole'] : route.nextHops.map((hop) => way(hop, links)),
      learnedFrom: result.origins.get(route.prefix) ?? '',
      state: known?.state ?? 'pending',
      ...(known?.reason === undefined ? {} : { reason: known.reason }),
    });
  }
  for (const [prefix, reason] of result.unresolved) {
    const learnedFrom = result.origins.get(prefix) ?? '';
    views.push({
      prefix,
      origin: isHostPrefix(prefix) ? 'pod' : 'remote',
      via: [],
      learnedFrom,
      state: 'unresolved',
      reason,
    });
  }
  return views;
}

function way(hop: NextHopRecord, links: ReadonlyMap<number, LinkRecord>): string {
  const gateway = hop.gateway === undefined ? [] : [`via ${hop.gateway}`];
  const device = hop.link === undefined ? [] : [`dev ${links.get(hop.link)?.name ?? `#${hop.link}`}`];
  return [...gateway, ...device].join(' ');
}
