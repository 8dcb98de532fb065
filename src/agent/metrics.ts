import { collectDefaultMetrics, Registry } from 'prom-client';
import type { MetricsPage } from '../api/metrics-page.ts';
import { turn } from '../api/turns.ts';
import type { AgentView } from '../api/view.ts';
import { bgpMetrics } from './metrics/bgp-metrics.ts';
import { dataplaneMetrics } from './metrics/dataplane-metrics.ts';
import { nodeMetrics } from './metrics/node-metrics.ts';
import { Observations } from './metrics/observations.ts';
import { metricsReference } from './metrics/reference.ts';
import { type Snapshot, takeSnapshot } from './metrics/snapshot.ts';
import { registerViewMetric } from './metrics/view-metric.ts';

export interface MetricsOptions {
  readonly version: string;
  /** `process_…` and `nodejs_…`: they keep an event loop monitor and a garbage collection observer. Default: true. */
  readonly runtime?: boolean;
}

/** Milliseconds between the samples of the event loop's lag: at rest each of them wakes the process. */
const LAG_PRECISION = 250;

/**
 * The registry. What happens (loop runs, CNI requests) is told to `observe` as it happens; what is (routes, peers) is read from
 * the view at each scrape, so a peer that is gone takes its series with it.
 */
export class Metrics implements MetricsPage {
  readonly observe: Observations;
  readonly #registry = new Registry();
  #view: AgentView | undefined;
  #snapshot: Snapshot | undefined;
  #rendering: Promise<string> | undefined;

  constructor({ version, runtime = true }: MetricsOptions) {
    for (const metric of [...nodeMetrics, ...dataplaneMetrics, ...bgpMetrics]) {
      registerViewMetric(this.#registry, metric, () => this.#snapshot);
    }
    this.observe = new Observations(this.#registry, version);
    if (runtime)
      collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision: LAG_PRECISION });
  }

  /** Where what is comes from, as soon as there is one; until then what has labels has no series, the rest is 0. */
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
    return await this.#rendering;
  }

  /** The text of `docs/metrics.md`. */
  reference(): string {
    return metricsReference(this.#registry);
  }

  /** Metric by metric, with a turn of the event loop after each: the registry's own page is one long burst. */
  async #render(): Promise<string> {
    this.#snapshot = this.#view && (await takeSnapshot(this.#view));
    const parts: string[] = [];
    for (const { name } of this.#registry.getMetricsAsArray()) {
      parts.push(await this.#registry.getSingleMetricAsString(name));
      await turn();
    }
    this.#snapshot = undefined;
    return `${parts.join('\n\n')}\n`;
  }
}
