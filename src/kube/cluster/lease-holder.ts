import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import { sleep } from './backoff.ts';
import { exchange, kubeErrorOf } from './exchange.ts';
import type { KubeApi, KubeRequest } from './kube-api.ts';
import {
  createLease,
  LEASE_SECONDS,
  type LeaseIdentity,
  LeaseObserver,
  type LeaseRecord,
  parseLease,
  readLease,
  releaseLease,
  takeLease,
} from './lease.ts';

export interface LeaseHolderOptions extends LeaseIdentity {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly log: Log;
}

/** Milliseconds between two looks at a Lease that somebody else holds: half of it to one and a half. */
const LOOK = 30_000;
/** Milliseconds by which those who saw the same at the same time differ. */
const SLACK = 2000;
/** Milliseconds between two renewals, a tenth less or more, and after one that failed. */
const RENEWAL = 10_000;
const RETRY = 2000;
/** Milliseconds after a renewal was sent until who has no answer gives up: well before others may take the Lease. */
const DEADLINE = (LEASE_SECONDS * 1000 * 2) / 3;
/** Milliseconds for telling that we do not need it any more. */
const RELEASE_TIMEOUT = 2000;

/**
 * One of those who want to hold a Lease, of whom one at a time does: by optimistic concurrency of the API server, without trust in
 * anybody's clock but our own for how long something takes. The protocol is that of client-go's leader election.
 */
export class LeaseHolder {
  readonly #options: LeaseHolderOptions;
  #failure: string | undefined;

  constructor(options: LeaseHolderOptions) {
    this.#options = options;
  }

  /**
   * Seeks the Lease until `signal` is aborted, and does `work` whenever it has it; the signal of `work` is aborted when it may be
   * over. Gives the Lease back in the end. Never rejects, as `work` must not.
   */
  async run(work: (held: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const grant = await this.#seek(signal);
      if (grant === undefined) return;
      this.#options.log.info('has the Lease', { lease: this.#options.name });
      const last = await this.#hold(grant, work, signal);
      this.#options.log.info('has the Lease no more', { lease: this.#options.name });
      if (last !== undefined) await this.#release(last);
    }
  }

  async #seek(signal: AbortSignal): Promise<Grant | undefined> {
    const { clock } = this.#options;
    const observer = new LeaseObserver();
    while (!signal.aborted) {
      const grant = await this.#tryTaking(observer, signal);
      if (grant !== undefined) return grant;
      const look = LOOK * (0.5 + clock.random());
      // When it may be free, somebody should look; 0 is no answer to a server that refuses.
      const wait = observer.wait(clock.monotonic()) || look;
      await sleep(clock, Math.min(look, wait + SLACK * clock.random()), signal);
    }
    return undefined;
  }

  async #tryTaking(observer: LeaseObserver, signal: AbortSignal): Promise<Grant | undefined> {
    const { clock } = this.#options;
    try {
      const found = await this.#read(signal);
      if (found !== undefined) observer.see(found, clock.monotonic());
      const isOurs = found?.holder === this.#options.identity;
      if (found !== undefined && !isOurs && !observer.isFree(clock.monotonic())) return undefined;
      const sentAt = clock.monotonic();
      const request =
        found === undefined
          ? createLease(this.#options, clock.now())
          : takeLease(this.#options, found, clock.now());
      const grant = { record: await this.#send(request, signal), sentAt };
      // When the answer has taken too long, the Lease is looked at again: others may have it soon.
      return clock.monotonic() < sentAt + DEADLINE ? grant : undefined;
    } catch (thrown) {
      this.#fail(thrown, signal);
      return undefined;
    }
  }

  /** Does the work and renews; answers the Lease as it was last known to be ours, undefined when it is somebody else's. */
  async #hold(
    grant: Grant,
    work: (held: AbortSignal) => Promise<void>,
    signal: AbortSignal,
  ): Promise<LeaseRecord | undefined> {
    const { clock } = this.#options;
    const lost = new AbortController();
    const held = AbortSignal.any([signal, lost.signal]);
    const working = work(held);
    let { record, sentAt } = grant;
    let pause = renewalPause(clock);
    while (!held.aborted) {
      // A clock of its own, because a request may hang as long as it likes.
      const left = sentAt + DEADLINE - clock.monotonic();
      const deadline = clock.setTimer(left, () => lost.abort());
      await sleep(clock, pause, held);
      const renewed = await this.#renew(record, held);
      deadline.cancel();
      if (renewed === 'lost') lost.abort();
      else if (renewed !== undefined) ({ record, sentAt } = renewed);
      pause = renewed === undefined ? RETRY : renewalPause(clock);
    }
    await working;
    return lost.signal.aborted ? undefined : record;
  }

  /** Undefined: no answer, which may come to nothing or not. */
  async #renew(record: LeaseRecord, held: AbortSignal): Promise<Grant | 'lost' | undefined> {
    const { clock, identity } = this.#options;
    if (held.aborted) return undefined;
    try {
      const sentAt = clock.monotonic();
      return { record: await this.#send(takeLease(this.#options, record, clock.now()), held), sentAt };
    } catch (thrown) {
      if (kubeErrorOf(thrown).status !== 409) {
        this.#fail(thrown, held);
        return undefined;
      }
    }
    // Perhaps it was our own renewal, the answer to which got lost.
    try {
      const sentAt = clock.monotonic();
      const found = await this.#read(held);
      if (found?.holder !== identity) return 'lost';
      return { record: await this.#send(takeLease(this.#options, found, clock.now()), held), sentAt };
    } catch (thrown) {
      this.#fail(thrown, held);
      return undefined;
    }
  }

  async #release(record: LeaseRecord): Promise<void> {
    const { clock } = this.#options;
    const request = releaseLease(this.#options, record, clock.now());
    // If this fails, the others wait until the Lease has run out.
    await exchange(this.#options, request, new AbortController().signal, RELEASE_TIMEOUT).catch(() => {});
  }

  async #read(signal: AbortSignal): Promise<LeaseRecord | undefined> {
    try {
      return await this.#send(readLease(this.#options), signal);
    } catch (thrown) {
      if (kubeErrorOf(thrown).code === 'GRY_KUBE_ABSENT') return undefined;
      throw thrown;
    }
  }

  async #send(request: KubeRequest, signal: AbortSignal): Promise<LeaseRecord> {
    const record = parseLease(await exchange(this.#options, request, signal));
    this.#failure = undefined;
    return record;
  }

  /** Two who want the same at the same time are none. */
  #fail(thrown: unknown, signal: AbortSignal): void {
    const { log, name } = this.#options;
    const { message, status } = kubeErrorOf(thrown);
    if (signal.aborted || status === 409) return;
    if (this.#failure !== message) log.warn('cannot use the Lease', { lease: name, error: message });
    this.#failure = message;
  }
}

/** The Lease as it became ours, and when (monotonic, milliseconds) it was asked for. */
interface Grant {
  readonly record: LeaseRecord;
  readonly sentAt: number;
}

const renewalPause = (clock: Clock): number => RENEWAL * (0.9 + clock.random() / 5);
