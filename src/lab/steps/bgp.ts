import type { Family } from '../../net/address.ts';
import { birdProtocol } from '../bird-config.ts';
import { parseBirdProtocols, parseBirdRoutes } from '../output/bird.ts';
import { parseColumns } from '../output/columns.ts';
import { type Check, FAMILIES, onOutput, type Scene, type Step, type Verdict } from '../step.ts';
import { addressOf, nodeOf, podCIDROf, type Topology } from '../topology.ts';

export const agentBgpStep: Step = {
  title: 'BGP as a node sees it',
  story:
    'A session with each other node, both families over one, and two with the router, one per family. What the router hands back ' +
    'has been in our own AS already and is refused.',
  checks: ({ topology }) => [
    {
      label: 'sessions',
      place: 'node-a',
      argv: ['gryphon', 'peers'],
      verdict: onOutput((output) => peersEstablished(output, topology)),
    },
    ...FAMILIES.map((family) => ({
      label: `routes IPv${family}`,
      place: 'node-a',
      argv: ['gryphon', 'routes', '--bgp', `--family=ipv${family}-unicast`],
      verdict: onOutput((output) => bestPaths(output, topology, family)),
    })),
  ],
};

/** node-a's peers: all other nodes, and the router's address of each family. */
export function peersEstablished(output: string, topology: Topology): Verdict {
  const rows = parseColumns(output);
  const node = nodeOf(topology, 'node-a');
  const mesh = topology.nodes.filter(({ name }) => name !== node.name).map((other) => addressOf(other, 4));
  for (const peer of [...mesh, ...node.gateways]) {
    const state = rows.find((row) => row['ADDRESS'] === peer)?.['STATE'];
    if (state !== 'established') return `wanted a session with ${peer}, its state is ${state ?? 'not shown'}`;
  }
  return undefined;
}

/** Each pod CIDR has a best path: node-a's own by itself, the others by their nodes. */
export function bestPaths(output: string, topology: Topology, family: Family): Verdict {
  const best = parseColumns(output).filter((row) => row['BEST'] === '*');
  for (const node of topology.nodes) {
    const cidr = podCIDROf(node, family);
    const wanted = node.name === 'node-a' ? 'self' : addressOf(node, family);
    const nextHop = best.find((row) => row['PREFIX'] === cidr)?.['NEXT HOP'];
    if (nextHop !== wanted) return `wanted ${cidr} by ${wanted}, got ${nextHop ?? 'no best path'}`;
  }
  return undefined;
}

export const routerBgpStep: Step = {
  title: 'BGP as the router (BIRD) sees it',
  story:
    'An ordinary top-of-rack router needs no agent: each node announces its own pod CIDRs to it, and nothing else.',
  checks: ({ topology }) => [
    {
      label: 'sessions',
      place: topology.router.name,
      argv: ['birdc', 'show', 'protocols'],
      show: withoutGreeting,
      verdict: onOutput((output) => protocolsEstablished(output, topology)),
    },
    ...FAMILIES.map((family) => ({
      label: `routes IPv${family}`,
      place: topology.router.name,
      argv: ['birdc', 'show', 'route', 'table', `master${family}`],
      show: withoutGreeting,
      verdict: onOutput((output: string) => routerRoutes(output, topology, family)),
    })),
  ],
};

export function protocolsEstablished(output: string, topology: Topology): Verdict {
  const protocols = parseBirdProtocols(output);
  for (const node of topology.nodes) {
    for (const family of FAMILIES) {
      const name = birdProtocol(node, family);
      const info = protocols.find((protocol) => protocol.name === name)?.info;
      if (info !== 'Established') return `wanted ${name} Established, got ${info ?? 'no such session'}`;
    }
  }
  return undefined;
}

/** Each node's pod CIDR, and only that, with the node itself as next hop. */
export function routerRoutes(output: string, topology: Topology, family: Family): Verdict {
  const routes = parseBirdRoutes(output);
  for (const node of topology.nodes) {
    const cidr = podCIDROf(node, family);
    const route = routes.find(({ prefix, best }) => prefix === cidr && best);
    if (route?.via !== addressOf(node, family)) {
      return `wanted ${cidr} via ${addressOf(node, family)}, got ${route?.via ?? 'no route'}`;
    }
  }
  const surplus = routes.filter(
    ({ prefix }) => !topology.nodes.some((node) => podCIDROf(node, family) === prefix),
  );
  return surplus.length === 0
    ? undefined
    : `wanted pod CIDRs only, got ${surplus.map((r) => r.prefix).join(', ')}`;
}

/** BIRD's first line names its version, which nobody asked for here. */
const withoutGreeting = (output: string): string => output.replace(/^BIRD .* ready\.\n/, '');

/** A node's own table has no route to the pod CIDR (any more), or has it (again). */
export const routePresence = (
  scene: Scene,
  options: {
    readonly at: string;
    readonly to: string;
    readonly family: Family;
    readonly present: boolean;
    readonly withinMs: number;
  },
): Check => {
  const { at, to, family, present, withinMs } = options;
  const cidr = podCIDROf(nodeOf(scene.topology, to), family);
  return {
    label: `${at} IPv${family}`,
    place: at,
    argv: ['ip', `-${family}`, 'route', 'show', cidr],
    withinMs,
    show: (output) => (output.trim() === '' ? '(no route)' : output),
    verdict: onOutput((output) => presence(output, cidr, present)),
  };
};

export function presence(output: string, cidr: string, present: boolean): Verdict {
  if ((output.trim() !== '') === present) return undefined;
  return present ? `there is no route to ${cidr}` : `the route to ${cidr} is still there: ${output.trim()}`;
}
