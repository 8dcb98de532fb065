import type { Registry } from 'prom-client';

/** What prom-client keeps of a metric; its own types leave the labels out. */
interface Described {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly labelNames: readonly string[];
}

/** `docs/metrics.md`, from the registry itself. */
export function metricsReference(registry: Registry): string {
  const all = registry.getMetricsAsArray() as unknown as readonly Described[];
  const ours = all.filter(({ name }) => name.startsWith('gryphon_'));
  const runtime = all.filter(({ name }) => !name.startsWith('gryphon_'));
  return [
    '# Metrics',
    '',
    '<!-- Generated from the registry; `vitest run --project unit test/agent/metrics.test.ts -u` writes it anew. -->',
    '',
    'Served in the Prometheus text format at `:17180/metrics` (and at `/metrics` of the status API). Base units throughout: seconds,',
    'bytes, Unix time. No series is per route or per pod; those of a peer vanish with the peer.',
    '',
    ...table(ours),
    '',
    '## Runtime',
    '',
    'From prom-client: the process and the Node.js runtime, among them the lag of the event loop.',
    '',
    ...table(runtime),
    '',
  ].join('\n');
}

function table(metrics: readonly Described[]): readonly string[] {
  const rows = metrics
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, type, labelNames, help }) => {
      const labels = labelNames.map((label) => `\`${label}\``).join(', ');
      return `| \`${name}\` | ${type} | ${labels} | ${help.replaceAll('|', '\\|')} |`;
    });
  return ['| metric | type | labels | meaning |', '|---|---|---|---|', ...rows];
}
