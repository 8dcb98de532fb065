import type { StatusView } from '../../api/view.ts';
import type { Problem } from '../../ports/problem.ts';
import type { Sample, ViewMetric } from './view-metric.ts';

/** Whether the node is well: readiness, problems, sources, pods, addresses. */
export const nodeMetrics: readonly ViewMetric[] = [
  {
    name: 'gryphon_ready',
    type: 'gauge',
    help: '1 when every readiness check passes, else 0.',
    labels: [],
    samples: ({ status }) => [{ labels: [], value: Number(status.ready) }],
  },
  {
    name: 'gryphon_problems',
    type: 'gauge',
    help: 'Problems that a person should mend, by code and severity (warning, error); gryphon status shows them.',
    labels: ['code', 'severity'],
    samples: ({ status }) => countProblems(status.problems),
  },
  {
    name: 'gryphon_source_synced',
    type: 'gauge',
    help: '1 when the source of facts has been read completely, else 0.',
    labels: ['source'],
    samples: ({ status }) =>
      status.sources.map(({ name, synced }) => ({ labels: [name], value: Number(synced) })),
  },
  {
    name: 'gryphon_source_last_good_timestamp_seconds',
    type: 'gauge',
    help: 'When the source of facts was last read without an error, Unix time.',
    labels: ['source'],
    samples: ({ status }) =>
      status.sources.flatMap(({ name, lastGood }) =>
        lastGood === undefined ? [] : [{ labels: [name], value: lastGood / 1000 }],
      ),
  },
  {
    name: 'gryphon_kube_objects',
    type: 'gauge',
    help: 'Objects of a resource of the API server that are kept.',
    labels: ['source'],
    samples: ({ status }) => followed(status, ({ objects }) => objects),
  },
  {
    name: 'gryphon_kube_lists_total',
    type: 'counter',
    help: 'Complete lists of a resource that were read from the API server.',
    labels: ['source'],
    samples: ({ status }) => followed(status, ({ lists }) => lists),
  },
  {
    name: 'gryphon_kube_watch_ends_total',
    type: 'counter',
    help: 'Ends of watches by reason: timeout is the usual one, all others are followed by a pause.',
    labels: ['source', 'reason'],
    samples: ({ status }) =>
      status.sources.flatMap(({ name, follow }) =>
        [...(follow?.watchEnds ?? [])].map(([reason, value]) => ({ labels: [name, reason], value })),
      ),
  },
  {
    name: 'gryphon_pods',
    type: 'gauge',
    help: 'Pod interfaces on this node.',
    labels: [],
    samples: ({ status }) => [{ labels: [], value: status.pods }],
  },
  {
    name: 'gryphon_ipam_addresses',
    type: 'gauge',
    help: 'Pod addresses of this node by podCIDR and state (used, cooling, free).',
    labels: ['cidr', 'state'],
    samples: ({ status }) => status.ipam.flatMap(addressSamples),
  },
];

function followed(
  { sources }: StatusView,
  value: (follow: NonNullable<StatusView['sources'][number]['follow']>) => number,
): readonly Sample[] {
  return sources.flatMap(({ name, follow }) =>
    follow === undefined ? [] : [{ labels: [name], value: value(follow) }],
  );
}

function countProblems(problems: readonly Problem[]): readonly Sample[] {
  const groups = Map.groupBy(problems, ({ code, severity }) => `${code} ${severity}`);
  return [...groups].map(([key, group]) => ({ labels: key.split(' '), value: group.length }));
}

function addressSamples({ cidr, used, cooling, free }: StatusView['ipam'][number]): readonly Sample[] {
  return [
    { labels: [cidr, 'used'], value: used },
    { labels: [cidr, 'cooling'], value: cooling },
    { labels: [cidr, 'free'], value: Number(free) },
  ];
}
