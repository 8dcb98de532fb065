import { parseLinks } from '../output/link.ts';
import { parseArping, parseNeighbours, type ShownNeighbour } from '../output/neighbour.ts';
import { parsePing } from '../output/ping.ts';
import { onOutput, type Step, type Verdict } from '../step.ts';
import { answersAndCount } from './ping.ts';
import { GATEWAY_IPV4, GATEWAY_IPV6 } from './pod.ts';

/** Every pod link's end on the node has this MAC: nothing has to be learned, and nothing changes when a pod moves. */
export const GATEWAY_MAC = 'ee:ee:ee:ee:ee:ee';

export const gatewayStep: Step = {
  title: 'who answers for the gateway',
  story: `ARP for ${GATEWAY_IPV4} is answered with ${GATEWAY_MAC}. The IPv6 gateway answers too, and has the same MAC.`,
  checks: () => [
    {
      label: 'IPv4',
      place: 'pod-a1',
      argv: ['arping', '-c', '1', '-i', 'eth0', GATEWAY_IPV4],
      show: answersAndCount,
      verdict: onOutput((output) => answeredBy(parseArping(output), GATEWAY_IPV4)),
    },
    {
      label: 'IPv6 answers',
      place: 'pod-a1',
      argv: ['ping', '-c', '1', '-W', '1', `${GATEWAY_IPV6}%eth0`],
      show: answersAndCount,
      verdict: onOutput((output) =>
        parsePing(output)?.received === 1 ? undefined : 'no answer from the gateway',
      ),
    },
    {
      label: 'IPv6',
      place: 'pod-a1',
      argv: ['ip', '-6', 'neighbour', 'show'],
      verdict: onOutput((output) => answeredBy(parseNeighbours(output), GATEWAY_IPV6)),
    },
  ],
};

export function answeredBy(answers: readonly ShownNeighbour[], address: string): Verdict {
  const macs = answers.filter((answer) => answer.address === address).map((answer) => answer.mac);
  if (macs.length > 0 && macs.every((mac) => mac === GATEWAY_MAC)) return undefined;
  return `wanted ${address} at ${GATEWAY_MAC}, got ${macs.join(', ') || 'no answer'}`;
}

export const hostLinkStep: Step = {
  title: "the node's end of a pod's cable",
  story:
    'Its name begins with gryp; its alias tells whose it is, so that an agent that has lost its memory can know it again.',
  checks: (scene) => {
    const link = scene.hostLink('pod-a1');
    return [
      {
        label: 'MAC and name',
        place: 'node-a',
        argv: ['ip', 'link', 'show', 'dev', link],
        verdict: onOutput((output) => {
          const found = parseLinks(output)[0];
          if (!/^gryp[0-9a-f]{11}$/.test(found?.name ?? ''))
            return `wanted gryp and 11 digits, got ${found?.name}`;
          return found?.mac === GATEWAY_MAC ? undefined : `wanted ${GATEWAY_MAC}, got ${found?.mac}`;
        }),
      },
    ];
  },
};
