import type { DesiredRoute } from '../dataplane/route-intent.ts';
import type { Attachment } from '../ipam/attachment.ts';
import { hostPrefix, isHostPrefix, type Prefix } from '../net/prefix.ts';
import type { LinkRecord } from '../netlink/wire/records.ts';
import type { Gateway } from './bgp/gateways.ts';
import type { RemoteRoutes } from './remote-routes.ts';
import { type Self } from './self.ts';

export interface RouteFacts {
  readonly self: Self;
  readonly attachments: Iterable<Attachment>;
  readonly links: ReadonlyMap<number, LinkRecord>;
  readonly remote: RemoteRoutes;
  /** Peers that are reached over a gateway. */
  readonly gateways: readonly Gateway[];
}

/** A route that cannot be written now. */
export interface Unresolved {
  readonly prefix: Prefix;
  /** Who asked for it, as `DesiredRoute.from`. */
  readonly from: string;
  readonly reason: string;
}

export interface RouteResult {
  readonly routes: ReadonlyMap<Prefix, DesiredRoute>;
  /** Routes of pods that are being attached or detached, or whose link no fact speaks of yet: the CNI server writes them itself. */
  readonly hold: ReadonlySet<Prefix>;
  readonly unresolved: readonly Unresolved[];
}

export const isUnresolved = (route: DesiredRoute | Unresolved): route is Unresolved => 'reason' in route;

/** The node's own routes in the main table: our blocks as blackholes, each pod on its link, peers behind gateways. */
export function computeRoutes(facts: RouteFacts): RouteResult {
  const routes = new Map<Prefix, DesiredRoute>();
  const hold = new Set<Prefix>();
  const unresolved: Unresolved[] = [];
  const take = (route: DesiredRoute | Unresolved): void => {
    if (isUnresolved(route)) unresolved.push(route);
    else routes.set(route.prefix, route);
  };
  for (const cidr of facts.self.podCIDRs) {
    // A block of one address is its pod's own route: a blackhole would stand in its way.
    if (!isHostPrefix(cidr)) take({ prefix: cidr, origin: 'block', nextHops: [], from: 'podCIDR' });
  }
  for (const route of podRoutes(facts)) {
    if (isUnresolved(route)) hold.add(route.prefix);
    take(route);
  }
  for (const { prefix, gateway, from } of facts.gateways) take(facts.remote.direct(prefix, gateway, from));
  return { routes, hold, unresolved };
}

const waiting = {
  reserved: 'the pod is being attached',
  detaching: 'the pod is being detached',
} as const satisfies Record<Exclude<Attachment['state'], 'configured'>, string>;

function* podRoutes(facts: RouteFacts): Generator<DesiredRoute | Unresolved> {
  const byName = new Map<string, number>();
  for (const link of facts.links.values()) byName.set(link.name, link.index);
  for (const { pod, containerID, hostLink, state, addresses } of facts.attachments) {
    const link = byName.get(hostLink);
    const from = pod === undefined ? `container ${containerID}` : `pod ${pod.namespace}/${pod.name}`;
    for (const address of addresses) {
      const prefix = hostPrefix(address);
      if (state !== 'configured') yield { prefix, from, reason: waiting[state] };
      else if (link === undefined) yield { prefix, from, reason: `its link ${hostLink} does not exist` };
      else yield { prefix, origin: 'pod', nextHops: [{ link }], from };
    }
  }
}
