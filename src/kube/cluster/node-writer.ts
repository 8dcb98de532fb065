import type { Clock, Timer } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Problem } from '../../ports/problem.ts';
import { Backoff, sleep } from './backoff.ts';
import { EventBook, eventRequest } from './event-book.ts';
import { exchange, isRefusal, kubeErrorOf } from './exchange.ts';
import type { KubeApi, KubeError, KubeRequest } from './kube-api.ts';
import type { NodeReport, NodeReporter } from './node-report.ts';
import { NodeStatusBook } from './node-status-book.ts';
import { nodeWrites } from './node-writes.ts';
import { WriteRefusals } from './write-refusals.ts';

export interface NodeWriterOptions {
  readonly api: KubeApi;
  readonly nodeName: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Milliseconds in which the watch shows what was written; if it does not, it is written again. */
const ECHO = 30_000;
/** Milliseconds between two looks: problems become old without anybody saying so. */
const LOOK = 10_000;

/** One write that is due, and what to remember when it is done. */
interface Due {
  readonly what: string;
  readonly request: KubeRequest;
  readonly done: () => void;
}

/** Tells the API server how this node is: `set` says what is true, and the writer writes what the server lacks, one by one. */
export class NodeWriter implements NodeReporter {
  readonly #options: NodeWriterOptions;
  readonly #events = new EventBook();
  readonly #status: NodeStatusBook;
  readonly #refusals: WriteRefusals;
  readonly #backoff: Backoff;
  /** By the name of a write: when it was done (monotonic, milliseconds). */
  readonly #written = new Map<string, number>();
  /** Names of writes that are tried again when all others have had their turn. */
  readonly #failed = new Set<string>();
  #report: NodeReport | undefined;
  #wake: () => void = () => {};
  #failure: string | undefined;

  constructor(options: NodeWriterOptions) {
    const { clock } = options;
    this.#options = options;
    this.#backoff = new Backoff(clock);
    this.#refusals = new WriteRefusals(clock);
    this.#status = new NodeStatusBook(() => clock.random());
  }

  set(report: NodeReport): void {
    const now = this.#options.clock.monotonic();
    this.#report = report;
    this.#events.take(report.problems, now);
    this.#status.take(report, now);
    this.#wake();
  }

  problems(): readonly Problem[] {
    return this.#refusals.problems();
  }

  /** Writes until the signal is aborted; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const due = this.#next();
      const error = due === undefined ? undefined : await this.#write(due, signal);
      if (signal.aborted) return;
      if (error !== undefined) await sleep(this.#options.clock, this.#pause(error), signal);
      else if (due === undefined) await this.#rest(signal);
    }
  }

  /** What a person waits for comes first; a write that the server refuses, or fails at, holds up no other. */
  #next(): Due | undefined {
    const dues = [...this.#all()].filter(({ what }) => !this.#refusals.holds(what));
    const next = dues.find(({ what }) => !this.#failed.has(what));
    if (next !== undefined) return next;
    this.#failed.clear();
    return dues[0];
  }

  *#all(): Generator<Due> {
    const { clock, nodeName } = this.#options;
    if (this.#report === undefined) return;
    const now = clock.monotonic();
    for (const { name, request } of nodeWrites(this.#report, clock.now())) {
      if (now - (this.#written.get(name) ?? Number.NEGATIVE_INFINITY) < ECHO) continue;
      yield { what: name, request, done: () => this.#written.set(name, clock.monotonic()) };
    }
    const status = this.#status.next(now);
    if (status !== undefined) {
      yield { what: status.name, request: status.request, done: () => status.done(clock.monotonic()) };
    }
    const problem = this.#events.next(now);
    if (problem === undefined) return;
    const request = eventRequest(nodeName, problem, clock.now());
    yield { what: 'event', request, done: () => this.#events.told(problem) };
  }

  /** Answers what went wrong, unless it concerns this write alone. */
  async #write({ what, request, done }: Due, signal: AbortSignal): Promise<KubeError | undefined> {
    const { log, nodeName } = this.#options;
    try {
      await exchange(this.#options, request, signal);
      done();
      this.#refusals.accepted(what);
      this.#backoff.reset();
      this.#failure = undefined;
      log[what === 'GryphonNode status' ? 'debug' : 'info']('written to the API server', {
        node: nodeName,
        what,
      });
      return undefined;
    } catch (thrown) {
      const error = kubeErrorOf(thrown);
      if (this.#failure !== error.message && !signal.aborted)
        log.warn('cannot write to the API server', { node: nodeName, what, error: error.message });
      this.#failure = error.message;
      if (!isLasting(what, error)) {
        this.#failed.add(what);
        return error;
      }
      this.#refusals.refused(what, error);
      // Somebody has deleted the object: it is made again before its status is tried again.
      if (what === 'GryphonNode status' && error.code === 'GRY_KUBE_ABSENT') this.#status.lost();
      return undefined;
    }
  }

  #pause(error: KubeError): number {
    return (error.retryAfter ?? 0) + this.#backoff.next();
  }

  /** Until something new is said, or may have become due. */
  async #rest(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      let timer: Timer;
      const done = (): void => {
        timer.cancel();
        this.#wake = () => {};
        signal.removeEventListener('abort', done);
        resolve();
      };
      timer = this.#options.clock.setTimer(LOOK, done);
      this.#wake = done;
      signal.addEventListener('abort', done, { once: true });
    });
  }
}

/** Of a Node these tell nothing that lasts: it may register just now, and a taint have moved to another place. */
const passing: ReadonlySet<number | undefined> = new Set([404, 409, 422]);

/** Whether the same is refused again until a person has mended something. */
const isLasting = (what: string, error: KubeError): boolean =>
  isRefusal(error) && !(isOfNode(what) && passing.has(error.status));

const isOfNode = (what: string): boolean => what === 'condition' || what === 'taint';
