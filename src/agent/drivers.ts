import type { DriverView } from '../api/view.ts';
import type { Intent } from '../calc/intent.ts';
import type { LearnedRoutes } from '../calc/learned-routes.ts';
import { memo } from '../calc/memo.ts';
import type { RouteResult } from '../calc/routes.ts';
import type { ConflistDriver, DesiredConflist } from '../cni/conflist-driver.ts';
import type { RouteIntent } from '../dataplane/route-intent.ts';
import type { RouteDriver } from '../dataplane/routes.ts';
import type { SysctlDriver } from '../dataplane/sysctls.ts';
import type { FirewallDriver } from '../iptables/firewall-driver.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import { type Applicable, DriverState } from './driver-state.ts';

export interface DriverSet {
  readonly sysctls: SysctlDriver;
  readonly routes: RouteDriver;
  readonly firewall: FirewallDriver;
  readonly conflist: ConflistDriver;
}

/** What the drivers are told besides the intent. */
export interface ApplyOptions {
  /** Routes of an earlier run that must stay although nobody wants them (yet). */
  readonly keep: RouteIntent['keep'];
  /** Absent: pods cannot be attached yet. */
  readonly conflist: DesiredConflist;
}

/** All drivers in their order: sysctls, then routes beside rules, and the conflist last, which tells the runtime to go ahead. */
export class Drivers {
  readonly #set: DriverSet;
  readonly #states: Readonly<Record<keyof DriverSet, DriverState>>;

  /** The same object for the same tables; learned routes go on as changes. */
  readonly #routeIntent = memo(
    (
      { routes, hold }: RouteResult,
      changes: LearnedRoutes | undefined,
      block: boolean,
      pod: boolean,
      remote: boolean,
    ): RouteIntent => ({
      routes,
      hold,
      keep: { block, pod, remote },
      ...(changes === undefined ? {} : { changes }),
    }),
  );

  constructor(set: DriverSet, clock: Clock, log: Log, onApply: (driver: string, seconds: number) => void) {
    const state = (driver: Applicable): DriverState => new DriverState(driver, clock, log, onApply);
    this.#set = set;
    this.#states = {
      sysctls: state(set.sysctls),
      routes: state(set.routes),
      firewall: state(set.firewall),
      conflist: state(set.conflist),
    };
  }

  /** One pass; gives the milliseconds after which the most impatient driver wants another one. */
  async apply(intent: Intent, options: ApplyOptions, signal: AbortSignal): Promise<number | undefined> {
    const { sysctls, routes, firewall, conflist } = this.#states;
    this.#set.sysctls.set(intent.sysctls);
    const { block, pod, remote } = options.keep;
    this.#set.routes.set(this.#routeIntent(intent.routes, intent.learned, block, pod, remote));
    this.#set.firewall.set(intent.firewall);
    const waits = [await sysctls.apply(signal)];
    waits.push(...(await Promise.all([routes.apply(signal), firewall.apply(signal)])));
    // Only now can a pod's packets get anywhere.
    this.#set.conflist.set(options.conflist);
    waits.push(await conflist.apply(signal));
    return waits.reduce((a, b) => (a === undefined || (b !== undefined && b < a) ? b : a), undefined);
  }

  /** Everything is read back from the kernel and the disk at the next pass. */
  invalidate(): void {
    for (const driver of Object.values(this.#set)) driver.invalidate();
  }

  /** Every driver has been through once, also one that failed. */
  get applied(): boolean {
    return Object.values(this.#states).every((state) => state.applied);
  }

  views(): readonly DriverView[] {
    return Object.values(this.#states).map((state) => state.view());
  }
}
