import { Type } from 'typebox';
import { asNumber, choice, duration, secretReference, selector, unsupported } from './field.ts';
import type { Kind } from './kind.ts';

const spec = Type.Object({
  node: Type.Optional(
    Type.String({
      maxLength: 253,
      description: 'Only the node of this name has the peer. Excludes nodeSelector.',
    }),
  ),
  nodeSelector: Type.Optional(selector('The nodes that have the peer; every node if absent.')),
  peerIP: Type.Optional(
    Type.String({
      maxLength: 64,
      description:
        'Address of the peer, with a port behind it where that is not 179: 192.0.2.1:1790, [2001:db8::1]:1790.',
    }),
  ),
  asNumber: Type.Optional(asNumber('AS number of the peer.')),
  holdTime: Type.Optional(duration("Proposed hold time: 0 or 3 to 65535. Gryphon's own.")),
  keepaliveTime: Type.Optional(duration('Time between keepalives.')),
  passive: Type.Optional(
    Type.Boolean({ description: "Never dial, wait for the peer; false if absent. Gryphon's own." }),
  ),
  description: Type.Optional(
    Type.String({ maxLength: 256, description: "For people; shown beside the peer. Gryphon's own." }),
  ),
  enabled: Type.Optional(
    Type.Boolean({
      description: "False keeps the object and shuts the session; true if absent. Gryphon's own.",
    }),
  ),
  sourceAddress: Type.Optional(
    choice(
      ['UseNodeIP', 'None'],
      'Our side of the session: the address of the node (UseNodeIP, also if absent), or what the kernel chooses (None).',
    ),
  ),
  peerSelector: Type.Optional(
    unsupported(selector('Peer with these nodes.'), 'write one BGPPeer with peerIP for each of them', ['']),
  ),
  localWorkloadSelector: Type.Optional(unsupported(selector('Peer with these pods.'), undefined, [''])),
  localASNumber: Type.Optional(
    unsupported(asNumber('AS number of our side.'), 'use the annotation of the Node'),
  ),
  keepOriginalNextHop: Type.Optional(
    unsupported(Type.Boolean({ description: 'Do not set ourselves as next hop.' }), undefined, [false]),
  ),
  nextHopMode: Type.Optional(
    unsupported(choice(['Auto', 'Self', 'Keep'], 'Which next hop is announced.'), undefined, ['Auto']),
  ),
  password: Type.Optional(unsupported(secretReference('TCP-MD5 password of the session.'))),
  maxRestartTime: Type.Optional(unsupported(duration('Graceful restart time.'))),
  numAllowedLocalASNumbers: Type.Optional(
    unsupported(
      Type.Integer({ minimum: 0, maximum: 255, description: 'How often our AS may stand in a path.' }),
      undefined,
      [0],
    ),
  ),
  ttlSecurity: Type.Optional(
    unsupported(
      Type.Integer({ minimum: 0, maximum: 255, description: 'Hops to the peer, RFC 5082; 0: not checked.' }),
      undefined,
      [0],
    ),
  ),
  reachableBy: Type.Optional(
    unsupported(
      Type.String({ maxLength: 45, description: 'Gateway to the peer.' }),
      'add a route to the peer',
      [''],
    ),
  ),
  filters: Type.Optional(
    unsupported(
      Type.Array(Type.String({ maxLength: 253 }), {
        maxItems: 64,
        description: 'Names of BGPFilters, in order.',
      }),
      undefined,
      [[]],
    ),
  ),
  reversePeering: Type.Optional(
    unsupported(choice(['Auto', 'Manual'], 'Whether nodes that peerSelector selects peer back.'), undefined, [
      'Auto',
      'Manual',
    ]),
  ),
});

export const bgpPeerKind = {
  kind: 'BGPPeer',
  plural: 'bgppeers',
  singular: 'bgppeer',
  shortNames: ['grypeer'],
  description: 'A router with which all nodes, one node or selected nodes speak BGP.',
  spec,
} satisfies Kind<typeof spec>;
