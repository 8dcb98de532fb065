import type { SourceView } from '../api/view.ts';
import { isPodLink } from '../calc/intent.ts';
import type { Monitor, MonitorEvent, MonitorOptions } from '../netlink/monitor.ts';
import type { Rtnetlink } from '../netlink/rtnetlink.ts';
import { MAIN_TABLE } from '../netlink/wire/constants.ts';
import type { RouteRecord } from '../netlink/wire/records.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { FactStore } from './facts.ts';
import { KernelFacts } from './kernel-facts.ts';

/** The netlink adapter; `main` gives the real one. */
export interface NetlinkPort {
  /** @throws SystemError */
  open(): Rtnetlink;
  /** @throws SystemError */
  watch(options: MonitorOptions): Pick<Monitor, 'drain' | 'close'>;
}

export interface KernelOptions {
  readonly port: NetlinkPort;
  readonly facts: FactStore;
  /** Number of our routes. */
  readonly protocol: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Every event, for the route driver. */
  readonly onEvent: (event: MonitorEvent) => void;
  /** Events were lost: whoever has a picture of the kernel must read it again. */
  readonly onOverrun: () => void;
}

/** The kernel of this network namespace: sockets to write with, and what happens in it as facts. */
export class Kernel {
  /** For the route driver; what it writes comes back as no event, because it knows. */
  readonly netlink: Rtnetlink;
  /** For the CNI operations; what they write is told to everybody. */
  readonly podNetlink: Rtnetlink;
  readonly #options: KernelOptions;
  readonly #facts: KernelFacts;
  readonly #monitor: Pick<Monitor, 'drain' | 'close'>;

  /** @throws SystemError */
  constructor(options: KernelOptions) {
    const { port, facts, protocol, clock, log, onOverrun } = options;
    this.#options = options;
    this.netlink = port.open();
    this.podNetlink = port.open();
    this.#facts = new KernelFacts({ reader: this.netlink, facts, protocol, isPodLink, clock, log });
    this.#monitor = port.watch({
      log,
      ignorePorts: this.netlink.ports,
      onEvents: (events) => {
        for (const event of events) this.#observe(event);
      },
      onOverrun: () => {
        log.warn('kernel events were lost, everything is read again');
        this.#facts.refresh();
        onOverrun();
      },
    });
  }

  get synced(): boolean {
    return this.#facts.synced;
  }

  view(): SourceView {
    return this.#facts.view();
  }

  /** Resolves after the first reading. */
  async start(): Promise<void> {
    await this.#facts.read();
  }

  /** Takes in what has happened until now: to be called before a decision that must not rest on an old picture. */
  drain(): void {
    this.#monitor.drain();
  }

  /** Reads again what nobody may have told. */
  refresh(): void {
    this.#facts.refresh();
  }

  async stop(): Promise<void> {
    await this.#facts.stop();
    this.#monitor.close();
    this.netlink.close();
    this.podNetlink.close();
  }

  #observe(event: MonitorEvent): void {
    const { facts, onEvent } = this.#options;
    // Routes of pods name their links by index: an old picture of them would be written over what the CNI server wrote.
    if (event.kind === 'link.changed') facts.links.put(event.link.index, event.link);
    else if (event.kind === 'link.gone') facts.links.put(event.link.index, undefined);
    onEvent(event);
    const isRoute = event.kind === 'route.changed' || event.kind === 'route.gone';
    if (!isRoute || this.#isForeign(event.route)) this.#facts.refresh();
  }

  #isForeign(route: RouteRecord): boolean {
    return route.table === MAIN_TABLE && route.protocol !== this.#options.protocol;
  }
}
