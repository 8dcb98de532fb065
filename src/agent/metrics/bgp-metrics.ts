import type { MessageCounts, PeerState, PeerStatus, PrefixCounts } from '../../bgp/status.ts';
import type { Sample, ViewMetric } from './view-metric.ts';

/** The numbers of bgpPeerState in RFC 4273 §3; 0 is ours. */
const STATE_NUMBERS: Readonly<Record<PeerState, number>> = {
  disabled: 0,
  idle: 1,
  connect: 2,
  active: 3,
  opensent: 4,
  openconfirm: 5,
  established: 6,
};

/** How the sessions are: a fixed number of series for each peer. */
export const bgpMetrics: readonly ViewMetric[] = [
  {
    name: 'gryphon_bgp_session_up',
    type: 'gauge',
    help: '1 when the session is established, else 0.',
    labels: ['peer'],
    samples: ({ peers }) =>
      peers.map(({ name, state }) => ({ labels: [name], value: Number(state === 'established') })),
  },
  {
    name: 'gryphon_bgp_peer_state',
    type: 'gauge',
    help:
      'State of the session as RFC 4273 numbers it: 1 idle, 2 connect, 3 active, 4 opensent, 5 openconfirm, ' +
      '6 established; 0 disabled.',
    labels: ['peer'],
    samples: ({ peers }) => peers.map(({ name, state }) => ({ labels: [name], value: STATE_NUMBERS[state] })),
  },
  {
    name: 'gryphon_bgp_peer_info',
    type: 'gauge',
    help: 'Always 1; the labels tell who the peer is.',
    labels: ['peer', 'address', 'local_as', 'remote_as'],
    samples: ({ peers }) =>
      peers.map(({ name, address, localAS, remoteAS }) => ({
        labels: [name, address, String(localAS), String(remoteAS)],
        value: 1,
      })),
  },
  {
    name: 'gryphon_bgp_state_since_timestamp_seconds',
    type: 'gauge',
    help: 'When the session entered its present state, Unix time.',
    labels: ['peer'],
    samples: ({ peers }) => peers.map(({ name, since }) => ({ labels: [name], value: since / 1000 })),
  },
  {
    name: 'gryphon_bgp_last_established_timestamp_seconds',
    type: 'gauge',
    help: 'When the session was last established, Unix time; absent: never.',
    labels: ['peer'],
    samples: ({ peers }) =>
      peers.flatMap(({ name, establishedAt }) =>
        establishedAt === undefined ? [] : [{ labels: [name], value: establishedAt / 1000 }],
      ),
  },
  {
    name: 'gryphon_bgp_session_flaps_total',
    type: 'counter',
    help: 'How often an established session was lost.',
    labels: ['peer'],
    samples: ({ peers }) => peers.map(({ name, flaps }) => ({ labels: [name], value: flaps })),
  },
  {
    name: 'gryphon_bgp_messages_total',
    type: 'counter',
    help: 'BGP messages by direction (received, sent) and type.',
    labels: ['peer', 'direction', 'type'],
    samples: ({ peers }) => peers.flatMap(messageSamples),
  },
  {
    name: 'gryphon_bgp_notifications_total',
    type: 'counter',
    help: 'NOTIFICATIONs by direction (received, sent), code and subcode as on the wire; other: of a kind that no standard names.',
    labels: ['peer', 'direction', 'code', 'subcode'],
    samples: ({ peers }) => peers.flatMap(notificationSamples),
  },
  {
    name: 'gryphon_bgp_malformed_total',
    type: 'counter',
    help:
      'Messages that were not as they should be by reaction (RFC 7606): reset (ended a session), withdraw (taken for a withdrawal), ' +
      'discard (an attribute dropped), ignore (what a standard tells to skip).',
    labels: ['peer', 'reaction'],
    samples: ({ peers }) => peers.flatMap(malformedSamples),
  },
  {
    name: 'gryphon_bgp_prefixes',
    type: 'gauge',
    help: 'Prefixes by family and kind: received (before policy), accepted (past import policy), advertised, stale (of those received: kept from a session that is over).',
    labels: ['peer', 'family', 'kind'],
    samples: ({ peers }) => peers.flatMap(prefixSamples),
  },
  {
    name: 'gryphon_bgp_prefix_limit',
    type: 'gauge',
    help: 'How many prefixes of each family the peer may tell; absent: any number.',
    labels: ['peer'],
    samples: ({ peers }) =>
      peers.flatMap(({ name, prefixLimit }) =>
        prefixLimit === undefined ? [] : [{ labels: [name], value: prefixLimit }],
      ),
  },
];

const MESSAGE_TYPES = {
  open: 'open',
  update: 'update',
  notification: 'notification',
  keepalive: 'keepalive',
  routeRefresh: 'route_refresh',
} as const satisfies Record<keyof MessageCounts, string>;

function messageSamples({ name, messages }: PeerStatus): readonly Sample[] {
  return (['received', 'sent'] as const).flatMap((direction) =>
    keysOf(MESSAGE_TYPES).map((key) => ({
      labels: [name, direction, MESSAGE_TYPES[key]],
      value: messages[direction][key],
    })),
  );
}

function notificationSamples({ name, notifications }: PeerStatus): readonly Sample[] {
  return notifications.map(({ direction, code = 'other', subcode = 'other', count }) => ({
    labels: [name, direction, String(code), String(subcode)],
    value: count,
  }));
}

function malformedSamples({ name, malformed }: PeerStatus): readonly Sample[] {
  return keysOf(malformed).map((reaction) => ({ labels: [name, reaction], value: malformed[reaction] }));
}

const PREFIX_KINDS = { received: true, accepted: true, advertised: true, stale: true } satisfies Record<
  keyof PrefixCounts,
  true
>;

function prefixSamples({ name, prefixes }: PeerStatus): readonly Sample[] {
  return keysOf(prefixes).flatMap((family) =>
    keysOf(PREFIX_KINDS).map((kind) => ({
      labels: [name, family, kind],
      value: prefixes[family][kind] ?? 0,
    })),
  );
}

/** `Object.keys` of an object whose type lists all of its keys. */
const keysOf = <K extends string>(record: Readonly<Record<K, unknown>>): readonly K[] =>
  Object.keys(record) as K[];
