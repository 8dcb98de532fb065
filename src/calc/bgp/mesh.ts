import type { BgpFacts } from './facts.ts';
import { asNumberOf, type Globals, listenPort } from './globals.ts';
import { commonFamily, type Neighbour } from './neighbour.ts';

/** Sessions to all other nodes. Reflectors take no part, on either side: BGPPeers say whom they serve. */
export function* meshNeighbours(facts: BgpFacts, globals: Globals): Generator<Neighbour> {
  const { self } = facts;
  if (!globals.mesh || self.node?.routeReflectorClusterID !== undefined) return;
  for (const [name, node] of facts.nodes) {
    if (name === self.name || node.record.routeReflectorClusterID !== undefined) continue;
    const ends = commonFamily(self.addresses, node.addresses);
    if (ends === undefined) continue;
    yield {
      name: `mesh/${name}`,
      ...ends,
      port: listenPort(facts, name),
      localAS: globals.localAS,
      remoteAS: asNumberOf(facts, globals, node),
      node,
      reversed: false,
    };
  }
}
