import type { Family } from '../../net/address.ts';
import { type Check, FAMILIES, onOutput, type Step, type Verdict } from '../step.ts';
import { addressOf, nodeOf, type Topology } from '../topology.ts';

export const CHAIN = 'GRY-POSTROUTING';

export const masqueradeRuleStep: Step = {
  title: 'the masquerade rule',
  story:
    "Who comes from a pool and goes to no pool and no node leaves with the node's address. Everybody inside the cluster sees " +
    "the pod's own.",
  checks: () =>
    FAMILIES.map((family) => ({
      label: `IPv${family}`,
      place: 'node-a',
      argv: [family === 4 ? 'iptables' : 'ip6tables', '-t', 'nat', '-S', CHAIN],
      verdict: onOutput(masquerades),
    })),
};

export function masquerades(output: string): Verdict {
  const rule = output
    .split('\n')
    .find((line) => line.startsWith(`-A ${CHAIN} `) && line.includes('-j MASQUERADE'));
  if (rule === undefined) return `wanted a MASQUERADE rule in ${CHAIN}`;
  return rule.includes('--random-fully') ? undefined : `wanted --random-fully, got ${rule}`;
}

export const internetStep: Step = {
  title: 'a request to the internet',
  story:
    'The web server answers with the address that it saw. It has routes to nodes only: without masquerade the answer would ' +
    'never come back.',
  checks: ({ topology }) => FAMILIES.map((family) => request(topology, family)),
};

function request(topology: Topology, family: Family): Check {
  const server = addressOf(topology.internet, family);
  const url = family === 4 ? `http://${server}/` : `http://[${server}]/`;
  const node = addressOf(nodeOf(topology, 'node-a'), family);
  return {
    label: `IPv${family}`,
    place: 'pod-a1',
    argv: ['curl', '--silent', '--show-error', '--max-time', '5', url],
    verdict: onOutput((output) =>
      output.trim() === `you are ${node}` ? undefined : `wanted ${node}, got ${output.trim()}`,
    ),
  };
}
