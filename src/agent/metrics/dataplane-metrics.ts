import type { ViewMetric } from './view-metric.ts';

/** Whether the kernel is as it should be: routes and drivers. */
export const dataplaneMetrics: readonly ViewMetric[] = [
  {
    name: 'gryphon_routes',
    type: 'gauge',
    help: 'Routes by origin (block, pod, remote) and state (installed, pending, failed, held, unresolved).',
    labels: ['origin', 'state'],
    samples: ({ routes }) =>
      routes.map(({ origin, state, count }) => ({ labels: [origin, state], value: count })),
  },
  {
    name: 'gryphon_driver_failures',
    type: 'gauge',
    help: 'Items that the driver could not write and tries again.',
    labels: ['driver'],
    samples: ({ status }) =>
      status.drivers.map(({ name, failures }) => ({ labels: [name], value: failures.length })),
  },
  {
    name: 'gryphon_driver_last_applied_timestamp_seconds',
    type: 'gauge',
    help: 'When the driver was last applied, Unix time.',
    labels: ['driver'],
    samples: ({ status }) =>
      status.drivers.flatMap(({ name, lastApplied }) =>
        lastApplied === undefined ? [] : [{ labels: [name], value: lastApplied / 1000 }],
      ),
  },
  {
    name: 'gryphon_driver_writes_total',
    type: 'counter',
    help: 'Items written by the driver: created, changed or removed.',
    labels: ['driver'],
    samples: ({ status }) => status.drivers.map(({ name, written }) => ({ labels: [name], value: written })),
  },
  {
    name: 'gryphon_driver_repairs_total',
    type: 'counter',
    help: 'Items written again because somebody else had changed or removed them.',
    labels: ['driver'],
    samples: ({ status }) =>
      status.drivers.map(({ name, repaired }) => ({ labels: [name], value: repaired })),
  },
];
