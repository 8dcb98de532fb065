/** What answers `/metrics`; implemented by `agent/metrics.ts`, so that prom-client stays there. */
export interface MetricsPage {
  readonly contentType: string;
  /** The whole page in the Prometheus text format. */
  render(): Promise<string>;
}
