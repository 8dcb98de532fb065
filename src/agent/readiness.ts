import type { HealthCheck } from '../api/view.ts';
import type { PeerStatus } from '../bgp/status.ts';

/** How long after the start each peer is waited for, until it was established once; otherwise one is enough. Milliseconds. */
export const PEER_GRACE = 30_000;

export interface ReadinessFacts {
  /** Every source was read once; what is missing, if not. */
  readonly synced: boolean;
  readonly waitingFor: readonly string[];
  /** The first pass of all drivers is done. */
  readonly applied: boolean;
  /** The conflist is on disk; why not, if not. */
  readonly conflist: boolean;
  readonly conflistReason: string;
  readonly bgp: boolean;
  readonly peers: readonly PeerStatus[];
  /** Peers that are nodes which Kubernetes calls NotReady: they do not count. */
  readonly excused: ReadonlySet<string>;
  /** Milliseconds since the start. */
  readonly age: number;
}

/** The checks of `/readyz`; the node is ready when all are good. */
export function readinessChecks(facts: ReadinessFacts): readonly HealthCheck[] {
  return [
    {
      name: 'synced',
      ok: facts.synced,
      detail: facts.synced ? 'all sources were read' : `waiting for ${facts.waitingFor.join(', ')}`,
    },
    {
      name: 'applied',
      ok: facts.applied,
      detail: facts.applied ? 'the first pass is done' : 'the first pass over the kernel is not done',
    },
    {
      name: 'conflist',
      ok: facts.conflist,
      detail: facts.conflist ? 'the CNI configuration is written' : facts.conflistReason,
    },
    bgpCheck(facts),
  ];
}

function bgpCheck(facts: ReadinessFacts): HealthCheck {
  const check = (ok: boolean, detail: string): HealthCheck => ({ name: 'bgp', ok, detail });
  if (!facts.bgp) return check(true, 'turned off');
  const counted = facts.peers.filter((p) => p.state !== 'disabled' && !facts.excused.has(p.name));
  if (counted.length === 0) return check(true, 'no peers are configured');
  const down = counted.filter((p) => p.state !== 'established');
  const names = down.map((p) => p.name);
  const detail = `${counted.length - down.length} of ${counted.length} peers established${down.length === 0 ? '' : `, not ${shorten(names)}`}`;
  // One that was there and has left, as in a rolling update, says nothing against this node.
  const isAwaited = facts.age < PEER_GRACE && down.some((p) => p.establishedAt === undefined);
  return check(!isAwaited && down.length < counted.length, detail);
}

const shorten = (names: readonly string[]): string =>
  names.length <= 3 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`;
