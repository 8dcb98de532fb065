import type { Clock } from '../ports/clock.ts';
import { GryphonError } from '../ports/error.ts';
import { type CleanupPaths, keptPlugins, removeConflist, removeState } from './files.ts';
import { type CleanupFirewall, removeFirewall } from './firewall.ts';
import { type CleanupItem, failed } from './item.ts';
import { type CleanupNetlink, livePodLinks, removeLinks, removeRoutes } from './kernel.ts';
import { askToLeave, takeBack, untilAgentLeft } from './leave.ts';

/** Pods of ours live on this node: `GRY_CLEANUP_PODS`. */
export class CleanupError extends GryphonError {}

export interface CleanupOptions {
  readonly netlink: CleanupNetlink;
  readonly firewall: CleanupFirewall;
  readonly paths: CleanupPaths;
  /** The number that marks our routes. */
  readonly protocol: number;
  readonly clock: Clock;
  /** Also when pods live here: they lose their network, and their sandboxes can never be torn down in order. */
  readonly force: boolean;
}

/** Milliseconds that the agent has for saying goodbye to its peers. */
const PATIENCE = 60_000;

/**
 * Removes everything of ours from this node and tells of each thing as it goes; what fails does not hold up the rest. Nothing at all
 * is done where it is refused.
 * @throws CleanupError, LeaveError
 */
export async function* cleanUp(options: CleanupOptions, signal: AbortSignal): AsyncGenerator<CleanupItem> {
  const { netlink, firewall, paths, protocol, clock, force } = options;
  if (!force) refuseLivePods(netlink);
  askToLeave(paths.cniSocket);
  try {
    await untilAgentLeft(paths.cniSocket, PATIENCE, clock);
    // A pod may have come before the agent let go.
    if (!force) refuseLivePods(netlink);
  } catch (error) {
    takeBack(paths.cniSocket);
    throw error;
  }
  yield* removeConflist(paths);
  yield* await unlessFailed('link', 'pod links and tunnels', removeLinks(netlink));
  yield* await unlessFailed('routes', `of protocol ${protocol}`, removeRoutes(netlink, protocol, signal));
  yield* await unlessFailed('rules', 'of iptables', removeFirewall(firewall, signal));
  yield* removeState(paths);
  yield* keptPlugins(paths);
}

/** A kernel that cannot even be asked is one more thing that failed. */
async function unlessFailed(
  kind: CleanupItem['kind'],
  name: string,
  items: Promise<readonly CleanupItem[]>,
): Promise<readonly CleanupItem[]> {
  try {
    return await items;
  } catch (error) {
    return [failed(kind, name, error)];
  }
}

function refuseLivePods(netlink: CleanupNetlink): void {
  const links = livePodLinks(netlink);
  if (links.length === 0) return;
  const names = links.slice(0, 3).map((link) => link.name);
  const more = links.length > names.length ? ', ...' : '';
  const pods = links.length === 1 ? '1 pod lives' : `${links.length} pods live`;
  throw new CleanupError('GRY_CLEANUP_PODS', `${pods} on this node (${names.join(', ')}${more})`, {
    remedy:
      'drain the node first, or give --force: then they lose their network, and their sandboxes cannot be torn down in order any more',
  });
}
