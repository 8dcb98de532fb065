import type { Address } from '../../net/address.ts';
import { compareAddresses } from '../../net/address.ts';
import type { OpenMessage } from '../wire/message.ts';
import { isRestarting } from './restart-agreement.ts';
import type { Agreed, ConnectionState, Direction } from './state.ts';
import { COLLISION_WAIT } from './timing.ts';

/** One end of a connection, as its OPEN names it. */
export interface Identity {
  readonly routerID: Address;
  readonly as: number;
}

/**
 * Whose connection survives when both sides dialled: the one that the side with the higher BGP Identifier opened
 * (RFC 4271 §6.8), with equal identifiers the one of the higher AS (RFC 6286 §2.3). Both sides come to the same answer.
 */
export function survivingDirection(local: Identity, remote: Identity): Direction {
  const byID = compareAddresses(local.routerID, remote.routerID);
  return (byID === 0 ? local.as - remote.as : byID) > 0 ? 'outgoing' : 'incoming';
}

/** What becomes of the two connections now that an OPEN came on one of them, called "this one". */
export type Verdict = 'go on' | 'wait' | 'close this one' | 'close the other' | 'replace the other';

/**
 * RFC 4271 §6.8, arranged so that neither side ever closes the connection on which the other has established the session:
 *
 * - The other one is in OpenSent. The identifiers are known now (the RFC allows to look at it), so if it is the one that
 *   survives, this one waits for its OPEN; answered at once, this one could be established on one side and closed on the other.
 * - Both OPENs are there: the identifiers decide, as the RFC demands.
 * - The other one is established: it stays, but this one is closed only after a while. It may come from a peer that has lost the
 *   old connection (its power failed) or is about to close it (it decided by the identifiers what we did not).
 * - The other one is established with graceful restart, and this one tells that the peer has restarted since: it takes its place.
 */
export function judgeCollision(
  opened: ConnectionState,
  other: ConnectionState,
  local: Identity,
  remote: OpenMessage,
): Verdict {
  const survives = opened.direction === survivingDirection(local, remote);
  switch (other.phase) {
    case 'opensent':
      return survives ? 'go on' : 'wait';
    case 'contending':
    case 'openconfirm':
      return survives ? 'close the other' : 'close this one';
    case 'established':
      return hasRestarted(opened, other, remote) ? 'replace the other' : 'wait';
  }
}

/**
 * RFC 4724 §4.2: a peer with graceful restart that opens another connection has lost the old one. What both sides opened at
 * the same moment is not that: such a connection is about as old as the session, and its R bit is nothing new.
 */
function hasRestarted(opened: ConnectionState, other: Agreed, remote: OpenMessage): boolean {
  const { negotiated, establishedAt = 0 } = other;
  if (opened.direction === 'outgoing' || (negotiated.restart?.families.length ?? 0) === 0) return false;
  const news = isRestarting(remote) && !isRestarting(negotiated.remote);
  return news || opened.openedAt - establishedAt >= COLLISION_WAIT;
}
