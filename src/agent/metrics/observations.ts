import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** The outcome of a CNI request: `ok`, or the error code of the specification that the caller got. */
export type CniResult = 'ok' | number;

const CNI_COMMANDS = new Set(['ADD', 'DEL', 'CHECK', 'GC', 'STATUS', 'VERSION']);

/** What is counted as it happens: the loop, the drivers and the CNI server call these. All durations in seconds. */
export class Observations {
  readonly #loopRuns: Counter;
  readonly #loopDuration: Histogram;
  readonly #applyDuration: Histogram;
  readonly #cniRequests: Counter;
  readonly #cniDuration: Histogram;

  constructor(registry: Registry, version: string) {
    const registers = [registry];
    const info = new Gauge({
      name: 'gryphon_build_info',
      help: 'Always 1; the labels tell the version of Gryphon and of Node.js.',
      labelNames: ['version', 'node_version'],
      registers,
    });
    info.set({ version, node_version: process.version }, 1);
    this.#loopRuns = new Counter({
      name: 'gryphon_loop_runs_total',
      help: 'Passes of the loop that brings the node to what it should be, by result (ok, failed).',
      labelNames: ['result'],
      registers,
    });
    this.#loopDuration = new Histogram({
      name: 'gryphon_loop_duration_seconds',
      help: 'How long a pass of the loop takes, drivers included.',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers,
    });
    this.#applyDuration = new Histogram({
      name: 'gryphon_driver_apply_duration_seconds',
      help: 'How long a driver takes to write the difference to what it believes is there.',
      labelNames: ['driver'],
      buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10],
      registers,
    });
    this.#cniRequests = new Counter({
      name: 'gryphon_cni_requests_total',
      help: 'CNI requests by command and result (ok, or the CNI error code).',
      labelNames: ['command', 'result'],
      registers,
    });
    this.#cniDuration = new Histogram({
      name: 'gryphon_cni_request_duration_seconds',
      help: 'How long the agent takes to answer a CNI request.',
      labelNames: ['command'],
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5, 10],
      registers,
    });
    for (const result of ['ok', 'failed']) this.#loopRuns.inc({ result }, 0);
  }

  loopRun(seconds: number, result: 'ok' | 'failed'): void {
    this.#loopRuns.inc({ result });
    this.#loopDuration.observe(seconds);
  }

  driverApply(driver: string, seconds: number): void {
    this.#applyDuration.observe({ driver }, seconds);
  }

  /** An unknown command counts as `other`: a caller cannot make series. */
  cniRequest(command: string, result: CniResult, seconds: number): void {
    const label = CNI_COMMANDS.has(command) ? command : 'other';
    this.#cniRequests.inc({ command: label, result: String(result) });
    this.#cniDuration.observe({ command: label }, seconds);
  }
}
