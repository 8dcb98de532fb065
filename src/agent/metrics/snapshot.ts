import { inTurns } from '../../api/turns.ts';
import type { AgentView, RouteView, StatusView } from '../../api/view.ts';
import type { PeerStatus } from '../../bgp/status.ts';

/** What one scrape sees: read from the view once, so that all series of a page tell of the same moment. */
export interface Snapshot {
  readonly status: StatusView;
  readonly peers: readonly PeerStatus[];
  readonly routes: readonly RouteCount[];
}

export interface RouteCount {
  readonly origin: RouteView['origin'];
  readonly state: RouteView['state'];
  readonly count: number;
}

export async function takeSnapshot(view: AgentView): Promise<Snapshot> {
  const routes = await countRoutes(view.routes());
  return { status: view.status(), peers: view.peers(), routes };
}

/** There may be a hundred thousand routes, so they are counted in turns. */
async function countRoutes(routes: Iterable<RouteView>): Promise<readonly RouteCount[]> {
  const counts = new Map<string, RouteCount>();
  for await (const slice of inTurns(routes)) {
    for (const { origin, state } of slice) {
      const key = `${origin} ${state}`;
      counts.set(key, { origin, state, count: (counts.get(key)?.count ?? 0) + 1 });
    }
  }
  return [...counts.values()];
}
