import type { PeerConfig } from '../../bgp/config.ts';
import type { Problem } from '../../ports/problem.ts';
import type { ClusterNode } from '../cluster.ts';
import type { BgpFacts } from './facts.ts';
import { asNumberOf, type Globals, listenPort } from './globals.ts';
import { commonFamily, type Neighbour } from './neighbour.ts';
import { type PeerView, peerConfig } from './peer-config.ts';

/** One node, and the session that it gives. */
interface Member {
  readonly node: ClusterNode;
  /** Absent: no session. */
  readonly config?: PeerConfig;
  readonly problems: readonly Problem[];
}

/** Sessions to all other nodes; of a node that has not changed the very same as before. */
export class Mesh {
  #members = new Map<string, Member>();
  #basis: readonly unknown[] = [];

  /** All other nodes. Reflectors take no part, on either side: BGPPeers say whom they serve. */
  members(view: PeerView): Iterable<Member> {
    const { facts, globals } = view;
    const { self, nodes } = facts;
    const former = this.#formerMembers(facts);
    this.#members = new Map();
    if (!globals.mesh || self.node?.routeReflectorClusterID !== undefined) return [];
    for (const [name, node] of nodes) {
      if (name === self.name) continue;
      const known = former.get(name);
      this.#members.set(name, known?.node === node ? known : memberOf(view, node));
    }
    return this.#members.values();
  }

  /** Those of before, unless something has changed that concerns them all. */
  #formerMembers({
    self,
    configurations,
    secrets,
    passwordFiles,
    port,
  }: BgpFacts): ReadonlyMap<string, Member> {
    const before = this.#basis;
    this.#basis = [self, configurations, secrets, passwordFiles, port];
    return this.#basis.every((part, i) => part === before[i]) ? this.#members : new Map();
  }
}

function memberOf(view: PeerView, node: ClusterNode): Member {
  const neighbour = meshNeighbour(view.facts, view.globals, node);
  const problems: Problem[] = [];
  return neighbour === undefined
    ? { node, problems }
    : { node, config: peerConfig(neighbour, view, problems), problems };
}

function meshNeighbour(facts: BgpFacts, globals: Globals, node: ClusterNode): Neighbour | undefined {
  const { name, routeReflectorClusterID } = node.record;
  const ends = commonFamily(facts.self.addresses, node.addresses);
  if (ends === undefined || routeReflectorClusterID !== undefined) return undefined;
  return {
    name: `mesh/${name}`,
    ...ends,
    port: listenPort(facts, name),
    localAS: globals.localAS,
    remoteAS: asNumberOf(facts, globals, node),
    node,
    reversed: false,
  };
}
