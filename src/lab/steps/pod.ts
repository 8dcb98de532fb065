import { containsPrefix, parsePrefix } from '../../net/prefix.ts';
import { parseLinks } from '../output/link.ts';
import { parseRoutes } from '../output/route.ts';
import { FAMILIES, ipFamily, onOutput, type Step, type Verdict } from '../step.ts';
import { nodeOf, podCIDROf } from '../topology.ts';

export const GATEWAY_IPV4 = '169.254.1.1';
/** The link-local address that belongs to the MAC ee:ee:ee:ee:ee:ee. */
export const GATEWAY_IPV6 = 'fe80::ecee:eeff:feee:eeee';

export const podAddressStep: Step = {
  title: 'address of a pod',
  story: "A pod has one address of each of its node's pod CIDRs, alone: /32 and /128, no subnet, no bridge.",
  checks: ({ topology }) =>
    FAMILIES.map((family) => ({
      label: `IPv${family}`,
      place: 'pod-a1',
      argv: ['ip', ipFamily(family), 'address', 'show', 'dev', 'eth0'],
      show: withoutLifetimes,
      verdict: onOutput((output) => hostAddressWithin(output, podCIDROf(nodeOf(topology, 'node-a'), family))),
    })),
};

const withoutLifetimes = (output: string): string => output.replaceAll(/^.*valid_lft.*$/gm, '');

/** Exactly one address that is not link-local, a lone one, within the CIDR. */
export function hostAddressWithin(output: string, cidr: string): Verdict {
  const addresses = (parseLinks(output)[0]?.addresses ?? []).filter((text) => !text.startsWith('fe80:'));
  const length = cidr.includes(':') ? '/128' : '/32';
  const [only] = addresses;
  const prefix = only === undefined ? undefined : parsePrefix(only);
  const outer = parsePrefix(cidr);
  if (addresses.length === 1 && only?.endsWith(length) && prefix && outer && containsPrefix(outer, prefix))
    return undefined;
  return `wanted one ${length} address out of ${cidr}, got ${addresses.join(', ') || 'none'}`;
}

export const podRouteStep: Step = {
  title: 'routes of a pod',
  story:
    'All pods of all nodes have the same gateway, 169.254.1.1 for IPv4 and a link-local address for IPv6: ' +
    "the node's end of the cable answers for it.",
  checks: () => [
    {
      label: 'IPv4',
      place: 'pod-a1',
      argv: ['ip', '-4', 'route', 'show'],
      verdict: onOutput((output) => {
        const routes = parseRoutes(output);
        const link = routes.find((route) => route.destination === `${GATEWAY_IPV4}/32`);
        if (link?.dev !== 'eth0' || link.scope !== 'link')
          return `wanted ${GATEWAY_IPV4} dev eth0 scope link`;
        return defaultVia(output, GATEWAY_IPV4);
      }),
    },
    {
      label: 'IPv6',
      place: 'pod-a1',
      argv: ['ip', '-6', 'route', 'show'],
      verdict: onOutput((output) => defaultVia(output, GATEWAY_IPV6)),
    },
  ],
};

export function defaultVia(output: string, gateway: string): Verdict {
  const found = parseRoutes(output).find((route) => route.destination === 'default');
  if (found?.via === gateway && found.dev === 'eth0') return undefined;
  return `wanted default via ${gateway} dev eth0, got ${found === undefined ? 'no default route' : `via ${found.via}`}`;
}
