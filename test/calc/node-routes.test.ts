import { expect, it } from 'vitest';
import { clusterOf } from '../../src/calc/cluster.ts';
import { NextHopResolver } from '../../src/calc/next-hops.ts';
import { nodeRoutesOf } from '../../src/calc/node-routes.ts';
import { RemoteRoutes } from '../../src/calc/remote-routes.ts';
import type { NodeRecord } from '../../src/kube/records/node.ts';
import { address } from '../../src/net/address.ts';
import { changedKeys, PersistentMap } from '../../src/net/persistent-map.ts';
import { byName, kernelRoute, node } from '../support/records.ts';
import { selfOf } from '../support/self.ts';

const local = new Set([address('192.0.2.1')]);
const ours = node('n0', ['10.0.0.0/24'], ['192.0.2.1']);
const remote = new RemoteRoutes(
  selfOf('n0', byName(ours), local),
  new NextHopResolver([kernelRoute('192.0.2.0/24', { link: 2 })], new Set(), local),
);

const other = (i: number, block = i, more: Partial<NodeRecord> = {}): NodeRecord =>
  node(`n${i}`, [`10.0.${block}.0/24`], [`192.0.2.${i + 1}`], more);

it.each<[what: string, change: readonly NodeRecord[], changed: readonly string[]]>([
  ['a node that is not ready any more', [other(2, 2, { ready: false })], []],
  ['labels', [other(2, 2, { labels: { rack: 'r1' } })], []],
  ['another block', [other(2, 200)], ['10.0.2.0/24', '10.0.200.0/24']],
  ['two nodes that change their blocks', [other(2, 3), other(3, 2)], ['10.0.2.0/24', '10.0.3.0/24']],
  ['a new node', [other(150)], ['10.0.150.0/24']],
  ['a node with another address', [node('n2', ['10.0.2.0/24'], ['192.0.2.250'])], ['10.0.2.0/24']],
  ['a node out of reach', [node('n2', ['10.0.2.0/24'], ['198.51.100.1'])], ['10.0.2.0/24']],
  ['our own block', [node('n0', ['10.0.250.0/24'], ['192.0.2.1'])], []],
])('of a hundred nodes %s concerns only its own routes', (_, change, changed) => {
  const cluster = clusterOf();
  const follow = nodeRoutesOf('n0');
  let nodes = new PersistentMap(
    [ours, ...Array.from({ length: 99 }, (__, i) => other(i + 1))].map((n) => [n.name, n]),
  );
  const before = follow(cluster(nodes).nodes, remote);
  for (const record of change) nodes = nodes.with(record.name, record);
  const after = follow(cluster(nodes).nodes, remote);
  expect([...changedKeys(before.routes, after.routes)].sort()).toEqual(changed);
  expect(after === before).toBe(changed.length === 0);
});
