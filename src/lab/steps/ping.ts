import type { Family } from '../../net/address.ts';
import { parsePing } from '../output/ping.ts';
import { type Check, FAMILIES, type Scene, type Step, type Verdict } from '../step.ts';

export const sameNodeStep: Step = {
  title: 'to a pod on the same node',
  story: 'From cable to cable through the node: one hop.',
  checks: (scene) => FAMILIES.map((family) => ping(scene, 'pod-a2', family)),
};

export const otherNodeStep: Step = {
  title: 'to a pod on another node',
  story: 'Straight over the common subnet, without encapsulation: the ttl tells the two nodes on the way.',
  checks: (scene) => FAMILIES.map((family) => ping(scene, 'pod-b1', family)),
};

export const otherSubnetStep: Step = {
  title: 'to a pod on another subnet',
  story: 'By way of the router, which learned all pod CIDRs by BGP: one hop more.',
  checks: (scene) => FAMILIES.map((family) => ping(scene, 'pod-c1', family)),
};

/** Three echo requests from pod-a1, a fifth of a second apart. */
export const ping = (scene: Scene, to: string, family: Family): Check => ({
  label: `IPv${family}`,
  place: 'pod-a1',
  argv: ['ping', '-c', '3', '-i', '0.2', '-W', '1', scene.podAddress(to, family)],
  show: answersAndCount,
  // Ping's exit code says less than its counts.
  verdict: ({ stdout, stderr }) => allAnswered(stdout || stderr),
});

/** The answers and their count, without headings and averages. */
export const answersAndCount = (output: string): string =>
  output
    .split('\n')
    .filter((line) => /bytes from|packets transmitted/.test(line))
    .join('\n');

export function allAnswered(output: string): Verdict {
  const result = parsePing(output);
  if (result !== undefined && result.sent > 0 && result.received === result.sent) return undefined;
  return `wanted an answer to each, got ${result === undefined ? output.trim() : `${result.received} of ${result.sent}`}`;
}
