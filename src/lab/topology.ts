import { type Address, address, type Family, familyOf } from '../net/address.ts';
import { type Prefix, prefix, prefixFamily } from '../net/prefix.ts';
import { LabError } from './error.ts';

/** An end of a cable: an interface of a host, plugged into a segment's switch. */
export interface Interface {
  readonly name: string;
  readonly segment: string;
  /** The name of the other end, in the switch's namespace: what one pulls to cut the host off. */
  readonly port: string;
  /** With prefix length: `192.168.34.10/24`. */
  readonly addresses: readonly string[];
}

export interface Route {
  /** A prefix, or `default`. */
  readonly to: string;
  readonly via: string;
}

/** A network namespace with cables in it. */
export interface Host {
  readonly name: string;
  readonly interfaces: readonly Interface[];
  readonly routes: readonly Route[];
  readonly sysctls: Readonly<Record<string, string>>;
}

export interface LabNode extends Host {
  /** The segment it is plugged into; its label `topology.kubernetes.io/zone` too. */
  readonly rack: string;
  readonly podCIDRs: readonly string[];
  /** Names, which are also the names of the pods' namespaces. */
  readonly pods: readonly string[];
  /** The router's addresses on this node's subnet: default gateway and BGP peer. */
  readonly gateways: readonly string[];
}

export interface Topology {
  /** Distinguishes labs on one machine; part of every namespace's name. */
  readonly name: string;
  /** The namespace that holds all bridges, so that none appears on the host. */
  readonly switch: string;
  /** One bridge each. */
  readonly segments: readonly string[];
  readonly nodes: readonly LabNode[];
  readonly router: Host;
  readonly internet: Host;
  readonly asNumbers: { readonly nodes: number; readonly router: number };
  readonly pools: readonly { readonly name: string; readonly cidr: string }[];
  /** Seconds. Shorter than the default of 30, so that a lost node is noticed while one watches. */
  readonly bgpTimers: { readonly hold: number; readonly keepalive: number };
}

const cable = (name: string, segment: string, port: string, addresses: readonly string[]): Interface => ({
  name,
  segment,
  port,
  addresses,
});

const forwarding = { 'net.ipv4.ip_forward': '1', 'net.ipv6.conf.all.forwarding': '1' };

interface NodeSketch {
  readonly letter: string;
  readonly rack: string;
  /** The subnet's number in 192.168.N.0/24 and fd00:N::/64, and the node's in it. */
  readonly subnet: number;
  readonly number: number;
  /** Third byte of the IPv4 pod CIDR, last group (hexadecimal) of the IPv6 one. */
  readonly block: number;
}

function labNode(sketch: NodeSketch): LabNode {
  const { letter, subnet, number, block } = sketch;
  const gateways = [`192.168.${subnet}.1`, `fd00:${subnet}::1`];
  return {
    name: `node-${letter}`,
    rack: sketch.rack,
    interfaces: [
      cable('eth0', sketch.rack, `node-${letter}`, [
        `192.168.${subnet}.${number}/24`,
        `fd00:${subnet}::${number}/64`,
      ]),
    ],
    routes: gateways.map((via) => ({ to: 'default', via })),
    sysctls: {},
    podCIDRs: [`10.233.${block}.0/24`, `fd00:10:233:${block.toString(16)}::/64`],
    pods: [`pod-${letter}1`, `pod-${letter}2`],
    gateways,
  };
}

/** Two nodes on one subnet, one on another, a router between them that speaks BGP, and an "internet" behind it. */
export function labTopology(name: string): Topology {
  return {
    name,
    switch: 'switch',
    segments: ['rack-1', 'rack-2', 'wan'],
    nodes: [
      labNode({ letter: 'a', rack: 'rack-1', subnet: 34, number: 10, block: 90 }),
      labNode({ letter: 'b', rack: 'rack-1', subnet: 34, number: 11, block: 96 }),
      labNode({ letter: 'c', rack: 'rack-2', subnet: 35, number: 12, block: 102 }),
    ],
    router: {
      name: 'router',
      interfaces: [
        cable('eth0', 'rack-1', 'router-rack-1', ['192.168.34.1/24', 'fd00:34::1/64']),
        cable('eth1', 'rack-2', 'router-rack-2', ['192.168.35.1/24', 'fd00:35::1/64']),
        cable('eth2', 'wan', 'router-wan', ['203.0.113.1/24', '2001:db8:113::1/64']),
      ],
      routes: [],
      sysctls: forwarding,
    },
    internet: {
      name: 'internet',
      interfaces: [cable('eth0', 'wan', 'internet', ['203.0.113.80/24', '2001:db8:113::80/64'])],
      // To the nodes only: an answer to a pod's own address has no way back.
      routes: [
        { to: '192.168.34.0/23', via: '203.0.113.1' },
        { to: 'fd00:34::/64', via: '2001:db8:113::1' },
        { to: 'fd00:35::/64', via: '2001:db8:113::1' },
      ],
      sysctls: {},
    },
    asNumbers: { nodes: 64512, router: 64600 },
    pools: [
      { name: 'pods-ipv4', cidr: '10.233.64.0/18' },
      { name: 'pods-ipv6', cidr: 'fd00:10:233::/48' },
    ],
    bgpTimers: { hold: 6, keepalive: 2 },
  };
}

/** What every namespace of this lab begins with; names hold no hyphen, so no lab's prefix begins with another's. */
export const namespacePrefix = (topology: Pick<Topology, 'name'>): string => `gry-${topology.name}-`;

/** The namespace of a host, a pod or the switch, as `ip netns` knows it. */
export const namespaceOf = (topology: Pick<Topology, 'name'>, host: string): string =>
  `${namespacePrefix(topology)}${host}`;

/** All that have cables: nodes, router, internet. */
export const hostsOf = (topology: Topology): readonly Host[] => [
  ...topology.nodes,
  topology.router,
  topology.internet,
];

/** Names of everything that one can enter, in the order of the picture. */
export const placesOf = (topology: Topology): readonly string[] => [
  ...topology.nodes.flatMap((node) => [node.name, ...node.pods]),
  topology.router.name,
  topology.internet.name,
  topology.switch,
];

/** The node of a name. @throws LabError `GRY_LAB_NO_SUCH_PLACE` */
export function nodeOf(topology: Topology, name: string): LabNode {
  const node = topology.nodes.find((candidate) => candidate.name === name);
  if (node === undefined) {
    throw new LabError('GRY_LAB_NO_SUCH_PLACE', `the lab has no node ${JSON.stringify(name)}`, {
      remedy: `nodes are ${topology.nodes.map((n) => n.name).join(', ')}`,
    });
  }
  return node;
}

/** A host's first address of the family. @throws LabError `GRY_LAB_TOPOLOGY` when it has none */
export function addressOf(host: Host, family: Family): Address {
  for (const { addresses } of host.interfaces) {
    for (const text of addresses) {
      const candidate = address(text.slice(0, text.indexOf('/')));
      if (familyOf(candidate) === family) return candidate;
    }
  }
  throw new LabError('GRY_LAB_TOPOLOGY', `${host.name} has no IPv${family} address`);
}

/** A node's pod CIDR of the family. @throws LabError `GRY_LAB_TOPOLOGY` when it has none */
export function podCIDROf(node: LabNode, family: Family): Prefix {
  for (const text of node.podCIDRs) {
    const candidate = prefix(text);
    if (prefixFamily(candidate) === family) return candidate;
  }
  throw new LabError('GRY_LAB_TOPOLOGY', `${node.name} has no IPv${family} pod CIDR`);
}
