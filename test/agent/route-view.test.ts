import { expect, it } from 'vitest';
import { routeViews } from '../../src/agent/route-view.ts';
import type { RouteState } from '../../src/dataplane/routes.ts';
import { prefix } from '../../src/net/prefix.ts';
import { link, linkMap, via } from '../support/records.ts';

const states: readonly RouteState[] = [
  { prefix: prefix('10.0.1.0/24'), origin: 'block', nextHops: [], from: 'podCIDR', state: 'installed' },
  {
    prefix: prefix('10.0.1.7/32'),
    origin: 'pod',
    nextHops: [{ link: 7 }],
    from: 'pod default/web-0',
    state: 'installed',
  },
  {
    prefix: prefix('10.0.2.0/24'),
    origin: 'remote',
    nextHops: [via('192.0.2.2', 2), via('192.0.2.3', 9)],
    from: 'bgp mesh/b',
    state: 'failed',
    reason: 'ENETUNREACH',
  },
  { prefix: prefix('10.0.3.0/24'), origin: 'remote', nextHops: [via('192.0.2.2', 2)], state: 'held' },
];

it('shows what is wanted, what is held, and what cannot be', () => {
  const unresolved = [
    [{ prefix: prefix('10.0.4.0/24'), from: 'bgp mesh/c', reason: 'the kernel has no route to it' }],
    [{ prefix: prefix('10.0.1.8/32'), from: 'pod default/web-1', reason: 'its link does not exist' }],
  ];
  const links = linkMap(link(2, 'eth0'), link(7, 'gryp0123456789a'));
  const rows = [...routeViews(unresolved, states, links)].map((v) =>
    [v.prefix, v.origin, v.via.join(' + '), v.learnedFrom, v.state, v.reason ?? ''].join(' | '),
  );
  expect(rows).toEqual([
    '10.0.1.0/24 | block | blackhole | podCIDR | installed | ',
    '10.0.1.7/32 | pod | dev gryp0123456789a | pod default/web-0 | installed | ',
    '10.0.2.0/24 | remote | via 192.0.2.2 dev eth0 + via 192.0.2.3 dev #9 | bgp mesh/b | failed | ENETUNREACH',
    '10.0.3.0/24 | remote | via 192.0.2.2 dev eth0 | an earlier run | held | ',
    '10.0.4.0/24 | remote |  | bgp mesh/c | unresolved | the kernel has no route to it',
    '10.0.1.8/32 | pod |  | pod default/web-1 | unresolved | its link does not exist',
  ]);
});
