import { Type } from 'typebox';
import { asNumber, choice, cidr, duration, ours, password, port, text, unsupported } from './field.ts';
import type { Kind } from './kind.ts';
import { communityRule, holdTimeRule, keepaliveTimeRule, requiredCidrRule, ruled } from './rule.ts';
import { acceptance, acceptanceColumns } from './status.ts';
import { wellKnownCommunities } from './well-known-communities.ts';

const cidrList = (description: string) =>
  Type.Array(Type.Object({ cidr: cidr('A CIDR.') }), { maxItems: 256, description });

const spec = Type.Object({
  asNumber: Type.Optional(
    asNumber('AS number of all nodes that have no annotation of their own; 64512 if absent.'),
  ),
  nodeToNodeMeshEnabled: Type.Optional(
    Type.Boolean({ description: 'Every node peers with every other; true if absent.' }),
  ),
  listenPort: Type.Optional(port('TCP port of BGP; the setting bgpPort if absent.')),
  holdTime: Type.Optional(
    ruled(ours(duration('Proposed hold time: 0 or 3 to 65535; 30 if absent.')), holdTimeRule),
  ),
  keepaliveTime: Type.Optional(
    ruled(ours(duration('Time between keepalives; 10 if absent.')), keepaliveTimeRule),
  ),
  ebgpRequiresPolicy: Type.Optional(
    ours(
      Type.Boolean({
        description:
          'RFC 8212 strictly: a router in another AS gets and gives only what a filter accepts; false if absent.',
      }),
    ),
  ),
  nodeMeshPassword: Type.Optional(
    password('TCP-MD5 password of the sessions of the mesh (RFC 2385). Only in `default`.'),
  ),
  nodeMeshMaxRestartTime: Type.Optional(
    duration(
      'How long the nodes of the mesh are asked to keep our routes while we restart (RFC 4724), at most 4095; 120 if absent, 0: not offered.',
      4095,
    ),
  ),
  communities: Type.Optional(
    Type.Array(
      Type.Object({
        name: text(253, 'Name that prefixAdvertisements use.'),
        value: ruled(
          text(64, 'aa:nn, aa:nn:mm, or a well-known name such as no-export.'),
          communityRule(wellKnownCommunities),
        ),
      }),
      {
        maxItems: 256,
        description: 'Communities with names.',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
      },
    ),
  ),
  prefixAdvertisements: Type.Optional(
    Type.Array(
      Type.Object({
        cidr: ruled(cidr('What of ours is equal to it or lies inside of it.'), requiredCidrRule),
        communities: Type.Array(text(253, 'A name out of communities, or a value.'), {
          maxItems: 64,
          description: 'What it is announced with.',
        }),
      }),
      {
        maxItems: 256,
        description:
          'Communities of what the nodes announce. The list of `node.NAME`, where there is one, takes the place of that of `default`.',
      },
    ),
  ),
  gracefulShutdownWhenCordoned: Type.Optional(
    ours(
      Type.Boolean({
        description:
          'While the node is cordoned, everything is announced with GRACEFUL_SHUTDOWN (RFC 8326), so that traffic which has another way takes it; false if absent.',
      }),
    ),
  ),
  bindMode: Type.Optional(
    choice(
      ['None', 'NodeIP'],
      'Listen on every address (None), or on the addresses of the node (NodeIP). Absent: NodeIP, other than in Calico.',
    ),
  ),
  logSeverityScreen: Type.Optional(
    unsupported(
      choice(['Debug', 'Info', 'Warning', 'Error', 'Fatal'], 'Log level of BGP.'),
      'use the setting logLevel',
      ['Info'],
    ),
  ),
  serviceClusterIPs: Type.Optional(
    unsupported(cidrList('Cluster IPs of Services to announce.'), undefined, [[]]),
  ),
  serviceExternalIPs: Type.Optional(
    unsupported(cidrList('External IPs of Services to announce.'), undefined, [[]]),
  ),
  serviceLoadBalancerIPs: Type.Optional(
    unsupported(cidrList('Load balancer IPs of Services to announce.'), undefined, [[]]),
  ),
  serviceLoadBalancerAggregation: Type.Optional(
    unsupported(choice(['Enabled', 'Disabled'], 'Announce the CIDR or each address.'), undefined, [
      'Enabled',
    ]),
  ),
  ignoredInterfaces: Type.Optional(
    unsupported(
      Type.Array(Type.String({ maxLength: 64 }), {
        maxItems: 256,
        description: 'Links whose routes are not read.',
      }),
      undefined,
      [[]],
    ),
  ),
  localWorkloadPeeringIPV4: Type.Optional(
    unsupported(Type.String({ maxLength: 15, description: 'For pods that peer.' })),
  ),
  localWorkloadPeeringIPV6: Type.Optional(
    unsupported(Type.String({ maxLength: 45, description: 'For pods that peer.' })),
  ),
  programClusterRoutes: Type.Optional(
    unsupported(choice(['Enabled', 'Disabled'], 'Whether BGP programs routes between nodes.'), undefined, [
      'Enabled',
    ]),
  ),
  ipv4NormalRoutePriority: Type.Optional(
    unsupported(Type.Integer({ description: 'Metric of IPv4 routes.' })),
  ),
  ipv6NormalRoutePriority: Type.Optional(
    unsupported(Type.Integer({ description: 'Metric of IPv6 routes.' })),
  ),
});

export const bgpConfigurationKind = {
  kind: 'BGPConfiguration',
  plural: 'bgpconfigurations',
  singular: 'bgpconfiguration',
  shortNames: ['grybgpconfig'],
  description: 'How the nodes speak BGP: `default` for all of them, `node.NAME` for one.',
  columns: [
    { name: 'AS', type: 'string', path: '.spec.asNumber' },
    { name: 'Mesh', type: 'boolean', path: '.spec.nodeToNodeMeshEnabled' },
    ...acceptanceColumns,
  ],
  rules: [
    {
      rule: "self.metadata.name == 'default' || self.metadata.name.matches('^node[.].')",
      message: 'the name must be "default", or "node." with the name of a Node behind it',
    },
  ],
  spec,
  status: acceptance,
} satisfies Kind<typeof spec>;
