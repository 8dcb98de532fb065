import type { Problem } from '../ports/problem.ts';
import type { PeerConfig } from './config.ts';
import type { Exchange } from './exchange.ts';
import { localOpen } from './fsm/open.ts';
import { type AgreedRestart, longLivedTimes } from './fsm/restart-agreement.ts';
import type { FsmState, Negotiated } from './fsm/state.ts';
import { configuredProblems } from './peer-problems.ts';
import type { KeptRoutes } from './retention.ts';
import type { SessionRecord } from './session-record.ts';
import type { PeerStatus, PrefixCounts } from './status.ts';
import { capabilityText } from './wire/capability-text.ts';
import type { OpenMessage } from './wire/message.ts';
import { commonCapabilities } from './wire/negotiate.ts';

const NO_PREFIXES: PrefixCounts = { received: 0, accepted: 0, advertised: 0 };

/** The places where it stands what people may know of a session. */
export interface SessionFacts {
  readonly peer: PeerConfig;
  readonly record: SessionRecord;
  readonly state: FsmState;
  readonly exchange: Exchange | undefined;
  readonly kept: KeptRoutes | undefined;
  /** Beside the one that the configuration tells. */
  readonly problems: readonly Problem[];
}

export function sessionStatus(facts: SessionFacts): PeerStatus {
  const { peer, record, state, exchange, kept } = facts;
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
    capabilities: negotiated === undefined ? [] : common(negotiated),
    offered: {
      local: offers(negotiated?.local ?? localOpen(state)),
      ...(record.open !== undefined && { remote: offers(record.open) }),
    },
    flaps: record.flaps,
    ...(lastDown !== undefined && { lastDown }),
    ...(lastError !== undefined && { lastError }),
    messages: { received: { ...record.received }, sent: { ...record.sent } },
    malformed: record.malformedCounts(),
    notifications: record.notifications.list(),
    prefixes: {
      'ipv4-unicast': (exchange ?? kept)?.counts('ipv4-unicast') ?? NO_PREFIXES,
      'ipv6-unicast': (exchange ?? kept)?.counts('ipv6-unicast') ?? NO_PREFIXES,
    },
    endOfRib: exchange?.complete ?? false,
    ...restartStatus(exchange?.negotiated.restart ?? kept?.agreed, kept, peer),
    ...(password !== undefined && { authenticated: true }),
    ...(ttlSecurity !== undefined && { ttlSecurity }),
    ...(prefixLimit !== undefined && { prefixLimit: prefixLimit.limit }),
    ...(problem !== undefined && { problem }),
    problems: [...configuredProblems(peer), ...facts.problems],
  };
}

/** Texts of what does not change any more: a thousand peers are asked for together, and often. */
function remembered<T extends object>(texts: (of: T) => readonly string[]): (of: T) => readonly string[] {
  const known = new WeakMap<T, readonly string[]>();
  return (of) => {
    const found = known.get(of) ?? texts(of);
    known.set(of, found);
    return found;
  };
}

const offers = remembered(({ capabilities }: OpenMessage) => capabilities.map(capabilityText));
const common = remembered(({ local, remote }: Negotiated) => commonCapabilities(local, remote));

function restartStatus(
  agreed: AgreedRestart | undefined,
  kept: KeptRoutes | undefined,
  { longLivedStaleTime = 0 }: PeerConfig,
): Pick<PeerStatus, 'gracefulRestart'> {
  if (agreed === undefined) return {};
  const times = longLivedTimes(agreed, longLivedStaleTime);
  const { localTime, remoteTime, families, notification } = agreed;
  return {
    gracefulRestart: {
      localTime,
      remoteTime,
      families,
      notification,
      ...(Object.keys(times).length > 0 && { longLivedTimes: times }),
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
