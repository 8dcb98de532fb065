import type { StopMode } from '../bgp/speaker.ts';
import type { Snapshot } from '../kube/records/snapshot.ts';

/** Milliseconds in which traffic finds other ways before the sessions of a node that goes end (RFC 8326 §4.3). */
const SHUTDOWN_GRACE = 2_000;

/**
 * An agent that stops is started again, which peers need not know; a node that goes takes its pods with it. One whose Node was deleted
 * has its agent ended by that, and its podCIDRs may be another node's before peers forget them by themselves.
 */
export function stopMode(
  nodeName: string,
  { nodes, complete }: Pick<Snapshot, 'nodes' | 'complete'>,
  isCleanup: boolean,
): StopMode {
  const leave = (why: string): StopMode => ({
    mode: 'shutdown',
    text: `node ${nodeName} ${why}`,
    grace: SHUTDOWN_GRACE,
  });
  if (isCleanup) return leave('is cleaned up');
  const node = nodes.get(nodeName);
  // A cluster without any node is more likely a mistake of whoever says so.
  if (node === undefined && complete && nodes.size > 0) return leave('has no Node object any more');
  return node?.shuttingDown === true ? leave('is shutting down') : { mode: 'restart' };
}
