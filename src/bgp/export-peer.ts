import type { PeerConfig } from './config.ts';
import { knowsLongLived } from './fsm/restart-agreement.ts';
import type { Negotiated } from './fsm/state.ts';
import type { ExportPeer } from './rib/export-policy.ts';

/** A peer as export policy sees it: as configured, with what this session negotiated. */
export function exportPeer(peer: PeerConfig, { remote, context }: Negotiated): ExportPeer {
  return {
    ...peer,
    routerID: remote.routerID,
    families: context.families,
    extendedNextHop: context.extendedNextHop,
    longLived: knowsLongLived(remote),
  };
}
