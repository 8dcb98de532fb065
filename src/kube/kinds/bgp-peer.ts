import { Type } from 'typebox';
import { asNumber, choice, duration, integer, ours, password, refused, selector, text } from './field.ts';
import type { Kind } from './kind.ts';

const spec = Type.Object({
  node: Type.Optional(text(253, 'Only the node of this name has the peer. Excludes nodeSelector.')),
  nodeSelector: Type.Optional(selector('The nodes that have the peer; every node if absent.')),
  peerIP: Type.Optional(
    text(
      64,
      'Address of the peer, with a port behind it where that is not 179 (or, of a node, its listenPort): 192.0.2.1:1790, [2001:db8::1]:1790. Excludes peerSelector.',
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
    choice(
      ['UseNodeIP', 'None'],
      'Our side of the session: the address of the node (UseNodeIP, also if absent), or what the kernel chooses (None).',
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
    ),
  ),
  holdTime: Type.Optional(ours(duration('Proposed hold time: 0 or 3 to 65535.'))),
  keepaliveTime: Type.Optional(duration('Time between keepalives; a third of the hold time is the most.')),
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
    ours(Type.Boolean({ description: 'Never dial, wait for the peer; false if absent.' })),
  ),
  reachableBy: Type.Optional(
    text(45, 'Gateway to the peer, on a subnet of the node: a route to the peer leads over it.'),
  ),
  reversePeering: Type.Optional(
    choice(
      ['Auto', 'Manual'],
      'Whether a node that is the peer (peerSelector, or the address of a node in peerIP) peers back by itself: Auto (also if absent) or Manual.',
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
  maxPrefixesRestartTime: Type.Optional(ours(duration('How long such a session stays down; 300 if absent.'))),
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
    ours(Type.Boolean({ description: 'False keeps the object and shuts the session; true if absent.' })),
  ),
  localWorkloadSelector: Type.Optional(
    refused(selector('Peer with these pods.'), 'write a BGPPeer with peerIP or peerSelector', ['']),
  ),
});

export const bgpPeerKind = {
  kind: 'BGPPeer',
  plural: 'bgppeers',
  singular: 'bgppeer',
  shortNames: ['grypeer'],
  description: 'A router, or other nodes, with which all nodes, one node or selected nodes speak BGP.',
  spec,
} satisfies Kind<typeof spec>;
