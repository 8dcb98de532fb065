import { NONE } from '../net/columns.ts';
import { equal } from '../net/equal.ts';
import { changedKeys } from '../net/persistent-map.ts';
import { type Prefix, prefixFamily } from '../net/prefix.ts';
import { type PrefixWords, prefixText, prefixWords } from '../net/prefix-words.ts';
import { ERRNO } from '../netlink/errno.ts';
import { NetlinkDumpError, NetlinkLostError } from '../netlink/error.ts';
import type { Rtnetlink } from '../netlink/rtnetlink.ts';
import { MAIN_TABLE } from '../netlink/wire/constants.ts';
import { describeRoute, protocolName } from '../netlink/wire/describe.ts';
import type { MonitorEvent } from '../netlink/wire/event.ts';
import type { NextHopRecord, RouteForm, RouteRecord } from '../netlink/wire/records.ts';
import { type RouteRequest, type RouteWrite, routeRequest } from '../netlink/wire/requests.ts';
import type { Clock } from '../ports/clock.ts';
import { describeError } from '../ports/error.ts';
import type { BackoffOptions } from './backoff.ts';
import type { ApplyResult, Driver } from './driver.ts';
import { FailureBook } from './failure-book.ts';
import { type DesiredForm, emptyRouteIntent, type RouteIntent, type RouteOrigin } from './route-intent.ts';
import { RoutePicture } from './route-picture.ts';
import { ownMetric, RouteForms } from './route-record.ts';
import { inSlices } from './slices.ts';

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

/** A request on its way. */
interface Sent extends RouteWrite {
  /** What was there before it. */
  readonly before: RouteForm | undefined;
}

/** After a contradiction is cleared up, what it concerned is written once more in the same `apply`, but not after the second. */
const MOST_CLEARINGS = 2;
/** Changes after which an `apply` goes on with no more of those that come meanwhile. */
const MOST_CHANGES = 65_536;

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
  readonly #forms: RouteForms;
  readonly #failures: FailureBook<Prefix | typeof WHOLE_TABLE>;
  #intent: RouteIntent = emptyRouteIntent;
  /** The table whose routes are on the picture's desired side; several where that was not brought to an end. */
  #tables: readonly RouteIntent['routes'][] = [emptyRouteIntent.routes];
  /** By which the inherited routes were judged. */
  #swept: RouteIntent['keep'] | undefined;
  #repaired = 0;
  /** Requests of the write under way. */
  #made = 0;

  constructor(options: RouteDriverOptions) {
    this.#kernel = options.kernel;
    const { protocol = 71, podLinkName = /^gryp[0-9a-f]{11}$/ } = options;
    this.#picture = new RoutePicture(protocol, podLinkName);
    this.#forms = new RouteForms(protocol);
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
      written = await this.#writeAll(signal);
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

  /** Brings the desired side of the picture to the latest intent, but for its changes: those are taken as they are written. */
  async #adopt(signal: AbortSignal): Promise<void> {
    const { routes, keep } = this.#intent;
    if (this.#tables.some((table) => table !== routes)) await this.#adoptTable(routes, signal);
    if (!equal(keep, this.#swept)) await this.#sweep(keep, signal);
  }

  /** What differs between two tables. An adoption that was given up may have got anywhere: it is gone over once more. */
  async #adoptTable(routes: RouteIntent['routes'], signal: AbortSignal): Promise<void> {
    const before = this.#tables;
    this.#tables = [...before, routes];
    for (const table of before) {
      await inSlices(changedKeys(table, routes), signal, (prefix) => {
        this.#want(prefixWords(prefix), routes.get(prefix));
      });
    }
    this.#tables = [routes];
  }

  /** Gives the prefix's id. Another wish for a prefix does not wait for the failed one's delay. */
  #want(prefix: PrefixWords, form: DesiredForm | undefined): number {
    const { tracker, inherited } = this.#picture;
    const known = tracker.find(prefix);
    if (this.#failures.size > 0 && !equal(tracker.desired(known), form))
      this.#failures.hurry(prefixText(prefix));
    if (form === undefined) {
      tracker.deleteDesired(known);
      return NONE;
    }
    const id = known === NONE ? tracker.enter(prefix) : known;
    tracker.setDesired(id, form);
    if (inherited.size > 0) inherited.delete(prefixText(prefix));
    return id;
  }

  /** Gives up the routes of an earlier run that need not be kept any more. */
  async #sweep(keep: RouteIntent['keep'], signal: AbortSignal): Promise<void> {
    const { inherited } = this.#picture;
    await inSlices(inherited, signal, (prefix) => {
      const route = this.#picture.actual(prefix);
      if (route === undefined || !keep[this.#picture.originOf(route)]) inherited.delete(prefix);
    });
    this.#swept = keep;
  }

  /** Round after round: changes that come during one are not kept waiting for another `apply`, as long as that ends some time. */
  async #writeAll(signal: AbortSignal): Promise<number> {
    const { changes } = this.#intent;
    let written = 0;
    let clearings = 0;
    for (let taken = 0; ; ) {
      taken += changes?.waiting ?? 0;
      const outcome = await this.#write(signal);
      written += outcome.written;
      const isClear = outcome.contradicted.length === 0;
      if (!isClear) await this.#clearUp(outcome.contradicted, signal);
      if (!isClear && ++clearings >= MOST_CLEARINGS) return written;
      if (isClear && (taken > MOST_CHANGES || (changes?.waiting ?? 0) === 0)) return written;
    }
  }

  async #write(signal: AbortSignal): Promise<{ written: number; contradicted: readonly Prefix[] }> {
    this.#made = 0;
    const failures = await this.#kernel.runAsync(this.#requests(), signal);
    let count = this.#made;
    const contradicted: Prefix[] = [];
    for (const { request, errno, message } of failures) {
      // One of `#requests`.
      const sent = request as Sent;
      if (sent.how === 'route.delete' && errno === ERRNO.ESRCH) continue;
      count--;
      if (this.#refused(sent, errno, message)) contradicted.push(prefixText(sent.prefix));
    }
    return { written: count, contradicted };
  }

  /**
   * What is to be written, made when its turn comes: first what is wanted, then what is to go, so that traffic always finds a
   * route. The picture takes each as done at that moment, before it is sent, so that an event that comes after it counts more; what
   * is refused is taken back. Changes that come meanwhile stay for the next round.
   */
  *#requests(): Generator<Sent | undefined, void> {
    const { tracker, strays } = this.#picture;
    const { changes } = this.#intent;
    for (const stray of strays) {
      strays.delete(stray);
      yield this.#deletionOf(stray);
    }
    for (let id = tracker.walk(); id !== NONE; id = tracker.next()) yield this.#creation(id);
    for (let left = changes?.waiting ?? 0; left > 0 && changes?.take() === true; left--)
      yield this.#creation(this.#want(changes.prefix, changes.form));
    for (let id = tracker.walk(); id !== NONE; id = tracker.next()) yield this.#deletion(id);
  }

  /** Undefined: the prefix is not wanted, is as it should be, or has to wait. */
  #creation(id: number): Sent | undefined {
    const { tracker } = this.#picture;
    const desired = tracker.desired(id);
    if (desired === undefined || !tracker.isPending(id) || !this.#isDue(id)) return undefined;
    const before = tracker.actual(id);
    if (before !== undefined && this.#refuseReplace(id)) return undefined;
    const prefix = { ...tracker.words(id) };
    const form = this.#forms.of(desired, prefix.family);
    tracker.setActual(id, form);
    const how = before === undefined ? 'route.create' : 'route.replace';
    this.#made++;
    return { kind: 'route.write', how, prefix, form, before };
  }

  /** Undefined: the prefix is wanted, or has to stay or to wait. */
  #deletion(id: number): Sent | undefined {
    const { tracker, inherited } = this.#picture;
    const { hold } = this.#intent;
    const before = tracker.actual(id);
    if (tracker.desired(id) !== undefined || before === undefined || !this.#isDue(id)) return undefined;
    if (inherited.size + hold.size > 0) {
      const text = tracker.text(id);
      if (inherited.has(text) || hold.has(text)) return undefined;
    }
    const prefix = { ...tracker.words(id) };
    tracker.deleteActual(id);
    this.#made++;
    return { kind: 'route.write', how: 'route.delete', prefix, form: this.#forms.deletion(before), before };
  }

  /** Of exactly this route, beside ours under its prefix. */
  #deletionOf(stray: RouteRecord): Sent {
    const prefix = prefixWords(stray.prefix);
    this.#made++;
    return {
      kind: 'route.write',
      how: 'route.delete',
      prefix,
      form: stray,
      before: this.#picture.actual(stray.prefix),
    };
  }

  #isDue(id: number): boolean {
    return this.#failures.size === 0 || this.#failures.isDue(this.#picture.tracker.text(id));
  }

  /** REPLACE takes the first route under a prefix and metric: with another's beside ours, that may be theirs. */
  #refuseReplace(id: number): boolean {
    const { foreign, tracker } = this.#picture;
    const other = foreign.size === 0 ? undefined : foreign.get(tracker.text(id));
    if (other === undefined) return false;
    this.#noteForeign(other);
    return true;
  }

  /** Takes back what the kernel refused; true when the picture itself was wrong. */
  #refused(sent: Sent, errno: number, reason: string): boolean {
    const { tracker, foreign } = this.#picture;
    const prefix = prefixText(sent.prefix);
    this.#takeBack(sent);
    if (sent.how === 'route.create' && errno === ERRNO.EEXIST) {
      const other = foreign.get(prefix);
      if (other === undefined) return true;
      this.#noteForeign(other);
    } else if (tracker.isPending(tracker.find(sent.prefix))) {
      this.#note(prefix, routeRequest(sent), 'GRY_NETLINK_REFUSED', reason);
    }
    return false;
  }

  /** What came after it counts more. */
  #takeBack({ how, prefix, form, before }: Sent): void {
    const { tracker } = this.#picture;
    const id = tracker.find(prefix);
    if (tracker.actual(id) !== (how === 'route.delete' ? undefined : form)) return;
    if (before === undefined) tracker.deleteActual(id);
    else tracker.setActual(id === NONE ? tracker.enter(prefix) : id, before);
  }

  /** Something stands where we believed nothing of ours: ours after all, or another's. */
  async #clearUp(prefixes: readonly Prefix[], signal: AbortSignal): Promise<void> {
    const found = new Map<Prefix, RouteRecord[]>(prefixes.map((prefix) => [prefix, []]));
    for (const family of [4, 6] as const) {
      if (!prefixes.some((prefix) => prefixFamily(prefix) === family)) continue;
      for (const route of await this.#kernel.routesAsync({ family, table: MAIN_TABLE }, signal))
        if (route.metric === ownMetric(family)) found.get(route.prefix)?.push(route);
    }
    for (const [prefix, routes] of found) {
      this.#picture.correct(prefix, routes);
      const other = this.#picture.foreign.get(prefix);
      if (other !== undefined && this.#picture.tracker.isPending(this.#picture.find(prefix)))
        this.#noteForeign(other);
    }
  }

  #noteForeign(other: RouteRecord): void {
    const { prefix } = other;
    const desired = this.#picture.tracker.desired(this.#picture.find(prefix));
    if (desired === undefined) return;
    const reason = `a route of protocol ${protocolName(other.protocol)} is there: ${describeRoute(other)}`;
    const route = { prefix, ...this.#forms.of(desired, prefixFamily(prefix)) };
    this.#note(prefix, { kind: 'route.create', route }, 'GRY_ROUTE_FOREIGN', reason);
  }

  #note(prefix: Prefix, request: RouteRequest, code: string, reason: string): void {
    this.#failures.failed(prefix, { item: itemOf(request), code, reason });
  }

  /** Forgets failures of what is right now, or wanted no more, and counts repairs. */
  async #settle(signal: AbortSignal): Promise<void> {
    const { tracker, broken, foreign } = this.#picture;
    this.#failures.retain((item) => item === WHOLE_TABLE || tracker.isPending(this.#picture.find(item)));
    await inSlices(broken, signal, (prefix) => {
      const id = this.#picture.find(prefix);
      if (tracker.isPending(id)) return;
      if (tracker.desired(id) !== undefined) this.#repaired++;
      broken.delete(prefix);
    });
    await inSlices(foreign.keys(), signal, (prefix) => {
      if (this.#picture.find(prefix) === NONE) foreign.delete(prefix);
    });
  }

  /** Counted when asked, from what is pending only. */
  counts(): RouteCounts {
    const { tracker, inherited } = this.#picture;
    let missing = 0;
    let failed = 0;
    for (const id of tracker.pending()) {
      if (tracker.desired(id) !== undefined) missing++;
      if (this.#failures.size > 0 && this.#failures.get(tracker.text(id)) !== undefined) failed++;
    }
    const desired = tracker.desiredCount;
    return { desired, installed: desired - missing, failed, held: inherited.size };
  }

  /** How it stands with one prefix; undefined when we neither want it nor hold it. */
  state(prefix: Prefix): RouteState | undefined {
    const { tracker, inherited } = this.#picture;
    const id = this.#picture.find(prefix);
    const desired = tracker.desired(id);
    const shown = desired ?? tracker.actual(id);
    if (shown === undefined) return undefined;
    const origin = 'origin' in shown ? shown.origin : this.#picture.originOf(shown);
    const from = desired?.from === undefined ? {} : { from: desired.from };
    const base = { prefix, origin, nextHops: shown.nextHops, ...from };
    const failure = this.#failures.get(prefix);
    if (failure !== undefined) return { ...base, state: 'failed', reason: failure.reason };
    if (inherited.has(prefix)) return { ...base, state: 'held' };
    return { ...base, state: tracker.isPending(id) ? 'pending' : 'installed' };
  }

  /** Every prefix that we want or hold, lazily. */
  *states(): Generator<RouteState> {
    const { tracker } = this.#picture;
    for (const id of tracker.all()) {
      const state = this.state(tracker.text(id));
      if (state !== undefined) yield state;
    }
  }
}

const itemOf = (request: RouteRequest): string => `route ${describeRoute(request.route)}`;
