import type { Clock, Timer } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import { Backoff, sleep } from './backoff.ts';
import { EventBook, eventRequest } from './event-book.ts';
import { type KubeApi, KubeError, type KubeRequest } from './kube-api.ts';
import { type NodeReport, nodeWrites } from './node-writes.ts';
import { refusal } from './refusal.ts';
import { Silence } from './silence.ts';

export interface NodeWriterOptions {
  readonly api: KubeApi;
  readonly nodeName: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Milliseconds until the server must have answered. */
const ANSWER_TIMEOUT = 30_000;
/** Milliseconds in which the watch shows what was written; if it does not, it is written again. */
const ECHO = 30_000;
/** Milliseconds between two looks: problems become old without anybody saying so. */
const LOOK = 10_000;
/** Milliseconds of rest after the server has said that we may not. */
const FORBIDDEN_PAUSE = 60_000;

/** One write that is due, and what to remember when it is done. */
interface Due {
  readonly what: string;
  readonly request: KubeRequest;
  readonly done: () => void;
}

/** Tells the API server how this node is: `set` says what is true, and the writer writes what the server lacks, one by one. */
export class NodeWriter {
  readonly #options: NodeWriterOptions;
  readonly #events = new EventBook();
  readonly #backoff: Backoff;
  /** By the name of a write: when it was done (monotonic, milliseconds). */
  readonly #written = new Map<string, number>();
  #report: NodeReport | undefined;
  #wake: () => void = () => {};
  #failure: string | undefined;

  constructor(options: NodeWriterOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.clock);
  }

  /** What is true now. Cheap; the same again changes nothing. */
  set(report: NodeReport): void {
    this.#report = report;
    this.#events.take(report.problems, this.#options.clock.monotonic());
    this.#wake();
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

  #next(): Due | undefined {
    const { clock, nodeName } = this.#options;
    if (this.#report === undefined) return undefined;
    const now = clock.monotonic();
    for (const { name, request } of nodeWrites(this.#report, clock.now())) {
      if (now - (this.#written.get(name) ?? Number.NEGATIVE_INFINITY) < ECHO) continue;
      return { what: name, request, done: () => this.#written.set(name, clock.monotonic()) };
    }
    const problem = this.#events.next(now);
    if (problem === undefined) return undefined;
    const request = eventRequest(nodeName, problem, clock.now());
    return { what: 'event', request, done: () => this.#events.told(problem) };
  }

  async #write({ what, request, done }: Due, signal: AbortSignal): Promise<KubeError | undefined> {
    const { api, clock, log, nodeName } = this.#options;
    try {
      using silence = new Silence(clock, ANSWER_TIMEOUT, signal);
      const answer = await api.send(request, silence.signal);
      if (answer.status >= 300) throw await refusal(answer);
      // The connection is free for the next one when the answer was read.
      for await (const _ of silence.listen(answer.body));
      done();
      this.#backoff.reset();
      this.#failure = undefined;
      log.info('written to the API server', { node: nodeName, what });
      return undefined;
    } catch (thrown) {
      const error =
        thrown instanceof KubeError ? thrown : new KubeError('GRY_KUBE_UNREACHABLE', String(thrown));
      if (this.#failure !== error.message && !signal.aborted)
        log.warn('cannot write to the API server', { node: nodeName, what, error: error.message });
      this.#failure = error.message;
      return error;
    }
  }

  #pause(error: KubeError): number {
    return error.code === 'GRY_KUBE_FORBIDDEN'
      ? FORBIDDEN_PAUSE
      : (error.retryAfter ?? 0) + this.#backoff.next();
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
