import type { Address } from '../net/address.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import { describeError } from '../ports/error.ts';
import type { Log } from '../ports/log.ts';

/** Milliseconds in which freed addresses are gathered: a drained node frees hundreds within a second. */
const DELAY = 1000;

/** The table of connections, as much of it as is needed here: `Conntrack` of netlink. */
export interface FlowTable extends Disposable {
  forget(addresses: readonly Address[], signal: AbortSignal): Promise<number>;
}

export interface FlowFlusherOptions {
  /** May throw where the kernel has no connection tracking; then there is nothing to forget. */
  readonly open: () => FlowTable;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Makes conntrack forget the connections of addresses that pods gave back. Otherwise, until they time out, packets of an old
 * connection would be translated for, or let through to, the next pod of that address. An address mostly rests far longer than this
 * takes; where it does not, its next pod waits for `forgotten`, so that its own connections are never among those that go.
 */
export class FlowFlusher {
  readonly #options: FlowFlusherOptions;
  readonly #abort = new AbortController();
  #table: FlowTable | undefined;
  #freed: Address[] = [];
  /** Being forgotten now. */
  #flushed: readonly Address[] = [];
  #timer: Timer | undefined;
  #flushing: Promise<void> = Promise.resolve();

  constructor(options: FlowFlusherOptions) {
    this.#options = options;
  }

  add(addresses: readonly Address[]): void {
    if (this.#abort.signal.aborted) return;
    this.#freed.push(...addresses);
    this.#timer ??= this.#options.clock.setTimer(DELAY, () => void this.#flushNow());
  }

  /** Resolves when none of these addresses waits to be forgotten: at once for those that have rested. */
  async forgotten(addresses: readonly Address[]): Promise<void> {
    if (addresses.some((address) => this.#freed.includes(address))) await this.#flushNow();
    else if (addresses.some((address) => this.#flushed.includes(address))) await this.#flushing;
  }

  #flushNow(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#flushing = this.#flushing.then(() => this.#flush());
    return this.#flushing;
  }

  /** What has been freed last is flushed still, so that nobody has to wait for it after a restart. */
  async stop(): Promise<void> {
    await this.#flushNow();
    this.#abort.abort();
    this.#close();
  }

  async #flush(): Promise<void> {
    const { log } = this.#options;
    const addresses = this.#freed;
    this.#freed = [];
    this.#flushed = addresses;
    if (addresses.length === 0) return;
    try {
      const count = await this.#forget(addresses);
      log.debug('connections of freed addresses forgotten', { addresses: addresses.length, count });
    } catch (error) {
      log.warn('connections of freed addresses are not forgotten', {
        addresses,
        reason: describeError(error),
      });
    } finally {
      this.#flushed = [];
    }
  }

  /** Of a table that changes fast the kernel may lose answers: then it is tried once more. */
  async #forget(addresses: readonly Address[], attempts = 2): Promise<number> {
    this.#table ??= this.#options.open();
    try {
      return await this.#table.forget(addresses, this.#abort.signal);
    } catch (error) {
      this.#close();
      if (attempts === 1) throw error;
      return this.#forget(addresses, attempts - 1);
    }
  }

  /** A socket that has failed may still have answers that nobody waits for. */
  #close(): void {
    this.#table?.[Symbol.dispose]();
    this.#table = undefined;
  }
}
