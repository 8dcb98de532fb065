import { address, type Family, familyOf } from '../net/address.ts';
import { addressOf, type LabNode, type Topology } from './topology.ts';

const FAMILIES = [4, 6] as const;

/**
 * The router's configuration for BIRD 2: one session per node and family, from each node its pod CIDRs only (as a careful
 * operator would have it), everything learned goes into the router's kernel. PURE.
 */
export function birdConfig(topology: Topology): string {
  const sections = [
    'log stderr all;',
    `router id ${addressOf(topology.router, 4)};`,
    'protocol device { scan time 2; }',
    ...FAMILIES.map(kernelSection),
    ...topology.nodes.flatMap((node) => FAMILIES.map((family) => sessionSection(topology, node, family))),
  ];
  return `${sections.join('\n\n')}\n`;
}

/** BIRD's protocol of a session: `node_a_ipv4`. Its names take no hyphens. */
export const birdProtocol = (node: Pick<LabNode, 'name'>, family: Family): string =>
  `${node.name.replaceAll('-', '_')}_ipv${family}`;

const kernelSection = (family: Family): string => `protocol kernel {
  ipv${family} { import none; export where source = RTS_BGP; };
}`;

function sessionSection(topology: Topology, node: LabNode, family: Family): string {
  const gateway = node.gateways.find((candidate) => familyOf(address(candidate)) === family);
  const { hold, keepalive } = topology.bgpTimers;
  const prefixes = node.podCIDRs.filter((cidr) => cidr.includes(':') === (family === 6));
  return `protocol bgp ${birdProtocol(node, family)} {
  local ${gateway} as ${topology.asNumbers.router};
  neighbor ${addressOf(node, family)} as ${topology.asNumbers.nodes};
  hold time ${hold};
  keepalive time ${keepalive};
  # A node that comes back is greeted at once.
  connect delay time 1;
  connect retry time 2;
  error wait time 1, 5;
  ipv${family} {
    import where net ~ [ ${prefixes.join(', ')} ];
    export where source = RTS_BGP;
  };
}`;
}
