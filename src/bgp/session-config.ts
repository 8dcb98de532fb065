import { familyOf } from '../net/address.ts';
import type { PeerConfig } from './config.ts';
import type { Announced } from './exchange.ts';
import type { FsmConfig } from './fsm/state.ts';

/** What a session cannot change while it lives: what stands in its OPEN, and where and how TCP connects. */
export function sessionIdentity(peer: PeerConfig, speaker: Announced): unknown {
  const { address, port, localAddress, ttlSecurity, enabled = true } = peer;
  return { address, port, localAddress, ttlSecurity, enabled, ...fsmConfig(peer, speaker) };
}

/** The part of a peer's configuration that its state machine looks at. */
export function fsmConfig(peer: PeerConfig, { routerID }: Announced): FsmConfig {
  const { localAS, remoteAS, families, holdTime, keepaliveTime, passive } = peer;
  const { restartTime, longLivedStaleTime = 0, notificationRestart, addPath, role } = peer;
  return {
    localAS,
    remoteAS,
    families,
    holdTime,
    keepaliveTime,
    passive,
    routerID,
    ...(restartTime !== undefined && { restartTime }),
    // How long it is does not stand in the OPEN.
    ...(longLivedStaleTime > 0 && { longLived: true }),
    ...(notificationRestart !== undefined && { notificationRestart }),
    ...(addPath !== undefined && { addPath }),
    ...(role !== undefined && { role }),
    // Over IPv6 there may be no IPv4 address that could be a next hop.
    extendedNextHop: familyOf(peer.address) === 6,
  };
}
