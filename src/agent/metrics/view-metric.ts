import { Counter, Gauge, type Registry } from 'prom-client';
import type { Snapshot } from './snapshot.ts';

/** One series: the values of the metric's labels in their order, and the value. */
export interface Sample {
  readonly labels: readonly string[];
  readonly value: number;
}

/** A metric that is computed from the agent's view at each scrape. */
export interface ViewMetric {
  readonly name: `gryphon_${string}`;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  readonly labels: readonly string[];
  readonly samples: (snapshot: Snapshot) => Iterable<Sample>;
}

/** Registers the metric. Each scrape fills it anew, so the series of what is gone vanish. */
export function registerViewMetric(
  registry: Registry,
  { name, type, help, labels, samples }: ViewMetric,
  snapshot: () => Snapshot | undefined,
): void {
  const Kind = type === 'gauge' ? Gauge : Counter;
  const metric: Gauge | Counter = new Kind({
    name,
    help,
    labelNames: labels,
    registers: [registry],
    collect: () => {
      metric.reset();
      const seen = snapshot();
      if (seen === undefined) return;
      for (const sample of samples(seen)) metric.inc(labelled(labels, sample.labels), sample.value);
    },
  });
}

function labelled(names: readonly string[], values: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']));
}
