import type { PeerConfig } from './config.ts';
import type { Exchange } from './exchange.ts';
import type { AgreedRestart } from './fsm/restart-agreement.ts';
import type { FsmState, Negotiated } from './fsm/state.ts';
import type { KeptRoutes } from './retention.ts';
import type { SessionRecord } from './session-record.ts';
import type { PeerStatus, PrefixCounts } from './status.ts';
import { commonCapabilities } from './wire/negotiate.ts';

const NO_PREFIXES: PrefixCounts = { received: 0, accepted: 0, advertised: 0 };

/** Everything that people may know of a session, from the places where it stands. */
export function sessionStatus(
  peer: PeerConfig,
  record: SessionRecord,
  state: FsmState,
  exchange: Exchange | undefined,
  kept: KeptRoutes | undefined,
): PeerStatus {
  const { name, description, address, port, localAddress, localAS, remoteAS } = peer;
  const { password, ttlSecurity, prefixLimit, problem } = peer;
  const { establishedAt, lastDown, lastError } = record;
  const negotiated = negotiatedOf(state);
  return {
    name,
    ...(description !== undefined && { description }),
    address,
    port,
    ...(localAddress !== undefined && { localAddress }),
    localAS,
    remoteAS,
    state: record.state,
    since: record.since,
    ...(establishedAt !== undefined && { establishedAt }),
    ...(negotiated !== undefined && {
      remoteRouterID: negotiated.remote.routerID,
      holdTime: negotiated.holdTime,
      keepaliveTime: negotiated.keepaliveTime,
    }),
    capabilities: negotiated === undefined ? [] : commonCapabilities(negotiated.local, negotiated.remote),
    flaps: record.flaps,
    ...(lastDown !== undefined && { lastDown }),
    ...(lastError !== undefined && { lastError }),
    messages: { received: { ...record.received }, sent: { ...record.sent } },
    prefixes: {
      'ipv4-unicast': (exchange ?? kept)?.counts('ipv4-unicast') ?? NO_PREFIXES,
      'ipv6-unicast': (exchange ?? kept)?.counts('ipv6-unicast') ?? NO_PREFIXES,
    },
    endOfRib: exchange?.complete ?? false,
    ...restartStatus(exchange?.negotiated.restart ?? kept?.agreed, kept),
    ...(password !== undefined && { authenticated: true }),
    ...(ttlSecurity !== undefined && { ttlSecurity }),
    ...(prefixLimit !== undefined && { prefixLimit: prefixLimit.limit }),
    ...(problem !== undefined && { problem }),
  };
}

function restartStatus(
  agreed: AgreedRestart | undefined,
  kept: KeptRoutes | undefined,
): Pick<PeerStatus, 'gracefulRestart'> {
  if (agreed === undefined) return {};
  const { localTime, remoteTime, families, notification } = agreed;
  return {
    gracefulRestart: {
      localTime,
      remoteTime,
      families,
      notification,
      ...(kept !== undefined && { staleUntil: kept.until }),
      ...(kept?.longLived === true && { longLived: true }),
    },
  };
}

/** What the established connection agreed on, or else the one that is nearest to it. */
function negotiatedOf({ connections }: FsmState): Negotiated | undefined {
  const talking = connections.filter((c) => c.phase !== 'opensent');
  return (talking.find((c) => c.phase === 'established') ?? talking[0])?.negotiated;
}
