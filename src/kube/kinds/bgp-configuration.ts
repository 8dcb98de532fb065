import { Type } from 'typebox';
import { asNumber, choice, cidr, duration, port, secretReference, unsupported } from './field.ts';
import type { Kind } from './kind.ts';

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
  holdTime: Type.Optional(duration("Proposed hold time: 0 or 3 to 65535; 30 if absent. Gryphon's own.")),
  keepaliveTime: Type.Optional(duration("Time between keepalives; 10 if absent. Gryphon's own.")),
  ebgpRequiresPolicy: Type.Optional(
    Type.Boolean({
      description:
        "RFC 8212 strictly: an external peer without filters gets and gives nothing; false if absent. Gryphon's own.",
    }),
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
  communities: Type.Optional(
    unsupported(
      Type.Array(
        Type.Object({
          name: Type.String({ maxLength: 253, description: 'Name used in prefixAdvertisements.' }),
          value: Type.String({ maxLength: 64, description: 'aa:nn or aa:nn:mm.' }),
        }),
        { maxItems: 256, description: 'Named communities.' },
      ),
      undefined,
      [[]],
    ),
  ),
  prefixAdvertisements: Type.Optional(
    unsupported(
      Type.Array(
        Type.Object({
          cidr: cidr('Routes within this CIDR.'),
          communities: Type.Array(Type.String({ maxLength: 253 }), {
            maxItems: 64,
            description: 'Names or values of communities.',
          }),
        }),
        { maxItems: 256, description: 'Communities per CIDR.' },
      ),
      undefined,
      [[]],
    ),
  ),
  nodeMeshPassword: Type.Optional(unsupported(secretReference('TCP-MD5 password of the mesh.'))),
  nodeMeshMaxRestartTime: Type.Optional(unsupported(duration('Graceful restart time of the mesh.'))),
  bindMode: Type.Optional(
    unsupported(choice(['None', 'NodeIP'], 'Listen on every address or on that of the node.'), undefined, [
      'None',
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
  spec,
} satisfies Kind<typeof spec>;
