import type { Address } from '../../net/address.ts';
import { compareAddresses } from '../../net/address.ts';
import type { ConnectionState, Direction } from './state.ts';

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

/**
 * Which connection to close now that an OPEN came on `opened`; undefined: both may go on. An established one always stays;
 * against one in OpenConfirm the identifiers decide; one in OpenSent is left until its own OPEN comes.
 */
export function loserOfCollision(
  opened: ConnectionState,
  other: ConnectionState,
  local: Identity,
  remote: Identity,
): ConnectionState | undefined {
  if (other.phase === 'opensent') return undefined;
  if (other.phase === 'established') return opened;
  return opened.direction === survivingDirection(local, remote) ? other : opened;
}
