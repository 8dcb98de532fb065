import { type Static, Type } from 'typebox';
import type { PeerStatus, RestartStatus } from '../../bgp/status.ts';
import { Family, list, Problem, Time, time } from './common.ts';

const Down = Type.Object({
  at: Time,
  reason: Type.String(),
  notification: Type.Optional(
    Type.Object({
      direction: Type.Enum(['sent', 'received']),
      code: Type.Integer(),
      subcode: Type.Integer(),
      name: Type.String(),
      text: Type.Optional(Type.String()),
    }),
  ),
});

const Messages = Type.Object({
  open: Type.Integer(),
  update: Type.Integer(),
  notification: Type.Integer(),
  keepalive: Type.Integer(),
  routeRefresh: Type.Integer(),
});

const Prefixes = Type.Object({
  received: Type.Integer({ description: 'in the Adj-RIB-In, before policy' }),
  accepted: Type.Integer({ description: 'past import policy' }),
  advertised: Type.Integer({ description: 'in the Adj-RIB-Out' }),
  stale: Type.Optional(Type.Integer({ description: 'of those received: kept from a session that is over' })),
});

const Restart = Type.Object({
  localTime: Type.Integer({ description: 'seconds that the peer is asked to keep our routes' }),
  remoteTime: Type.Integer({ description: 'seconds that it asks us to keep its routes' }),
  families: list(Family),
  notification: Type.Boolean({ description: 'also after a NOTIFICATION, RFC 8538' }),
  longLivedTimes: Type.Optional(
    Type.Object(
      { 'ipv4-unicast': Type.Optional(Type.Integer()), 'ipv6-unicast': Type.Optional(Type.Integer()) },
      { description: 'seconds that its routes are kept as long-lived stale ones afterwards, RFC 9494' },
    ),
  ),
  staleUntil: Type.Optional(Time),
  longLived: Type.Optional(Type.Boolean({ description: 'what is kept is long-lived stale, RFC 9494' })),
});

const Malformed = Type.Object({
  reset: Type.Integer({ description: 'messages that ended a session' }),
  withdraw: Type.Integer({ description: 'UPDATEs taken for withdrawals, RFC 7606' }),
  discard: Type.Integer({ description: 'UPDATEs of which an attribute was dropped, RFC 7606' }),
  ignore: Type.Integer({ description: 'with something that a standard tells to skip' }),
});

const Notification = Type.Object({
  direction: Type.Enum(['sent', 'received']),
  code: Type.Optional(Type.Integer({ description: 'absent, as subcode: of a kind that no standard names' })),
  subcode: Type.Optional(Type.Integer()),
  name: Type.String(),
  count: Type.Integer(),
});

/** One item of `/v1/bgp/peers`. */
export const Peer = Type.Object({
  name: Type.String(),
  description: Type.Optional(Type.String()),
  address: Type.String(),
  port: Type.Integer(),
  localAddress: Type.Optional(Type.String()),
  localAS: Type.Integer(),
  remoteAS: Type.Integer(),
  state: Type.Enum(['idle', 'connect', 'active', 'opensent', 'openconfirm', 'established', 'disabled']),
  since: Time,
  establishedAt: Type.Optional(Time),
  remoteRouterID: Type.Optional(Type.String()),
  holdTime: Type.Optional(Type.Integer({ description: 'seconds, as negotiated' })),
  keepaliveTime: Type.Optional(Type.Number({ description: 'seconds, as negotiated' })),
  capabilities: list(Type.String({ description: 'what both sides have' })),
  offered: Type.Object({
    local: list(Type.String()),
    remote: Type.Optional(list(Type.String({ description: 'in its last OPEN' }))),
  }),
  gracefulRestart: Type.Optional(Restart),
  authenticated: Type.Optional(Type.Boolean({ description: 'TCP-MD5 is configured' })),
  ttlSecurity: Type.Optional(Type.Integer({ description: 'hops, RFC 5082' })),
  prefixLimit: Type.Optional(Type.Integer({ description: 'per family' })),
  flaps: Type.Integer(),
  lastDown: Type.Optional(Down),
  lastError: Type.Optional(Type.String()),
  problem: Type.Optional(Type.String({ description: 'what stands in its way, wrong on our side' })),
  problems: list(Problem),
  messages: Type.Object({ received: Messages, sent: Messages }),
  malformed: Malformed,
  notifications: list(Notification),
  prefixes: Type.Object({ 'ipv4-unicast': Prefixes, 'ipv6-unicast': Prefixes }),
  endOfRib: Type.Boolean(),
});
export type Peer = Static<typeof Peer>;

/** `/v1/bgp/peers`. */
export const PeerList = Type.Object({ items: list(Peer) });

export function peerOf(status: PeerStatus): Peer {
  const { since, establishedAt, lastDown, gracefulRestart, ...rest } = status;
  return {
    ...rest,
    since: time(since),
    ...(establishedAt !== undefined && { establishedAt: time(establishedAt) }),
    ...(lastDown !== undefined && { lastDown: { ...lastDown, at: time(lastDown.at) } }),
    ...(gracefulRestart !== undefined && { gracefulRestart: restartOf(gracefulRestart) }),
  };
}

const restartOf = ({ staleUntil, ...rest }: RestartStatus): Static<typeof Restart> => ({
  ...rest,
  ...(staleUntil !== undefined && { staleUntil: time(staleUntil) }),
});
