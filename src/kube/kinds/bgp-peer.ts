import { Type } from 'typebox';
import {
  asNumber,
  choice,
  defaulted,
  duration,
  integer,
  ours,
  password,
  refused,
  selector,
  text,
} from './field.ts';
import type { Kind } from './kind.ts';
import {
  holdTimeRule,
  isSet,
  keepaliveTimeRule,
  nameRule,
  notBoth,
  peerAddressRule,
  type Rule,
  ruled,
  unicastRule,
} from './rule.ts';
import { acceptance, acceptanceColumns } from './status.ts';

/** What no field says of itself alone. */
const rules: readonly Rule[] = [
  {
    rule: notBoth(isSet('node'), isSet('nodeSelector')),
    message: 'node and nodeSelector exclude each other',
  },
  {
    rule: `${isSet('peerIP')} != ${isSet('peerSelector')}`,
    message: 'exactly one of peerIP and peerSelector must be set',
  },
  {
    rule: `!${isSet('peerIP')} || has(self.asNumber)`,
    message: 'asNumber is required beside peerIP',
  },
  {
    rule: `!${isSet('peerSelector')} || !(has(self.asNumber) || ${isSet('reachableBy')})`,
    message: 'asNumber and reachableBy go with peerIP; of nodes (peerSelector) both are known',
  },
  {
    rule: notBoth(
      "(has(self.nextHopMode) && self.nextHopMode != 'Auto')",
      '(has(self.keepOriginalNextHop) && self.keepOriginalNextHop)',
    ),
    message: 'nextHopMode and keepOriginalNextHop exclude each other',
  },
  {
    rule: `${notBoth(isSet('peerIP'), isSet('reachableBy'))} || (self.reachableBy.contains(':') == self.peerIP.matches(':.*:') && self.reachableBy != self.peerIP)`,
    message: 'reachableBy must be of the family of peerIP, and not the peer itself',
  },
];

const spec = ruled(
  Type.Object({
    node: Type.Optional(
      ruled(text(253, 'Only the node of this name has the peer. Excludes nodeSelector.'), nameRule),
    ),
    nodeSelector: Type.Optional(selector('The nodes that have the peer; every node if absent.')),
    peerIP: Type.Optional(
      ruled(
        text(
          64,
          'Address of the peer, with a port behind it where that is not 179 (or, of a node, its listenPort): 192.0.2.1:1790, [2001:db8::1]:1790. Excludes peerSelector.',
        ),
        peerAddressRule,
      ),
    ),
    peerSelector: Type.Optional(
      selector('The peers are the nodes that this selects. Excludes peerIP, asNumber and reachableBy.'),
    ),
    asNumber: Type.Optional(asNumber('AS number of the peer; goes with peerIP.')),
    localASNumber: Type.Optional(
      asNumber('AS number of our side in these sessions; that of the node if absent.'),
    ),
    password: Type.Optional(password('TCP-MD5 password of the sessions (RFC 2385).')),
    sourceAddress: Type.Optional(
      defaulted(
        choice(
          ['UseNodeIP', 'None'],
          'Our side of the session: the address of the node (UseNodeIP, also if absent), or what the kernel chooses (None).',
        ),
        'UseNodeIP',
      ),
    ),
    nextHopMode: Type.Optional(
      choice(
        ['Auto', 'Self', 'Keep'],
        'Next hop of what is announced: by the rules of the protocol (Auto, also if absent), always ours (Self), never changed (Keep).',
      ),
    ),
    keepOriginalNextHop: Type.Optional(
      Type.Boolean({
        description:
          'Deprecated: true means nextHopMode Keep towards a peer in another AS. Excludes nextHopMode.',
      }),
    ),
    ttlSecurity: Type.Optional(
      integer(
        0,
        255,
        'How many hops away the peer may be: packets that came further are dropped (RFC 5082). 0 or absent: not checked.',
      ),
    ),
    maxRestartTime: Type.Optional(
      duration(
        'How long the peer is asked to keep our routes while we restart (RFC 4724), at most 4095; 120 if absent, 0: not offered.',
        4095,
      ),
    ),
    longLivedStaleTime: Type.Optional(
      ours(
        duration(
          'How long routes of the peer may be kept as long-lived stale ones if it asks for that (RFC 9494), at most 604800; 0 or absent: not at all, nor with maxRestartTime 0.',
          604_800,
        ),
      ),
    ),
    holdTime: Type.Optional(ruled(ours(duration('Proposed hold time: 0 or 3 to 65535.')), holdTimeRule)),
    keepaliveTime: Type.Optional(
      ruled(duration('Time between keepalives; a third of the hold time is the most.'), keepaliveTimeRule),
    ),
    numAllowedLocalASNumbers: Type.Optional(
      integer(0, 255, 'How often our own AS number may stand in a received AS path; 0 if absent.'),
    ),
    filters: Type.Optional(
      Type.Array(text(253, 'Name of a BGPFilter.'), {
        maxItems: 64,
        description: 'BGPFilters whose rules are asked one after the other, in this order.',
      }),
    ),
    passive: Type.Optional(
      defaulted(
        ours(Type.Boolean({ description: 'Never dial, wait for the peer; false if absent.' })),
        false,
      ),
    ),
    reachableBy: Type.Optional(
      ruled(
        text(45, 'Gateway to the peer, on a subnet of the node: a route to the peer leads over it.'),
        unicastRule,
      ),
    ),
    reversePeering: Type.Optional(
      defaulted(
        choice(
          ['Auto', 'Manual'],
          'Whether a node that is the peer (peerSelector, or the address of a node in peerIP) peers back by itself: Auto (also if absent) or Manual.',
        ),
        'Auto',
      ),
    ),
    maxPrefixes: Type.Optional(
      ours(
        integer(
          1,
          2_147_483_647,
          'Most prefixes per family that the peer may announce; more end the session (RFC 4486). Unlimited if absent.',
        ),
      ),
    ),
    maxPrefixesRestartTime: Type.Optional(
      ours(duration('How long such a session stays down; 300 if absent.', 86_400)),
    ),
    addPath: Type.Optional(
      ours(choice(['Receive', 'Send', 'Both'], 'Several paths of one prefix (RFC 7911); none if absent.')),
    ),
    role: Type.Optional(
      ours(
        choice(
          ['Provider', 'Customer', 'Peer', 'RouteServer', 'RouteServerClient'],
          'What we are to the peer, in another AS (RFC 9234); nothing is announced or checked if absent.',
        ),
      ),
    ),
    description: Type.Optional(ours(text(256, 'For people; shown beside the peer.'))),
    enabled: Type.Optional(
      defaulted(
        ours(Type.Boolean({ description: 'False keeps the object and shuts the session; true if absent.' })),
        true,
      ),
    ),
    localWorkloadSelector: Type.Optional(
      refused(selector('Peer with these pods.'), 'write a BGPPeer with peerIP or peerSelector', ['']),
    ),
  }),
  ...rules,
);

export const bgpPeerKind = {
  kind: 'BGPPeer',
  plural: 'bgppeers',
  singular: 'bgppeer',
  shortNames: ['grypeer'],
  description: 'A router, or other nodes, with which all nodes, one node or selected nodes speak BGP.',
  columns: [
    { name: 'Peer', type: 'string', path: '.spec.peerIP' },
    { name: 'AS', type: 'string', path: '.spec.asNumber' },
    { name: 'Node', type: 'string', path: '.spec.node' },
    { name: 'Enabled', type: 'boolean', path: '.spec.enabled' },
    { name: 'Node selector', type: 'string', path: '.spec.nodeSelector', wide: true },
    { name: 'Peer selector', type: 'string', path: '.spec.peerSelector', wide: true },
    ...acceptanceColumns,
  ],
  spec,
  status: acceptance,
} satisfies Kind<typeof spec>;
