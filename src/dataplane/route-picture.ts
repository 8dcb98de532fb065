import type { Address } from '../net/address.ts';
import { NONE } from '../net/columns.ts';
import { type Prefix, prefixFamily } from '../net/prefix.ts';
import { prefixWords } from '../net/prefix-words.ts';
import { MAIN_TABLE } from '../netlink/wire/constants.ts';
import type { MonitorEvent } from '../netlink/wire/event.ts';
import type { LinkRecord, RouteForm, RouteRecord } from '../netlink/wire/records.ts';
import type { DesiredForm, RouteOrigin } from './route-intent.ts';
import { agrees, dependsOn, originOf, ownMetric, sameHop, withoutHops } from './route-record.ts';
import { inSlices } from './slices.ts';
import { DeltaTracker } from './tracker.ts';

/** What one event means beyond the picture itself. */
export type Meaning =
  | { readonly kind: 'nothing' }
  /** The picture differs now from what it was. */
  | { readonly kind: 'changed' }
  /** What stood in the way of this prefix is gone. */
  | { readonly kind: 'freed'; readonly prefix: Prefix }
  /** A link came up or an address was added: what was refused before may go in now. */
  | { readonly kind: 'better' };

const NOTHING: Meaning = { kind: 'nothing' };
const CHANGED: Meaning = { kind: 'changed' };
const BETTER: Meaning = { kind: 'better' };

/**
 * What we believe the main table holds of ours, kept true by kernel events, beside what we want there.
 *
 * The picture may be wrong for a moment: events come late, and some never. It is safe to be wrong, because a route is created
 * with EXCL and deleted by its protocol; whoever finds it wrong calls `correct` or sets `stale`.
 */
export class RoutePicture {
  readonly protocol: number;
  readonly tracker = new DeltaTracker<DesiredForm, RouteForm>(agrees);
  /** Routes of others that stand where we want to be, or beside ours. */
  readonly foreign = new Map<Prefix, RouteRecord>();
  /** Routes of an earlier run that nobody has wanted in this one and that may have to stay. */
  readonly inherited = new Set<Prefix>();
  /** Routes with our mark under a metric of their own, or a second one under the same prefix: never ours to keep. */
  readonly strays = new Set<RouteRecord>();
  /** Prefixes that were right until somebody else interfered. */
  readonly broken = new Set<Prefix>();
  /** The kernel must be read before anything is written. */
  stale = true;
  readonly #podLinkName: RegExp;
  readonly #podLinks = new Set<number>();
  readonly #upLinks = new Set<number>();
  readonly #lostLinks = new Set<number>();
  readonly #lostSources = new Set<Address>();
  /** A link was lost over which the kernel may have reached gateways. */
  #lostGateways = false;
  #everRead = false;
  /** Events that came while the kernel was being read: they are told after it. */
  #queue: MonitorEvent[] | undefined;

  constructor(protocol: number, podLinkName: RegExp) {
    this.protocol = protocol;
    this.#podLinkName = podLinkName;
  }

  /** The prefix's id in the tracker, or NONE. */
  find(prefix: Prefix): number {
    return this.tracker.find(prefixWords(prefix));
  }

  actual(prefix: Prefix): RouteForm | undefined {
    return this.tracker.actual(this.find(prefix));
  }

  originOf(route: RouteForm): RouteOrigin {
    return originOf(route, (link) => this.#podLinks.has(link));
  }

  /** Events from now on wait for `replace`. */
  startReading(): void {
    this.stale = false;
    this.#queue = [];
  }

  /** The reading failed: nothing is known. */
  cancelReading(): void {
    this.stale = true;
    this.#queue = undefined;
  }

  /** Takes the whole main table as the truth, others' routes included, then the events that came meanwhile. */
  async replace(
    links: readonly LinkRecord[],
    routes: readonly RouteRecord[],
    signal: AbortSignal,
  ): Promise<void> {
    this.#podLinks.clear();
    this.#upLinks.clear();
    for (const link of links) this.#noteLink(link);
    this.strays.clear();
    this.foreign.clear();
    const seen = new Set<Prefix>();
    await inSlices(routes, signal, (route) => {
      if (route.protocol !== this.protocol) return;
      if (seen.has(route.prefix) || !hasOwnMetric(route)) {
        this.strays.add(route);
        return;
      }
      seen.add(route.prefix);
      this.#learn(route);
      if (!this.#everRead) this.inherited.add(route.prefix);
    });
    await inSlices(this.tracker.all(), signal, (id) => {
      if (this.tracker.actual(id) !== undefined && !seen.has(this.tracker.text(id))) this.#lose(id);
    });
    await inSlices(routes, signal, (route) => {
      if (route.protocol !== this.protocol) this.#foreignChanged(route, false);
    });
    this.#everRead = true;
    const queue = this.#queue ?? [];
    this.#queue = undefined;
    for (const event of queue) this.observe(event);
  }

  /** Forgets routes that the kernel dropped without a word because their link or source address went. */
  async dropLost(signal: AbortSignal): Promise<void> {
    if (this.#lostLinks.size === 0 && this.#lostSources.size === 0) return;
    const links = new Set(this.#lostLinks);
    const sources = new Set(this.#lostSources);
    const gateways = this.#lostGateways;
    this.#lostLinks.clear();
    this.#lostSources.clear();
    this.#lostGateways = false;
    await inSlices(this.tracker.all(), signal, (id) => {
      const actual = this.tracker.actual(id);
      if (actual === undefined) return;
      if (dependsOn(actual, links, sources)) this.#lose(id);
      else if (gateways && actual.nextHops.some((hop) => hop.link === undefined)) this.stale = true;
    });
  }

  /** What was found at a prefix after the kernel contradicted the picture. */
  correct(prefix: Prefix, routes: readonly RouteRecord[]): void {
    const own = routes.find((route) => route.protocol === this.protocol);
    const other = routes.find((route) => route.protocol !== this.protocol);
    if (own === undefined) this.tracker.deleteActual(this.find(prefix));
    else this.tracker.setActual(this.tracker.enter(prefixWords(prefix)), own);
    if (other === undefined) this.foreign.delete(prefix);
    else this.foreign.set(prefix, other);
  }

  observe(event: MonitorEvent): Meaning {
    if (this.#queue !== undefined) {
      this.#queue.push(event);
      return NOTHING;
    }
    switch (event.kind) {
      case 'link.changed':
        return this.#linkChanged(event.link);
      case 'link.gone':
        return this.#linkGone(event.link.index);
      case 'address.changed':
        return BETTER;
      case 'address.gone':
        this.#lostSources.add(event.address.address);
        return CHANGED;
      case 'route.changed':
        if (event.route.table !== MAIN_TABLE) return NOTHING;
        return event.route.protocol === this.protocol
          ? this.#ownChanged(event.route, event.replaced)
          : this.#foreignChanged(event.route, event.replaced);
      case 'route.gone':
        if (event.route.table !== MAIN_TABLE) return NOTHING;
        return event.route.protocol === this.protocol
          ? this.#ownGone(event.route)
          : this.#foreignGone(event.route);
    }
  }

  #noteLink(link: LinkRecord): void {
    if (this.#podLinkName.test(link.name)) this.#podLinks.add(link.index);
    else this.#podLinks.delete(link.index);
    if (link.up) this.#upLinks.add(link.index);
    else this.#upLinks.delete(link.index);
  }

  #linkChanged(link: LinkRecord): Meaning {
    const wasUp = this.#upLinks.has(link.index);
    this.#noteLink(link);
    if (wasUp === link.up) return NOTHING;
    return link.up ? BETTER : this.#linkLost(link.index);
  }

  /** The routes of a link that was down are gone already. */
  #linkGone(index: number): Meaning {
    const meaning = this.#upLinks.delete(index) ? this.#linkLost(index) : NOTHING;
    this.#podLinks.delete(index);
    return meaning;
  }

  /**
   * IPv4 routes over a link that is set down or removed vanish without an event of their own. Where the kernel chose the
   * link we cannot tell which those are, unless it is a pod's link, over which no gateway is reached.
   */
  #linkLost(index: number): Meaning {
    this.#lostLinks.add(index);
    if (!this.#podLinks.has(index)) this.#lostGateways = true;
    return CHANGED;
  }

  #ownChanged(route: RouteRecord, replaced: boolean): Meaning {
    const { prefix } = route;
    if (!hasOwnMetric(route)) this.strays.add(route);
    // A second one beside ours, or ours has gone unseen and this is the only one.
    else if (prefixFamily(prefix) === 4 && !replaced && this.actual(prefix) !== undefined) this.stale = true;
    else {
      if (replaced) this.foreign.delete(prefix);
      this.#learn(route);
    }
    return CHANGED;
  }

  #ownGone(route: RouteRecord): Meaning {
    const { prefix } = route;
    const actual = this.actual(prefix);
    if (actual === undefined || !hasOwnMetric(route)) return NOTHING;
    const left = withoutHops(actual.nextHops, route.nextHops);
    const whole =
      left.length === 0 && route.nextHops.every((hop) => actual.nextHops.some((own) => sameHop(own, hop)));
    if (whole) this.#lose(this.find(prefix));
    // IPv6 removes ways out of a route one by one; in IPv4 another route than the one we know of is gone.
    else if (prefixFamily(prefix) === 6 && left.length < actual.nextHops.length)
      this.#learn({ ...actual, prefix, nextHops: left });
    else this.stale = true;
    return CHANGED;
  }

  #foreignChanged(route: RouteRecord, replaced: boolean): Meaning {
    const { prefix } = route;
    if (!hasOwnMetric(route)) return NOTHING;
    if (this.find(prefix) === NONE) return NOTHING;
    if (!replaced && this.#holdsOurs(route)) return this.#doubt();
    this.foreign.set(prefix, route);
    if (!replaced) return NOTHING;
    this.#lose(this.find(prefix));
    return CHANGED;
  }

  #foreignGone(route: RouteRecord): Meaning {
    const { prefix } = route;
    if (!hasOwnMetric(route)) return NOTHING;
    if (this.#holdsOurs(route)) return this.#doubt();
    return this.foreign.delete(prefix) ? { kind: 'freed', prefix } : NOTHING;
  }

  /**
   * IPv6 makes one route of several with the same prefix and metric, whoever wrote them, and its events name the protocol of
   * one of the ways only: what is told as another's may be ours with a way of theirs.
   */
  #holdsOurs({ prefix, nextHops }: RouteRecord): boolean {
    const own = prefixFamily(prefix) === 6 ? (this.actual(prefix)?.nextHops ?? []) : [];
    return own.some((hop) => nextHops.some((other) => sameHop(hop, other)));
  }

  #doubt(): Meaning {
    this.stale = true;
    return CHANGED;
  }

  /** A route of ours is there by somebody else's doing. */
  #learn(route: RouteRecord): void {
    const id = this.tracker.enter(prefixWords(route.prefix));
    const wasRight = this.#isRight(id);
    this.tracker.setActual(id, route);
    if (wasRight && this.tracker.isPending(id)) this.broken.add(route.prefix);
  }

  /** One is gone, likewise. */
  #lose(id: number): void {
    if (this.tracker.actual(id) === undefined) return;
    const prefix = this.tracker.text(id);
    if (this.#isRight(id)) this.broken.add(prefix);
    this.tracker.deleteActual(id);
    this.inherited.delete(prefix);
  }

  #isRight(id: number): boolean {
    return this.tracker.desired(id) !== undefined && !this.tracker.isPending(id);
  }
}

const hasOwnMetric = ({ prefix, metric }: RouteRecord): boolean => metric === ownMetric(prefixFamily(prefix));
