import { type Static, Type } from 'typebox';
import { choice, integer, text } from './field.ts';
import type { Resource } from './kind.ts';

const time = (description: string) => Type.String({ format: 'date-time', maxLength: 64, description });

const prefixes = (which: string) =>
  integer(0, 2_147_483_647, `Prefixes ${which}, as of a minute ago or less.`);

const peer = Type.Object(
  {
    name: text(512, 'As `gryphon peers` shows it.'),
    address: text(64, 'Address of the peer.'),
    asNumber: integer(0, 4_294_967_295, 'AS number of the peer.'),
    state: choice(
      ['idle', 'connect', 'active', 'opensent', 'openconfirm', 'established', 'disabled'],
      'State of the session (RFC 4271 §8.2.2).',
    ),
    since: time('Since when the session is established, or is not.'),
    reason: Type.Optional(text(1024, 'Why the session is not established.')),
    received: Type.Optional(prefixes('that the peer has told')),
    accepted: Type.Optional(prefixes('of those that are used')),
    advertised: Type.Optional(prefixes('that the peer was told')),
  },
  { description: 'One BGP peer.' },
);

const problem = Type.Object(
  {
    code: text(64, 'Stable, such as GRY_POD_CIDR_OVERLAP.'),
    severity: choice(['warning', 'error'], 'How bad it is.'),
    subject: text(512, 'The thing.'),
    message: text(1024, 'The reason.'),
    remedy: text(1024, 'What to do.'),
  },
  { description: 'Something that a person should know and can mend.' },
);

const status = Type.Object(
  {
    version: Type.Optional(text(64, 'Version of the agent.')),
    ready: Type.Optional(Type.Boolean({ description: 'Whether the agent is ready.' })),
    addresses: Type.Optional(
      Type.Array(text(64, 'An address.'), {
        maxItems: 16,
        description: 'Addresses of the node that the agent uses.',
      }),
    ),
    asNumber: Type.Optional(integer(1, 4_294_967_295, 'AS number of the node; absent without BGP.')),
    peersConfigured: Type.Optional(integer(0, 100_000, 'How many BGP peers the node has.')),
    peersEstablished: Type.Optional(integer(0, 100_000, 'With how many of them a session is established.')),
    peers: Type.Optional(
      Type.Array(peer, {
        maxItems: 256,
        description: 'The BGP peers, those first that are not established.',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
      }),
    ),
    problems: Type.Optional(
      Type.Array(problem, { maxItems: 64, description: 'What is wrong on the node, errors first.' }),
    ),
  },
  { description: 'Written by the agent of the node, at most every five seconds.' },
);

export type GryphonNodeStatus = Static<typeof status>;

/** What the agent of one node tells: an object of the name of the Node, which goes with it. */
export const gryphonNodeKind = {
  kind: 'GryphonNode',
  plural: 'gryphonnodes',
  singular: 'gryphonnode',
  shortNames: ['grynode'],
  description: 'How the agent of the Node of the same name is doing. Nobody but the agent writes it.',
  columns: [
    { name: 'Ready', type: 'boolean', path: '.status.ready' },
    { name: 'AS', type: 'integer', path: '.status.asNumber' },
    { name: 'Established', type: 'integer', path: '.status.peersEstablished' },
    { name: 'Peers', type: 'integer', path: '.status.peersConfigured' },
    { name: 'Version', type: 'string', path: '.status.version' },
    { name: 'Addresses', type: 'string', path: '.status.addresses', wide: true },
  ],
  status,
} satisfies Resource;
