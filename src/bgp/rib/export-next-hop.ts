import type { Address } from '../../net/address.ts';
import type { BgpFamily } from '../config.ts';
import type { ExportPeer, ExportSpeaker } from './export-policy.ts';
import type { Path } from './path.ts';

/**
 * The next hop that a peer is told, RFC 4271 §5.1.3: an internal peer that of the route, an external one ours, although a
 * third party on a shared subnet would do; `nextHopMode` says otherwise. Undefined: there is none that the session can carry.
 */
export function exportNextHop(path: Path, peer: ExportPeer, speaker: ExportSpeaker): Address | undefined {
  const { nextHop, family } = path;
  if (nextHop === undefined || !keepsNextHop(peer)) return ownNextHop(family, peer, speaker);
  return canCarry(family, nextHop, peer) ? nextHop : undefined;
}

function keepsNextHop({ nextHopMode = 'auto', localAS, remoteAS }: ExportPeer): boolean {
  return nextHopMode === 'auto' ? localAS === remoteAS : nextHopMode === 'keep';
}

/** Ours of the family; of IPv6 for IPv4 routes where we have no other and RFC 8950 was negotiated. */
function ownNextHop(family: BgpFamily, peer: ExportPeer, { nextHops }: ExportSpeaker): Address | undefined {
  if (family === 'ipv6-unicast') return nextHops.ipv6;
  return nextHops.ipv4 ?? (peer.extendedNextHop ? nextHops.ipv6 : undefined);
}

const canCarry = (family: BgpFamily, nextHop: Address, { extendedNextHop }: ExportPeer): boolean =>
  nextHop.includes(':') ? family === 'ipv6-unicast' || extendedNextHop : family === 'ipv4-unicast';
