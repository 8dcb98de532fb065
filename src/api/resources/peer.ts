import { type Static, Type } from 'typebox';
import type { PeerStatus } from '../../bgp/status.ts';
import { list, Time, time } from './common.ts';

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
  capabilities: list(Type.String()),
  flaps: Type.Integer(),
  lastDown: Type.Optional(Down),
  lastError: Type.Optional(Type.String()),
  problem: Type.Optional(Type.String({ description: 'what stands in its way, wrong on our side' })),
  messages: Type.Object({ received: Messages, sent: Messages }),
  prefixes: Type.Object({ 'ipv4-unicast': Prefixes, 'ipv6-unicast': Prefixes }),
  endOfRib: Type.Boolean(),
});
export type Peer = Static<typeof Peer>;

/** `/v1/bgp/peers`. */
export const PeerList = Type.Object({ items: list(Peer) });

export function peerOf({ since, establishedAt, lastDown, ...rest }: PeerStatus): Peer {
  return {
    ...rest,
    since: time(since),
    ...(establishedAt !== undefined && { establishedAt: time(establishedAt) }),
    ...(lastDown !== undefined && { lastDown: { ...lastDown, at: time(lastDown.at) } }),
  };
}
