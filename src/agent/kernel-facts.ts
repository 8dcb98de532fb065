import type { SourceView } from '../api/view.ts';
import { MAIN_TABLE } from '../netlink/wire/constants.ts';
import type { LinkAddressRecord, LinkRecord, RouteRecord } from '../netlink/wire/records.ts';
import type { Clock } from '../ports/clock.ts';
import { describeError } from '../ports/error.ts';
import type { Log } from '../ports/log.ts';
import type { FactStore } from './facts.ts';
import { Loop } from './loop.ts';

/** What is read of the kernel; `Rtnetlink` is the real one. */
export interface KernelReader {
  linksAsync(signal: AbortSignal): Promise<readonly LinkRecord[]>;
  addressesAsync(signal: AbortSignal): Promise<readonly LinkAddressRecord[]>;
  routesAsync(filter: { readonly table: number }, signal: AbortSignal): Promise<readonly RouteRecord[]>;
}

export interface KernelFactsOptions {
  readonly reader: KernelReader;
  readonly facts: FactStore;
  /** Routes with this number are ours and no facts. */
  readonly protocol: number;
  /** Links that are ours: they are facts, because pods' routes need them, but their addresses (the pods' gateways) are none. */
  readonly isPodLink: (name: string) => boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/** Milliseconds between two readings at least, while events keep coming. A pod that comes makes a dozen of them, none of which matters here. */
const READING_INTERVAL = 200;

/**
 * Links, addresses and foreign routes as facts. Whatever event comes, the answer is to read again: the kernel's events leave
 * out what a vanishing link takes with it, and replaced routes cannot be told from added ones. Readings follow each other at
 * a distance, so that a storm of events costs a bounded share of the processor.
 */
export class KernelFacts {
  readonly #options: KernelFactsOptions;
  readonly #loop: Loop;
  #lastGood: number | undefined;
  #error: string | undefined;

  constructor(options: KernelFactsOptions) {
    this.#options = options;
    this.#loop = new Loop({
      clock: options.clock,
      log: options.log,
      pass: (signal) => this.#read(signal),
      spacing: READING_INTERVAL,
      rest: 1,
    });
  }

  /** Something changed, or may have. */
  refresh(): void {
    this.#loop.kick();
  }

  /** Resolves after a reading that began after the call. */
  async read(): Promise<void> {
    await this.#loop.nextPass();
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  get synced(): boolean {
    return this.#lastGood !== undefined;
  }

  view(): SourceView {
    return {
      name: 'kernel',
      synced: this.synced,
      ...(this.#lastGood === undefined ? {} : { lastGood: this.#lastGood }),
      ...(this.#error === undefined ? {} : { error: this.#error }),
    };
  }

  async #read(signal: AbortSignal): Promise<{ readonly retryAfter?: number }> {
    const { reader, facts, protocol, isPodLink, clock } = this.#options;
    try {
      // In this order, so that every address that is kept has a link that is known: that of a new pod link must not look like the node's.
      const present = await reader.addressesAsync(signal);
      const links = await reader.linksAsync(signal);
      const others = new Set(links.filter((link) => !isPodLink(link.name)).map((link) => link.index));
      const addresses = present.filter(({ link }) => others.has(link));
      facts.links.replace(new Map(links.map((link) => [link.index, link])));
      facts.addresses.replace(new Map(addresses.map((a) => [`${a.link} ${a.address}/${a.prefixLength}`, a])));
      const routes = await reader.routesAsync({ table: MAIN_TABLE }, signal);
      facts.foreignRoutes.replace(foreignRoutes(routes, protocol));
      this.#lastGood = clock.now();
      this.#error = undefined;
      return {};
    } catch (error) {
      this.#error = describeError(error);
      throw error;
    }
  }
}

/** Routes of one prefix and metric may be several: they keep the kernel's order. */
function foreignRoutes(routes: readonly RouteRecord[], protocol: number): ReadonlyMap<string, RouteRecord> {
  const out = new Map<string, RouteRecord>();
  for (const route of routes) {
    if (route.protocol === protocol) continue;
    const key = `${route.prefix} metric ${route.metric}`;
    let n = 0;
    while (out.has(`${key} #${n}`)) n++;
    out.set(`${key} #${n}`, route);
  }
  return out;
}
