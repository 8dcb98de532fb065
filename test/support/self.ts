import { computeCluster } from '../../src/calc/cluster.ts';
import { computeSelf, type Self } from '../../src/calc/self.ts';
import type { NodeRecord } from '../../src/kube/records/node.ts';
import type { Address } from '../../src/net/address.ts';

/** The node of this name among these Node objects. */
export const selfOf = (
  name: string,
  nodes: ReadonlyMap<string, NodeRecord>,
  localAddresses: ReadonlySet<Address> = new Set(),
): Self => computeSelf(name, computeCluster(nodes).nodes, localAddresses);
