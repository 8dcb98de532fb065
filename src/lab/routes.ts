import { mustRun } from './command.ts';
import type { Lab } from './lab.ts';
import { parseRoutes } from './output/route.ts';
import { type LabNode, namespaceOf } from './topology.ts';

/** Pod CIDRs of other nodes that the node's kernel has no route for (yet). */
export async function missingRoutes(lab: Lab, node: LabNode): Promise<readonly string[]> {
  const known = new Set<string>();
  for (const family of ['-4', '-6']) {
    const text = await mustRun(lab.run, [
      'ip',
      '-n',
      namespaceOf(lab.topology, node.name),
      family,
      'route',
      'show',
    ]);
    for (const route of parseRoutes(text)) known.add(route.destination);
  }
  return lab.topology.nodes
    .filter((other) => other.name !== node.name)
    .flatMap((other) => other.podCIDRs)
    .filter((cidr) => !known.has(cidr));
}
