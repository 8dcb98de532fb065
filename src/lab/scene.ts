import type { Address, Family } from '../net/address.ts';
import type { CniResult } from './cni-answer.ts';
import { LabError } from './error.ts';
import type { Lab } from './lab.ts';
import { addressesOf, nodeConfList, nodeRuntime, sandboxOf } from './pods.ts';
import type { Scene } from './step.ts';

/** Looks up what the runtimes know of the pods. @throws LabError `GRY_LAB_NO_CONFLIST` when the lab is not up */
export async function labScene(lab: Lab): Promise<Scene> {
  const results = new Map<string, CniResult>();
  for (const node of lab.topology.nodes) {
    const list = await nodeConfList(lab, node);
    const runtime = nodeRuntime(lab, node);
    for (const pod of node.pods) {
      const result = await runtime.cached(list, sandboxOf(lab, pod));
      if (result !== undefined) results.set(pod, result);
    }
  }
  return {
    topology: lab.topology,
    podAddress: (pod, family) => podAddress(pod, results.get(pod), family),
    hostLink: (pod) => hostLink(pod, results.get(pod)),
  };
}

function podAddress(pod: string, result: CniResult | undefined, family: Family): Address {
  const { ipv4, ipv6 } = result === undefined ? {} : addressesOf(result);
  const found = family === 4 ? ipv4 : ipv6;
  if (found === undefined) throw podError(pod, `an IPv${family} address`);
  return found;
}

/** The interface without a sandbox is the one on the node. */
function hostLink(pod: string, result: CniResult | undefined): string {
  const link = result?.interfaces?.find(({ sandbox }) => sandbox === undefined || sandbox === '');
  if (link === undefined) throw podError(pod, 'a link on its node');
  return link.name;
}

const podError = (pod: string, what: string): LabError =>
  new LabError('GRY_LAB_POD', `${pod} has not got ${what}`, { remedy: 'run "gryphon lab up" again' });
