import type { Address, Family } from '../net/address.ts';
import { MAIN_TABLE } from '../netlink/wire/constants.ts';
import type { NextHopRecord, RouteForm } from '../netlink/wire/records.ts';
import type { DesiredForm, RouteOrigin } from './route-intent.ts';

const SCOPE_UNIVERSE = 0;
const SCOPE_LINK = 253;

/** The metric of our routes: what the kernel takes when none is given. */
export const ownMetric = (family: Family): number => (family === 4 ? 0 : 1024);

/** Of a form of ours. */
const familyOfForm = ({ metric }: RouteForm): Family => (metric === ownMetric(4) ? 4 : 6);

/** IPv4 wants to be told that a route without gateway ends on its link; IPv6 knows no scopes. */
function ownScope(family: Family, nextHops: readonly NextHopRecord[]): number {
  const direct = nextHops.length > 0 && nextHops.every((hop) => hop.gateway === undefined);
  return direct && family === 4 ? SCOPE_LINK : SCOPE_UNIVERSE;
}

/** The route as we write it. */
export function toForm({ nextHops, source }: DesiredForm, family: Family, protocol: number): RouteForm {
  const form: RouteForm = {
    kind: nextHops.length === 0 ? 'blackhole' : 'unicast',
    table: MAIN_TABLE,
    protocol,
    scope: ownScope(family, nextHops),
    metric: ownMetric(family),
    nextHops,
  };
  return source === undefined ? form : { ...form, source };
}

/** Whether the kernel's route does what we want. */
export function agrees(desired: DesiredForm, actual: RouteForm): boolean {
  return (
    actual.kind === (desired.nextHops.length === 0 ? 'blackhole' : 'unicast') &&
    actual.source === desired.source &&
    actual.scope === ownScope(familyOfForm(actual), desired.nextHops) &&
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
  readonly #protocol: number;
  readonly #known = new WeakMap<readonly NextHopRecord[], RouteForm>();
  readonly #deletions = new WeakMap<RouteForm, RouteForm>();

  constructor(protocol: number) {
    this.#protocol = protocol;
  }

  of(desired: DesiredForm, family: Family): RouteForm {
    const known = this.#known.get(desired.nextHops);
    if (known !== undefined && known.source === desired.source && familyOfForm(known) === family)
      return known;
    const form = toForm(desired, family, this.#protocol);
    this.#known.set(desired.nextHops, form);
    return form;
  }

  /** What names the route so that deleting it can never hit another's: without next hops, so with any. */
  deletion(actual: RouteForm): RouteForm {
    let form = this.#deletions.get(actual);
    if (form === undefined) {
      const { kind, table, protocol, scope, metric } = actual;
      form = { kind, table, protocol, scope, metric, nextHops: [] };
      this.#deletions.set(actual, form);
    }
    return form;
  }
}
