import type { Clock } from '../../ports/clock.ts';
import { describeError } from '../../ports/error.ts';
import type { Log } from '../../ports/log.ts';
import type { Evidence, Judge } from '../records/evidence.ts';
import { type Account, acceptanceWrite } from './acceptance.ts';
import { Backoff, sleep } from './backoff.ts';
import { exchange, isRefusal, kubeErrorOf } from './exchange.ts';
import type { KubeApi, KubeError, KubeRequest } from './kube-api.ts';

/** Every object that is to be judged, and by what. */
export interface JudgedObjects {
  accounts(): Iterable<Account>;
  evidence(): Evidence;
}

export interface AcceptanceWriterOptions {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly log: Log;
  readonly judge: Judge;
  readonly objects: JudgedObjects;
}

/** Milliseconds between two looks, and writes after each of them at most: every write wakes every agent of the cluster. */
const LOOK = 1000;
const WRITES = 10;
/** Milliseconds in which the watch shows what was written, or what got in the way of it. */
const ECHO = 30_000;
/** Milliseconds of rest for an object whose status the server does not take. */
const REFUSED_PAUSE = 60_000;
/** Milliseconds until objects that could not be judged are judged again. */
const FAULT_PAUSE = 30_000;

interface Due {
  readonly id: string;
  readonly account: Account;
  readonly request: KubeRequest;
}

/** Lets every object say whether it is accepted. One agent of the cluster does so for all. */
export class AcceptanceWriter {
  readonly #options: AcceptanceWriterOptions;
  readonly #backoff: Backoff;
  /** By object, the version that was looked at, and until when (monotonic, milliseconds) nothing more is written about it. */
  readonly #resting = new Map<string, { readonly version: string; readonly until: number }>();
  #verdicts: { readonly evidence: Evidence; readonly problems: ReturnType<Judge> } | undefined;
  #failure: string | undefined;

  constructor(options: AcceptanceWriterOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.clock);
  }

  /** Writes until the signal is aborted; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const pause = await this.#round(signal);
      await sleep(this.#options.clock, LOOK + pause, signal);
    }
    this.#resting.clear();
  }

  /** Answers for how many milliseconds to pause after it. */
  async #round(signal: AbortSignal): Promise<number> {
    let dues: readonly Due[];
    try {
      dues = this.#due();
    } catch (thrown) {
      // A fault of ours in judging must not end the agent, and after it the next one that gets the Lease.
      this.#warn('cannot judge objects', describeError(thrown));
      return FAULT_PAUSE;
    }
    for (const due of dues) {
      const error = await this.#write(due, signal);
      if (signal.aborted) return 0;
      if (error !== undefined) return (error.retryAfter ?? 0) + this.#backoff.next();
    }
    return 0;
  }

  #due(): readonly Due[] {
    const { clock, objects } = this.#options;
    const verdicts = this.#judge();
    const found: Due[] = [];
    const known = new Set<string>();
    for (const account of objects.accounts()) {
      const id = `${account.kind.kind} ${account.name}`;
      known.add(id);
      if (found.length === WRITES || this.#rests(id, account)) continue;
      const problems = [...account.problems, ...(verdicts.get(id) ?? [])];
      const request = acceptanceWrite({ ...account, problems }, clock.now());
      if (request !== undefined) found.push({ id, account, request });
    }
    for (const id of this.#resting.keys()) if (!known.has(id)) this.#resting.delete(id);
    return found;
  }

  #rests(id: string, { standing }: Account): boolean {
    const resting = this.#resting.get(id);
    if (resting === undefined) return false;
    const isOver = resting.version !== standing.version || this.#options.clock.monotonic() >= resting.until;
    if (isOver) this.#resting.delete(id);
    return !isOver;
  }

  /** Judged anew only when something has changed by which objects are judged. */
  #judge(): ReturnType<Judge> {
    const { judge, objects } = this.#options;
    const evidence = objects.evidence();
    if (this.#verdicts?.evidence !== evidence) this.#verdicts = { evidence, problems: judge(evidence) };
    return this.#verdicts.problems;
  }

  /** Answers what went wrong, unless it concerns this object alone. */
  async #write({ id, account, request }: Due, signal: AbortSignal): Promise<KubeError | undefined> {
    const { clock } = this.#options;
    const rest = (ms: number): void => {
      const { version } = account.standing;
      this.#resting.set(id, { version, until: clock.monotonic() + ms });
    };
    try {
      await exchange(this.#options, request, signal);
      rest(ECHO);
      this.#backoff.reset();
      this.#failure = undefined;
      return undefined;
    } catch (thrown) {
      const error = kubeErrorOf(thrown);
      const { message, status } = error;
      // Somebody was faster, or has deleted the object: the watch will show it.
      if (status === 409 || status === 404) {
        rest(ECHO);
        return undefined;
      }
      if (!signal.aborted) this.#warn('cannot tell whether an object is accepted', message, id);
      // What the server answers may be about this object, which must not hold up the others.
      if (status !== undefined) rest(REFUSED_PAUSE);
      return isRefusal(error) ? undefined : error;
    }
  }

  /** The same only once. */
  #warn(what: string, error: string, object?: string): void {
    if (this.#failure !== error)
      this.#options.log.warn(what, { ...(object !== undefined && { object }), error });
    this.#failure = error;
  }
}
