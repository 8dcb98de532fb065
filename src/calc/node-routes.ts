import type { DesiredRoute } from '../dataplane/route-intent.ts';
import { changedKeys, PersistentMap } from '../net/persistent-map.ts';
import type { Prefix } from '../net/prefix.ts';
import type { ClusterNode } from './cluster.ts';
import type { RemoteRoutes } from './remote-routes.ts';
import { isUnresolved, type RouteResult, type Unresolved } from './routes.ts';

/** What the Node objects say of routes, where there is no BGP: only nodes on our own subnets can be reached so. */
export interface NodeRoutes {
  readonly routes: PersistentMap<Prefix, DesiredRoute>;
  readonly unresolved: PersistentMap<Prefix, Unresolved>;
}

type Nodes = ReadonlyMap<string, ClusterNode>;

/** The routes to the blocks of all nodes but this one, for one cluster as it changes: a change costs what has changed. */
export function nodeRoutesOf(self: string): (nodes: Nodes, remote: RemoteRoutes) => NodeRoutes {
  let last: { readonly nodes: Nodes; readonly remote: RemoteRoutes; readonly result: NodeRoutes } | undefined;
  return (nodes, remote) => {
    const known = last?.remote === remote ? last : undefined;
    const before: Nodes = known?.nodes ?? new PersistentMap();
    const changed = changedKeys(before, nodes).filter(
      (name) => name !== self && !hasSameBlocks(before.get(name), nodes.get(name)),
    );
    let { routes, unresolved } = known?.result ?? {
      routes: new PersistentMap(),
      unresolved: new PersistentMap(),
    };
    // All that go first: a block may have moved from one node to another.
    for (const name of changed) {
      for (const cidr of before.get(name)?.podCIDRs ?? []) {
        routes = routes.without(cidr);
        unresolved = unresolved.without(cidr);
      }
    }
    for (const name of changed) {
      const node = nodes.get(name);
      for (const route of node === undefined ? [] : remote.behind(name, node)) {
        if (isUnresolved(route)) unresolved = unresolved.with(route.prefix, route);
        else routes = routes.with(route.prefix, route);
      }
    }
    const result = known !== undefined && changed.length === 0 ? known.result : { routes, unresolved };
    last = { nodes, remote, result };
    return result;
  };
}

/** By identity: what does not concern claims leaves them the same objects. */
const hasSameBlocks = (a: ClusterNode | undefined, b: ClusterNode | undefined): boolean =>
  a?.podCIDRs === b?.podCIDRs && a?.addresses === b?.addresses;

/** The node's own routes among those to other nodes; of one prefix the own counts. */
export function withNodeRoutes(own: RouteResult, behind: NodeRoutes): RouteResult {
  let { routes } = behind;
  for (const [prefix, route] of own.routes) routes = routes.with(prefix, route);
  return { ...own, routes, unresolved: [...own.unresolved, ...behind.unresolved.values()] };
}
