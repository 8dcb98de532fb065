import { apiVersion } from '../../src/kube/kinds/kind.ts';

/** An object, and what an API server with our CRDs says of it. */
export interface Verdict {
  readonly title: string;
  readonly object: KindObject;
  /** Is there already; `object` then replaces it. */
  readonly before?: KindObject;
  /** Stands in the answer of the API server; absent: it takes the object. */
  readonly refused?: string;
  /** Code of the problem for which the agents refuse what the API server takes. */
  readonly rejected?: string;
}

export interface KindObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec?: unknown;
}

const object = (kind: string, name: string, spec: unknown): KindObject => ({
  apiVersion,
  kind,
  metadata: { name },
  spec,
});

type Row = readonly [title: string, spec: unknown, refused?: string];

const verdicts =
  (kind: string, name: string) =>
  ([title, spec, refused]: Row): Verdict => ({
    title: `${kind}: ${title}`,
    object: object(kind, name, spec),
    ...(refused === undefined ? {} : { refused }),
  });

const CIDR = 'must be a CIDR without bits set beyond its length';
const NAME = 'must be the name of an object';
const UNICAST = 'must be a unicast address';
const PEER = 'must be the unicast address of a peer';
const HOLD = 'must be 0 or at least 3 seconds';
const COMMUNITY = 'must be a community';
const PASSWORD = 'exactly one of secretKeyRef and file must be set';
const FILE = 'must be the absolute path of a file';
const PATTERN = 'should match';

const pools: readonly Row[] = [
  ['IPv4', { cidr: '10.244.0.0/16', natOutgoing: true }],
  ['IPv6', { cidr: 'fd00:244::/56', disabled: true, disableBGPExport: true }],
  ["fields of Calico's", { cidr: '10.244.0.0/16', ipipMode: 'Always', blockSize: 26, nodeSelector: 'all()' }],
  ['no CIDR', {}, 'Required value'],
  ['no text', { cidr: 10 }, 'must be of type string'],
  ['an address', { cidr: '10.244.0.0' }, CIDR],
  ['an empty text', { cidr: '' }, CIDR],
  ['host bits', { cidr: '10.244.0.1/16' }, CIDR],
  ['host bits of IPv6', { cidr: 'fd00::1/64' }, CIDR],
  ['too long a prefix', { cidr: '10.244.0.0/33' }, CIDR],
  ['leading zeros', { cidr: '10.244.000.0/16' }, CIDR],
  ['natOutgoing in words', { cidr: '10.244.0.0/16', natOutgoing: 'yes' }, 'must be of type boolean'],
  ['an encapsulation of nobody', { cidr: '10.244.0.0/16', ipipMode: 'Sometimes' }, 'Unsupported value'],
];

const router = { peerIP: '192.0.2.1', asNumber: 64_513 };
const peers: readonly Row[] = [
  ['an address', router],
  ['an address with port', { ...router, peerIP: '192.0.2.1:1790' }],
  ['IPv6', { ...router, peerIP: '2001:db8::1' }],
  ['IPv6 with a dotted tail', { ...router, peerIP: '64:ff9b::192.0.2.1' }],
  ['IPv6 with port', { ...router, peerIP: '[2001:db8::1]:1790' }],
  ['asdot', { ...router, asNumber: '65001.5' }],
  ['nodes', { peerSelector: "route-reflector == 'true'", nodeSelector: 'all()' }],
  ['one node', { ...router, node: 'worker-1.example' }],
  ['empty texts', { ...router, node: '', nodeSelector: '', peerSelector: '', reachableBy: '' }],
  ['a Secret', { ...router, password: { secretKeyRef: { name: 'bgp', key: 'tor' } } }],
  ['a file', { ...router, password: { file: '/etc/gryphon/bgp-password' } }],
  ['no keepalives', { ...router, holdTime: 0 }],
  [
    'times',
    { ...router, holdTime: '1m30s', keepaliveTime: 30, maxRestartTime: '2m', maxPrefixesRestartTime: '24h' },
  ],
  ['routes kept for a week', { ...router, longLivedStaleTime: '168h' }],
  ['a gateway', { ...router, peerIP: '198.51.100.1:1790', reachableBy: '192.0.2.1' }],
  ['a gateway of IPv6', { asNumber: 1, peerIP: '[2001:db8:1::1]:1790', reachableBy: '2001:db8::1' }],
  [
    "Calico's defaults",
    { ...router, nextHopMode: 'Auto', keepOriginalNextHop: true, localWorkloadSelector: '' },
  ],
  ['nothing', {}, 'exactly one of peerIP and peerSelector must be set'],
  ['no AS', { peerIP: '192.0.2.1' }, 'asNumber is required beside peerIP'],
  ['no address', { asNumber: 1 }, 'exactly one of peerIP and peerSelector must be set'],
  ['both', { ...router, peerSelector: 'all()' }, 'exactly one of peerIP and peerSelector must be set'],
  ['an AS of nodes', { peerSelector: 'all()', asNumber: 1 }, 'asNumber and reachableBy go with peerIP'],
  [
    'a gateway to nodes',
    { peerSelector: 'all()', reachableBy: '192.0.2.1' },
    'asNumber and reachableBy go with peerIP',
  ],
  [
    'node and nodeSelector',
    { ...router, node: 'a', nodeSelector: 'all()' },
    'node and nodeSelector exclude each other',
  ],
  ['a node of no such name', { ...router, node: 'Worker 1' }, NAME],
  [
    'next hop said twice',
    { ...router, nextHopMode: 'Self', keepOriginalNextHop: true },
    'nextHopMode and keepOriginalNextHop exclude each other',
  ],
  ['a host name', { ...router, peerIP: 'tor-a' }, PEER],
  ['unspecified', { ...router, peerIP: '0.0.0.0' }, PEER],
  ['multicast', { ...router, peerIP: 'ff02::1' }, PEER],
  ['a zone', { ...router, peerIP: 'fe80::1%eth0' }, PEER],
  ['port 0', { ...router, peerIP: '192.0.2.1:0' }, PEER],
  ['port 65536', { ...router, peerIP: '192.0.2.1:65536' }, PEER],
  ['brackets of IPv4', { ...router, peerIP: '[192.0.2.1]:179' }, PEER],
  ['brackets without port', { ...router, peerIP: '[2001:db8::1]' }, PEER],
  ['AS 0', { ...router, asNumber: 0 }, 'should be greater than or equal to 1'],
  ['AS 2^32', { ...router, asNumber: 2 ** 32 }, 'should be less than or equal to 4294967295'],
  ['AS in words', { ...router, asNumber: 'AS64512' }, PATTERN],
  ['half an AS', { ...router, asNumber: 1.5 }, 'Invalid value'],
  ['hold time 2', { ...router, holdTime: 2 }, HOLD],
  ['hold time 2s', { ...router, holdTime: '2s' }, HOLD],
  ['hold time in fractions', { ...router, holdTime: '3.5s' }, PATTERN],
  ['an empty hold time', { ...router, holdTime: '' }, PATTERN],
  ['hold time 65536', { ...router, holdTime: 65_536 }, 'should be less than or equal to 65535'],
  ['keepalive time 0', { ...router, keepaliveTime: 0 }, 'must be at least 1 second'],
  ['restart time 4096', { ...router, maxRestartTime: 4096 }, 'should be less than or equal to 4095'],
  ['more than a week', { ...router, longLivedStaleTime: 604_801 }, 'should be less than or equal to 604800'],
  [
    'a gateway of the other family',
    { ...router, reachableBy: '2001:db8::1' },
    'reachableBy must be of the family',
  ],
  [
    'the peer as its own gateway',
    { ...router, reachableBy: '192.0.2.1' },
    'reachableBy must be of the family',
  ],
  ['a gateway that is a group', { ...router, reachableBy: '224.0.0.5' }, UNICAST],
  ['no password', { ...router, password: {} }, PASSWORD],
  ['two passwords', { ...router, password: { secretKeyRef: { name: 'a', key: 'b' }, file: '/p' } }, PASSWORD],
  ['half a reference', { ...router, password: { secretKeyRef: { name: 'bgp' } } }, 'Required value'],
  ['a Secret of no such name', { ...router, password: { secretKeyRef: { name: 'BGP', key: 'tor' } } }, NAME],
  ['a relative path', { ...router, password: { file: 'password' } }, FILE],
  ['a path that climbs', { ...router, password: { file: '/etc/../shadow' } }, FILE],
  ['a path with a line break', { ...router, password: { file: '/etc/a\nb' } }, FILE],
  ['a directory', { ...router, password: { file: '/etc/' } }, FILE],
  ['hops', { ...router, ttlSecurity: 256 }, 'should be less than or equal to 255'],
  ['a role', { ...router, role: 'customer' }, 'Unsupported value'],
  ['pods as peers', { ...router, localWorkloadSelector: 'all()' }, 'is not carried out'],
];

const accept = { action: 'Accept' };
const rule = (fields: object): object => ({ importV4: [{ ...accept, ...fields }] });
const filters: readonly Row[] = [
  ['no rules', {}],
  [
    'every field',
    rule({
      cidr: '10.0.0.0/8',
      matchOperator: 'In',
      prefixLength: { min: 8, max: 24 },
      source: 'RemotePeers',
      interface: 'eth*',
      peerType: 'eBGP',
      communities: { values: ['65000:1', '65000:1:2', 'no-export'] },
      asPathPrefix: [64_512, '65001.5'],
      operations: [
        { addCommunity: { value: 'blackhole' } },
        { prependASPath: { prefix: [64_512] } },
        { setPriority: { value: 512 } },
      ],
    }),
  ],
  ['IPv6', { exportV6: [{ action: 'Reject', cidr: 'fd00::/8', matchOperator: 'NotIn' }] }],
  ['an empty CIDR', rule({ cidr: '' })],
  ['lengths without CIDR', rule({ prefixLength: { max: 24 } })],
  ['no action', { importV4: [{}] }, 'Required value'],
  ['an action of nobody', rule({ action: 'Drop' }), 'Unsupported value'],
  ['host bits', rule({ cidr: '10.0.0.1/8', matchOperator: 'In' }), CIDR],
  ['IPv6 among IPv4', rule({ cidr: 'fd00::/8', matchOperator: 'In' }), 'must be an IPv4 CIDR'],
  [
    'IPv4 among IPv6',
    { importV6: [{ ...accept, cidr: '10.0.0.0/8', matchOperator: 'In' }] },
    'must be an IPv6 CIDR',
  ],
  ['a CIDR alone', rule({ cidr: '10.0.0.0/8' }), 'cidr and matchOperator go together'],
  ['an operator alone', rule({ matchOperator: 'In' }), 'cidr and matchOperator go together'],
  ['lengths the wrong way round', rule({ prefixLength: { min: 24, max: 16 } }), 'min must not be above max'],
  ['a length beyond the family', rule({ prefixLength: { max: 33 } }), 'should be less than or equal to 32'],
  ['no communities', rule({ communities: { values: [] } }), 'should have at least 1 items'],
  ['a community of words', rule({ communities: { values: ['export-not'] } }), COMMUNITY],
  ['a community of four', rule({ communities: { values: ['1:2:3:4'] } }), COMMUNITY],
  ['a community beyond 16 bits', rule({ communities: { values: ['65536:1'] } }), COMMUNITY],
  ['a community with leading zeros', rule({ communities: { values: ['65000:01'] } }), COMMUNITY],
  ['an AS in words', rule({ asPathPrefix: ['x'] }), PATTERN],
  [
    'two operations in one',
    rule({ operations: [{ addCommunity: { value: '1:1' }, setPriority: { value: 1 } }] }),
    'exactly one of addCommunity',
  ],
  ['no operation', rule({ operations: [{}] }), 'exactly one of addCommunity'],
  [
    'nothing to prepend',
    rule({ operations: [{ prependASPath: { prefix: [] } }] }),
    'should have at least 1 items',
  ],
  [
    'changes to what is rejected',
    rule({ action: 'Reject', operations: [{ setPriority: { value: 1 } }] }),
    'operations go with action Accept',
  ],
  ["Calico's metric", rule({ priority: 100 }), 'is not carried out'],
];

const configurations: readonly Row[] = [
  ['nothing', {}],
  [
    'a route reflector cluster',
    { nodeToNodeMeshEnabled: false, asNumber: 65_001, holdTime: 9, keepaliveTime: '3s' },
  ],
  [
    'communities',
    {
      communities: [{ name: 'pods', value: '64512:100' }],
      prefixAdvertisements: [{ cidr: '10.244.0.0/16', communities: ['pods', '64512:1:7'] }],
    },
  ],
  ['a password', { nodeMeshPassword: { secretKeyRef: { name: 'bgp', key: 'mesh' } } }],
  ["fields of Calico's", { logSeverityScreen: 'Info', serviceClusterIPs: [{ cidr: '10.96.0.0/16' }] }],
  [
    'one name twice',
    {
      communities: [
        { name: 'a', value: '1:1' },
        { name: 'a', value: '1:2' },
      ],
    },
    'Duplicate value',
  ],
  ['a community', { communities: [{ name: 'a', value: 'x' }] }, COMMUNITY],
  ['an advertisement', { prefixAdvertisements: [{ cidr: '10.244.0.1/16', communities: [] }] }, CIDR],
  ['hold time 1', { holdTime: 1 }, HOLD],
  ['port 0', { listenPort: 0 }, 'should be greater than or equal to 1'],
  ['restart time 4096', { nodeMeshMaxRestartTime: 4096 }, 'should be less than or equal to 4095'],
  ['an empty password', { nodeMeshPassword: {} }, PASSWORD],
];

/** What the API server takes and the agents refuse, each with the code of the problem. */
const beyondCel: readonly Verdict[] = [
  {
    title: 'a selector',
    object: object('BGPPeer', 'a', { ...router, nodeSelector: 'rack =' }),
    rejected: 'GRY_FIELD_INVALID',
  },
  {
    title: 'AS "0"',
    object: object('BGPPeer', 'a', { ...router, asNumber: '0' }),
    rejected: 'GRY_FIELD_INVALID',
  },
  {
    title: 'asdot beyond 16 bits',
    object: object('BGPPeer', 'a', { ...router, asNumber: '1.65536' }),
    rejected: 'GRY_FIELD_INVALID',
  },
  {
    title: 'a restart time in words',
    object: object('BGPPeer', 'a', { ...router, maxRestartTime: '4096s' }),
    rejected: 'GRY_FIELD_INVALID',
  },
  {
    title: 'more than a week in words',
    object: object('BGPPeer', 'a', { ...router, longLivedStaleTime: '169h' }),
    rejected: 'GRY_FIELD_INVALID',
  },
  {
    title: 'a community beyond 32 bits',
    object: object('BGPFilter', 'a', rule({ communities: { values: ['4294967296:1:1'] } })),
    rejected: 'GRY_FIELD_INVALID',
  },
];

const named = 'the name must be "default"';
const changes: readonly Verdict[] = [
  {
    title: 'BGPConfiguration: of one node',
    object: object('BGPConfiguration', 'node.worker-1', { asNumber: 65_002 }),
  },
  { title: 'BGPConfiguration: of nobody', object: object('BGPConfiguration', 'rack-1', {}), refused: named },
  {
    title: 'BGPConfiguration: of a node without name',
    object: object('BGPConfiguration', 'node', {}),
    refused: named,
  },
  {
    title: 'IPPool: another range',
    before: object('IPPool', 'pods', { cidr: '10.244.0.0/16' }),
    object: object('IPPool', 'pods', { cidr: '10.245.0.0/16' }),
    refused: 'the range of a pool cannot change',
  },
  {
    title: 'IPPool: another use',
    before: object('IPPool', 'pods', { cidr: '10.244.0.0/16' }),
    object: object('IPPool', 'pods', { cidr: '10.244.0.0/16', natOutgoing: true }),
  },
  { title: 'BGPPeer: no spec', object: object('BGPPeer', 'a', undefined), refused: 'Required value' },
];

/** Every rule with objects on both sides of it. */
export const allVerdicts: readonly Verdict[] = [
  ...pools.map(verdicts('IPPool', 'pods')),
  ...peers.map(verdicts('BGPPeer', 'tor-a')),
  ...filters.map(verdicts('BGPFilter', 'tor')),
  ...configurations.map(verdicts('BGPConfiguration', 'default')),
  ...changes,
  ...beyondCel,
];
