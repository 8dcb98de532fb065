import { collectDefaultMetrics, Registry } from 'prom-client';
import type { MetricsPage } from '../api/metrics-page.ts';
import type { AgentView } from '../api/view.ts';
import { turn } from '../api/turns.ts';
import { Observations } from './metrics/observations.ts';
import { takeSnapshot } from './metrics/snapshot.ts';
import { viewMetrics } from './metrics/table.ts';
import { registerViewMetric, type Snapshot } from './metrics/view-metric.ts';

export interface MetricsOptions {
  readonly version: string;
  /** `process_…` and `nodejs_…`; they start an event loop monitor and a garbage collection observer. Default: true. */
  readonly runtime?: boolean;
}

/**
 * The registry. What happens (loop runs, CNI requests) is told to `observe` as it happens; what is (routes, peers) is read from the
 * view at each scrape, so a peer that is gone takes its series with it. Per peer at most, never per route or pod.
 */
export class Metrics implements MetricsPage {
  readonly observe: Observations;
  readonly #registry = new Registry();
  #view: AgentView | undefined;
  #snapshot: Snapshot | undefined;
  #rendering: Promise<string> | undefined;

  constructor({ version, runtime = true }: MetricsOptions) {
    for (const metric of viewMetrics) registerViewMetric(this.#registry, metric, () => this.#snapshot);
    this.observe = new Observations(this.#registry, version);
    if (runtime) collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision: LAG_PRECISION });
  }

  /** Where the gauges come from, as soon as there is one. */
  show(view: AgentView): void {
    this.#view = view;
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** One rendering at a time, shared by all who ask meanwhile: impatient scrapers cannot pile up work. */
  async render(): Promise<string> {
    this.#rendering ??= this.#render().finally(() => {
      this.#rendering = undefined;
    });
    return this.#rendering;
  }
}
