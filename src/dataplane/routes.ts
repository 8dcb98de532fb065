import { equal } from '../net/equal.ts';
import { changedKeys } from '../net/persistent-map.ts';
import { type Prefix, prefixFamily } from '../net/prefix.ts';
import { ERRNO } from '../netlink/errno.ts';
import { NetlinkDumpError, NetlinkLostError } from '../netlink/error.ts';
import type { NetlinkFailure, Rtnetlink } from '../netlink/rtnetlink.ts';
import { MAIN_TABLE } from '../netlink/wire/constants.ts';
import { describeRoute, protocolName } from '../netlink/wire/describe.ts';
import type { MonitorEvent } from '../netlink/wire/event.ts';
import type { NextHopRecord, RouteRecord } from '../netlink/wire/records.ts';
import type { RouteRequest } from '../netlink/wire/requests.ts';
import type { Clock } from '../ports/clock.ts';
import { describeError } from '../ports/error.ts';
import type { BackoffOptions } from './backoff.ts';
import type { ApplyResult, Driver } from './driver.ts';
import { FailureBook } from './failure-book.ts';
import { type DesiredRoute, emptyRouteIntent, type RouteIntent, type RouteOrigin } from './route-intent.ts';
import { RoutePicture } from './route-picture.ts';
import { ownMetric, type RouteForm, RouteForms, toDeletion, toRecord } from './route-record.ts';
import { inSlices } from './slices.ts';
import type { Tracked } from './tracker.ts';

/** What the driver needs of the kernel. */
export type RouteKernel = Pick<Rtnetlink, 'links' | 'routesAsync' | 'runAsync'>;

export interface RouteDriverOptions {
  readonly kernel: RouteKernel;
  readonly clock: Clock;
  /** Protocol number by which our routes are known; 71. */
  readonly protocol?: number;
  /** Names of pod links; `^gryp[0-9a-f]{11}$`. */
  readonly podLinkName?: RegExp;
  readonly backoff?: BackoffOptions;
}

/** One prefix as the API shows it. */
export interface RouteState {
  readonly prefix: Prefix;
  readonly origin: RouteOrigin;
  readonly nextHops: readonly NextHopRecord[];
  /** Who asked for it, as `DesiredRoute.from`; absent where nobody did. */
  readonly from?: string;
  /**
   * `pending`: to be written or removed at the next `apply`; `failed`: refused, tried again later; `held`: of an earlier run, kept
   * because the intent says so.
   */
  readonly state: 'installed' | 'pending' | 'failed' | 'held';
  /** Why it failed. */
  readonly reason?: string;
}

export interface RouteCounts {
  readonly desired: number;
  readonly installed: number;
  readonly failed: number;
  readonly held: number;
}

/** Failures that concern no single prefix are kept under this key. */
const WHOLE_TABLE = 'kernel routes';
type Item = Tracked<Prefix, DesiredRoute, RouteForm>;

/** One batch on its way. */
interface Sending {
  /** What was there before it. */
  readonly previous: Map<Prefix, RouteForm>;
  count: number;
}

/** After a contradiction is cleared up, what it concerned is written once more in the same `apply`. */
const ROUNDS = 2;

/**
 * Keeps our routes in the main table as they are wanted, in both families.
 *
 * 1. Never touches a route of another protocol: creates with EXCL where it knows of none of its own, deletes by protocol.
 * 2. Changes a route of its own in one step (REPLACE), so that no packet meets a gap.
 * 3. One refused route stops no other; it is tried again with growing delays, and at once when its cause may be gone.
 * 4. Repairs what others delete or change, once told by `observe`; counts that in `repaired`.
 */
export class RouteDriver implements Driver<RouteIntent> {
  readonly name = 'routes';
  readonly #kernel: RouteKernel;
  readonly #picture: RoutePicture;
  readonly #forms = new RouteForms();
  readonly #failures: FailureBook<Prefix | typeof WHOLE_TABLE>;
  #intent: RouteIntent = emptyRouteIntent;
  /** The table whose routes are on the picture's desired side; several where that was not brought to an end. */
  #tables: readonly RouteIntent['routes'][] = [emptyRouteIntent.routes];
  /** By which the inherited routes were judged. */
  #swept: RouteIntent['keep'] | undefined;
  #repaired = 0;

  constructor(options: RouteDriverOptions) {
    this.#kernel = options.kernel;
    this.#picture = new RoutePicture(options.protocol ?? 71, options.podLinkName ?? /^gryp[0-9a-f]{11}$/);
    this.#failures = new FailureBook(options.clock, options.backoff);
  }

  set(desired: RouteIntent): void {
    this.#intent = desired;
  }

  invalidate(): void {
    this.#picture.stale = true;
  }

  /** How many of our routes were put back after somebody else had removed or changed them. */
  get repaired(): number {
    return this.#repaired;
  }

  /** Takes a kernel event into the picture; tells whether `apply` may have something to do now. */
  observe(event: MonitorEvent): boolean {
    const meaning = this.#picture.observe(event);
    if (meaning.kind === 'freed') this.#failures.hurry(meaning.prefix);
    else if (meaning.kind === 'better') this.#failures.hurryAll();
    if (meaning.kind === 'better') return this.#failures.size > 0;
    return meaning.kind !== 'nothing';
  }

  /** @throws NetlinkPermissionError, the abort reason */
  async apply(signal: AbortSignal): Promise<ApplyResult> {
    signal.throwIfAborted();
    let written = 0;
    try {
      await this.#picture.dropLost(signal);
      if (this.#picture.stale) await this.#read(signal);
      await this.#adopt(signal);
      for (let round = 0; round < ROUNDS; round++) {
        const outcome = await this.#write(await this.#due(signal), signal);
        written += outcome.written;
        if (outcome.contradicted.length === 0) break;
        await this.#clearUp(outcome.contradicted, signal);
      }
      this.#failures.forget(WHOLE_TABLE);
    } catch (error) {
      this.#lost(error);
    }
    await this.#settle(signal);
    return { written, ...this.#failures.report() };
  }

  /** Reads and writes that broke off leave the picture doubtful; the next `apply` starts with reading. */
  #lost(error: unknown): void {
    this.invalidate();
    if (!(error instanceof NetlinkLostError || error instanceof NetlinkDumpError)) throw error;
    this.#failures.failed(WHOLE_TABLE, {
      item: WHOLE_TABLE,
      code: error.code,
      reason: describeError(error),
    });
  }

  async #read(signal: AbortSignal): Promise<void> {
    const picture = this.#picture;
    picture.startReading();
    try {
      const links = this.#kernel.links();
      const routes = await this.#kernel.routesAsync({ table: MAIN_TABLE }, signal);
      await picture.replace(links, routes, signal);
      this.#swept = undefined;
    } catch (error) {
      picture.cancelReading();
      throw error;
    }
  }

  /** Brings the desired side of the picture to the latest intent. */
  async #adopt(signal: AbortSignal): Promise<void> {
    const { routes, changes = [], keep } = this.#intent;
    if (this.#tables.some((table) => table !== routes)) await this.#adoptTable(routes, signal);
    await inSlices(changes, signal, ({ prefix, route }) => this.#want(prefix, route));
    if (!equal(keep, this.#swept)) await this.#sweep(keep, signal);
  }

  /** What differs between two tables. An adoption that was given up may have got anywhere: it is gone over once more. */
  async #adoptTable(routes: RouteIntent['routes'], signal: AbortSignal): Promise<void> {
    const before = this.#tables;
    this.#tables = [...before, routes];
    for (const table of before) {
      await inSlices(changedKeys(table, routes), signal, (prefix) => this.#want(prefix, routes.get(prefix)));
    }
    this.#tables = [routes];
  }

  /** Another wish for a prefix does not wait for the failed one's delay. */
  #want(prefix: Prefix, route: DesiredRoute | undefined): void {
    const { tracker, inherited } = this.#picture;
    if (this.#failures.size > 0 && !equal(tracker.desired(prefix), route)) this.#failures.hurry(prefix);
    if (route === undefined) {
      tracker.deleteDesired(prefix);
      return;
    }
    tracker.setDesired(prefix, route);
    if (inherited.size > 0) inherited.delete(prefix);
  }

  /** Gives up the routes of an earlier run that need not be kept any more. */
  async #sweep(keep: RouteIntent['keep'], signal: AbortSignal): Promise<void> {
    const { tracker, inherited } = this.#picture;
    await inSlices(inherited, signal, (prefix) => {
      const route = tracker.actual(prefix);
      if (route === undefined || !keep[this.#picture.originOf(route)]) inherited.delete(prefix);
    });
    this.#swept = keep;
  }

  /** What is to be written now: first what is wanted, then what is to go, so that traffic always finds a route. */
  async #due(signal: AbortSignal): Promise<readonly Item[]> {
    const { hold } = this.#intent;
    const { tracker, inherited } = this.#picture;
    const wanted: Item[] = [];
    const unwanted: Item[] = [];
    await inSlices(tracker.pending, signal, (item) => {
      if (this.#failures.size > 0 && !this.#failures.isDue(item.key)) return;
      if (item.desired !== undefined) wanted.push(item);
      else if (!inherited.has(item.key) && !hold.has(item.key)) unwanted.push(item);
    });
    return [...wanted, ...unwanted];
  }

  async #write(
    due: readonly Item[],
    signal: AbortSignal,
  ): Promise<{ written: number; contradicted: readonly Prefix[] }> {
    const sending: Sending = { previous: new Map(), count: 0 };
    const failures = await this.#kernel.runAsync(this.#requests(due, sending), signal);
    const contradicted: Prefix[] = [];
    let refused = 0;
    for (const failure of failures) {
      const request = failure.request as RouteRequest;
      if (request.kind === 'route.delete' && failure.errno === ERRNO.ESRCH) continue;
      refused++;
      if (this.#refused(request, failure, sending.previous.get(request.route.prefix)))
        contradicted.push(request.route.prefix);
    }
    return { written: sending.count - refused, contradicted };
  }

  /**
   * The requests for these prefixes, made when their turn comes. The picture takes each as done at that moment, before it is sent,
   * so that an event that comes after it counts more; what is refused is taken back.
   */
  *#requests(due: readonly Item[], sending: Sending): Generator<RouteRequest> {
    const { tracker, strays } = this.#picture;
    for (const stray of strays) {
      strays.delete(stray);
      sending.count++;
      yield { kind: 'route.delete', route: stray };
    }
    for (const item of due) {
      if (!tracker.pending.has(item)) continue;
      const { key: prefix, desired, actual } = item;
      if (actual !== undefined) sending.previous.set(prefix, actual);
      if (desired === undefined) {
        if (actual === undefined) continue;
        tracker.deleteActual(prefix);
        sending.count++;
        yield { kind: 'route.delete', route: toDeletion(prefix, actual) };
        continue;
      }
      const route = toRecord(desired, this.#picture.protocol);
      if (actual !== undefined && this.#refuseReplace(prefix)) continue;
      tracker.setActual(prefix, this.#forms.of(route));
      sending.count++;
      yield { kind: actual === undefined ? 'route.create' : 'route.replace', route };
    }
  }

  /** REPLACE takes the first route under a prefix and metric: with another's beside ours, that may be theirs. */
  #refuseReplace(prefix: Prefix): boolean {
    const other = this.#picture.foreign.get(prefix);
    if (other === undefined) return false;
    this.#noteForeign(prefix, other);
    return true;
  }

  /** Takes back what the kernel refused; true when the picture itself was wrong. */
  #refused(request: RouteRequest, failure: NetlinkFailure, before: RouteForm | undefined): boolean {
    const { tracker, foreign } = this.#picture;
    const { prefix } = request.route;
    if (before === undefined) tracker.deleteActual(prefix);
    else tracker.setActual(prefix, before);
    if (request.kind === 'route.create' && failure.errno === ERRNO.EEXIST) {
      const other = foreign.get(prefix);
      if (other === undefined) return true;
      this.#noteForeign(prefix, other);
    } else this.#note(prefix, request, 'GRY_NETLINK_REFUSED', failure.message);
    return false;
  }

  /** Something stands where we believed nothing of ours: ours after all, or another's. */
  async #clearUp(prefixes: readonly Prefix[], signal: AbortSignal): Promise<void> {
    const found = new Map<Prefix, RouteRecord[]>(prefixes.map((prefix) => [prefix, []]));
    for (const family of [4, 6] as const) {
      if (!prefixes.some((prefix) => prefixFamily(prefix) === family)) continue;
      for (const route of await this.#kernel.routesAsync({ family, table: MAIN_TABLE }, signal))
        if (route.metric === ownMetric(route.prefix)) found.get(route.prefix)?.push(route);
    }
    for (const [prefix, routes] of found) {
      this.#picture.correct(prefix, routes);
      const other = this.#picture.foreign.get(prefix);
      if (other !== undefined && this.#picture.tracker.isPending(prefix)) this.#noteForeign(prefix, other);
    }
  }

  #noteForeign(prefix: Prefix, other: RouteRecord): void {
    const desired = this.#picture.tracker.desired(prefix);
    if (desired === undefined) return;
    const reason = `a route of protocol ${protocolName(other.protocol)} is there: ${describeRoute(other)}`;
    const route = toRecord(desired, this.#picture.protocol);
    this.#note(prefix, { kind: 'route.create', route }, 'GRY_ROUTE_FOREIGN', reason);
  }

  #note(prefix: Prefix, request: RouteRequest, code: string, reason: string): void {
    this.#failures.failed(prefix, { item: itemOf(request), code, reason });
  }

  /** Forgets failures of what is right now, or wanted no more, and counts repairs. */
  async #settle(signal: AbortSignal): Promise<void> {
    const { tracker, broken, foreign } = this.#picture;
    this.#failures.retain((item) => item === WHOLE_TABLE || tracker.isPending(item));
    await inSlices(broken, signal, (prefix) => {
      if (tracker.isPending(prefix)) return;
      if (tracker.desired(prefix) !== undefined) this.#repaired++;
      broken.delete(prefix);
    });
    await inSlices(foreign.keys(), signal, (prefix) => {
      if (!tracker.has(prefix)) foreign.delete(prefix);
    });
  }

  /** Counted when asked, from what is pending only. */
  counts(): RouteCounts {
    const { tracker, inherited } = this.#picture;
    let missing = 0;
    let failed = 0;
    for (const { key, desired } of tracker.pending) {
      if (desired !== undefined) missing++;
      if (this.#failures.get(key) !== undefined) failed++;
    }
    const desired = tracker.desiredCount;
    return { desired, installed: desired - missing, failed, held: inherited.size };
  }

  /** How it stands with one prefix; undefined when we neither want it nor hold it. */
  state(prefix: Prefix): RouteState | undefined {
    const { tracker, inherited } = this.#picture;
    const desired = tracker.desired(prefix);
    const shown = desired ?? tracker.actual(prefix);
    if (shown === undefined) return undefined;
    const origin = 'origin' in shown ? shown.origin : this.#picture.originOf(shown);
    const from = desired?.from === undefined ? {} : { from: desired.from };
    const base = { prefix, origin, nextHops: shown.nextHops, ...from };
    const failure = this.#failures.get(prefix);
    if (failure !== undefined) return { ...base, state: 'failed', reason: failure.reason };
    if (inherited.has(prefix)) return { ...base, state: 'held' };
    return { ...base, state: tracker.isPending(prefix) ? 'pending' : 'installed' };
  }

  /** Every prefix that we want or hold, lazily. */
  *states(): Generator<RouteState> {
    for (const { key } of this.#picture.tracker.all()) {
      const state = this.state(key);
      if (state !== undefined) yield state;
    }
  }
}

const itemOf = (request: RouteRequest): string => `route ${describeRoute(request.route)}`;
