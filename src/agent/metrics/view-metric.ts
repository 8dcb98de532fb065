import { Counter, Gauge, type Registry } from 'prom-client';
import type { PeerStatus } from '../../bgp/status.ts';
import type { RouteView, StatusView } from '../../api/view.ts';

/** What one scrape sees: read from the view once, so that all series of a page tell of the same moment. */
export interface Snapshot {
  readonly status: StatusView;
  readonly peers: readonly PeerStatus[];
  readonly routes: readonly RouteCount[];
}

export interface RouteCount {
  readonly origin: RouteView['origin'];
  readonly state: RouteView['state'];
  readonly count: number;
}

/** One series: label values in the order of the metric's labels, then the value. */
export type Sample = readonly [...labels: readonly string[], value: number];

/** A metric that is computed from the view at each scrape. */
export interface ViewMetric {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  readonly labels: readonly string[];
  readonly samples: (snapshot: Snapshot) => Iterable<Sample>;
}

/** Registers the metric; without a snapshot it has no series. Each scrape begins anew, so series of what is gone vanish. */
export function registerViewMetric(
  registry: Registry,
  { name, type, help, labels, samples }: ViewMetric,
  snapshot: () => Snapshot | undefined,
): void {
  const fill = (metric: Gauge | Counter): void => {
    metric.reset();
    const seen = snapshot();
    if (seen === undefined) return;
    for (const sample of samples(seen)) {
      const value = sample.at(-1);
      if (typeof value === 'number') metric.inc(labelled(labels, sample), value);
    }
  };
  const configuration = { name, help, labelNames: labels, registers: [registry], collect: fill };
  if (type === 'gauge') registry.registerMetric(new Gauge({ ...configuration, collect() { fill(this); } }));
  else registry.registerMetric(new Counter({ ...configuration, collect() { fill(this); } }));
}
