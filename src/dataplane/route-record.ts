import type { Address } from '../net/address.ts';
import { type Prefix, prefixFamily } from '../net/prefix.ts';
import { MAIN_TABLE } from '../netlink/wire/constants.ts';
import type { NextHopRecord, RouteRecord } from '../netlink/wire/records.ts';
import type { DesiredRoute, RouteOrigin } from './route-intent.ts';

const SCOPE_UNIVERSE = 0;
const SCOPE_LINK = 253;

/** The metric of our routes: what the kernel takes when none is given. */
export const ownMetric = (prefix: Prefix): number => (prefixFamily(prefix) === 4 ? 0 : 1024);

/** IPv4 wants to be told that a route without gateway ends on its link; IPv6 knows no scopes. */
function ownScope(prefix: Prefix, nextHops: readonly NextHopRecord[]): number {
  const direct = nextHops.length > 0 && nextHops.every((hop) => hop.gateway === undefined);
  return direct && prefixFamily(prefix) === 4 ? SCOPE_LINK : SCOPE_UNIVERSE;
}

/** What the kernel holds under a prefix: one object for all routes that lead the same way, of which there may be very many. */
export type RouteForm = Omit<RouteRecord, 'prefix'>;

/** The route as we write it. */
export function toRecord(desired: DesiredRoute, protocol: number): RouteRecord {
  const { prefix, nextHops, source } = desired;
  const record: RouteRecord = {
    prefix,
    kind: nextHops.length === 0 ? 'blackhole' : 'unicast',
    table: MAIN_TABLE,
    protocol,
    scope: ownScope(prefix, nextHops),
    metric: ownMetric(prefix),
    nextHops,
  };
  return source === undefined ? record : { ...record, source };
}

/** Names a route of ours so that deleting it can never hit another's: without next hops, so with any. */
export const toDeletion = (prefix: Prefix, actual: RouteForm): RouteRecord => ({
  prefix,
  kind: actual.kind,
  table: actual.table,
  protocol: actual.protocol,
  scope: actual.scope,
  metric: actual.metric,
  nextHops: [],
});

/** Whether the kernel's route does what we want. */
export function agrees(desired: DesiredRoute, actual: RouteForm): boolean {
  return (
    actual.kind === (desired.nextHops.length === 0 ? 'blackhole' : 'unicast') &&
    actual.source === desired.source &&
    actual.scope === ownScope(desired.prefix, desired.nextHops) &&
    (desired.nextHops === actual.nextHops || hopsAgree(desired.nextHops, actual.nextHops))
  );
}

/** Order means nothing: IPv6 gives them back in another one. */
function hopsAgree(desired: readonly NextHopRecord[], actual: readonly NextHopRecord[]): boolean {
  if (desired.length !== actual.length) return false;
  const rest = [...actual];
  return desired.every((hop) => {
    const index = rest.findIndex((other) => hopAgrees(hop, other));
    if (index >= 0) rest.splice(index, 1);
    return index >= 0;
  });
}

/**
 * Without a link any will do, for the kernel chose it; but a dead one of its choice will not: written again, the kernel chooses
 * again.
 */
function hopAgrees(desired: NextHopRecord, actual: NextHopRecord): boolean {
  return (
    desired.gateway === actual.gateway &&
    (desired.link === undefined ? actual.dead !== true : desired.link === actual.link) &&
    (desired.weight ?? 0) === (actual.weight ?? 0) &&
    (desired.onlink ?? false) === (actual.onlink ?? false)
  );
}

/** Whether two records mean the same way, as far as both tell. */
export const sameHop = (a: NextHopRecord, b: NextHopRecord): boolean =>
  a.gateway === b.gateway && (a.link === undefined || b.link === undefined || a.link === b.link);

/** What is left of `hops` without those in `gone`. */
export const withoutHops = (
  hops: readonly NextHopRecord[],
  gone: readonly NextHopRecord[],
): readonly NextHopRecord[] => hops.filter((hop) => !gone.some((other) => sameHop(hop, other)));

/** What a route of ours is, told from itself alone (see `RouteOrigin`). */
export function originOf(route: RouteForm, isPodLink: (link: number) => boolean): RouteOrigin {
  if (route.kind === 'blackhole') return 'block';
  const onPod = route.nextHops.some((hop) => hop.link !== undefined && isPodLink(hop.link));
  return onPod ? 'pod' : 'remote';
}

/** Whether losing these links or source addresses takes the route out of the kernel, or a way out of the route. */
export const dependsOn = (
  route: RouteForm,
  links: ReadonlySet<number>,
  sources: ReadonlySet<Address>,
): boolean =>
  route.nextHops.some((hop) => hop.link !== undefined && links.has(hop.link)) ||
  (route.source !== undefined && sources.has(route.source));

/** Forms of the routes that we write, by the list of next hops that they share. */
export class RouteForms {
  readonly #known = new WeakMap<readonly NextHopRecord[], RouteForm>();

  of(record: RouteRecord): RouteForm {
    const { source, metric, nextHops } = record;
    const known = this.#known.get(nextHops);
    // The metric tells the family.
    if (known !== undefined && known.source === source && known.metric === metric) return known;
    const { prefix: _, ...form } = record;
    this.#known.set(nextHops, form);
    return form;
  }
}
