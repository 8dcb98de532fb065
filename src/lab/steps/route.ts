import type { Family } from '../../net/address.ts';
import { parseRoutes, type ShownRoute } from '../output/route.ts';
import { type Check, FAMILIES, ipFamily, onOutput, type Scene, type Step, type Verdict } from '../step.ts';
import { addressOf, nodeOf, podCIDROf } from '../topology.ts';

/** What marks a route as Gryphon's, in `ip route`. */
export const PROTOCOL = '71';

export const localRouteStep: Step = {
  title: "routes to a node's own pods",
  story:
    'One route per pod, onto its cable, and the whole pod CIDR as a blackhole: traffic to an address without a pod ends here, ' +
    `instead of going round in circles. proto ${PROTOCOL} marks what is Gryphon's.`,
  checks: (scene) =>
    FAMILIES.map((family) => ({
      label: `IPv${family}`,
      place: 'node-a',
      argv: [
        'ip',
        ipFamily(family),
        'route',
        'show',
        'root',
        String(podCIDROf(nodeOf(scene.topology, 'node-a'), family)),
      ],
      verdict: onOutput((output) => localRoutes(output, scene, family)),
    })),
};

export function localRoutes(output: string, scene: Scene, family: Family): Verdict {
  const node = nodeOf(scene.topology, 'node-a');
  const routes = parseRoutes(output);
  const block = podCIDROf(node, family);
  if (!routes.some((route) => isOurs(route) && route.kind === 'blackhole' && route.destination === block)) {
    return `wanted blackhole ${block} proto ${PROTOCOL}`;
  }
  for (const pod of node.pods) {
    const destination = `${scene.podAddress(pod, family)}/${family === 4 ? 32 : 128}`;
    const link = scene.hostLink(pod);
    if (!routes.some((route) => isOurs(route) && route.destination === destination && route.dev === link)) {
      return `wanted ${destination} dev ${link} proto ${PROTOCOL}`;
    }
  }
  return undefined;
}

const isOurs = (route: ShownRoute): boolean => route.protocol === PROTOCOL;

export const remoteRouteStep: Step = {
  title: 'routes to the pods of other nodes',
  story:
    'Learned by BGP. node-b is on the same subnet, so the way is straight; node-c announces itself as next hop too, and the ' +
    "node's own routing table says that it is reached by way of the router.",
  checks: ({ topology }) => {
    const router = (family: Family): string =>
      nodeOf(topology, 'node-a').gateways[family === 4 ? 0 : 1] ?? '';
    return FAMILIES.flatMap((family) => [
      remoteRoute(topology, 'node-b', family, addressOf(nodeOf(topology, 'node-b'), family)),
      remoteRoute(topology, 'node-c', family, router(family)),
    ]);
  },
};

function remoteRoute(topology: Scene['topology'], to: string, family: Family, gateway: string): Check {
  const cidr = podCIDROf(nodeOf(topology, to), family);
  return {
    label: `to ${to} IPv${family}`,
    place: 'node-a',
    argv: ['ip', ipFamily(family), 'route', 'show', cidr],
    verdict: onOutput((output) => routeVia(output, cidr, gateway)),
  };
}

/** The one route to the prefix is ours and leads to the gateway. */
export function routeVia(output: string, cidr: string, gateway: string): Verdict {
  const [route, ...others] = parseRoutes(output);
  if (others.length === 0 && route?.destination === cidr && route.via === gateway && isOurs(route))
    return undefined;
  return `wanted ${cidr} via ${gateway} proto ${PROTOCOL}, got ${output.trim() || 'no route'}`;
}
