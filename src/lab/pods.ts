import { createHash } from 'node:crypto';
import { type Address, address, familyOf } from '../net/address.ts';
import type { CniResult } from './cni-answer.ts';
import { type ConfList, loadDefaultConfList } from './conflist.ts';
import { LabError } from './error.ts';
import { type Lab, netnsPath } from './lab.ts';
import { CniRuntime, type Sandbox } from './runtime.ts';
import type { LabNode } from './topology.ts';
import { inside } from './wiring.ts';

/** The pod's interface, as every container runtime names it. */
export const POD_INTERFACE = 'eth0';

/** The container runtime of one node. */
export function nodeRuntime(lab: Lab, node: LabNode): CniRuntime {
  const { cniBin, cniCache } = lab.layout.node(node.name);
  return new CniRuntime({
    run: lab.run,
    launcher: inside(lab.topology, node.name),
    binDir: cniBin,
    cacheDir: cniCache,
    path: lab.env['PATH'] ?? '',
  });
}

/** Identifiers that look like a runtime's, and are the same each time for the same pod. */
export function sandboxOf(lab: Lab, pod: string): Sandbox {
  const netns = netnsPath(lab, pod);
  const containerID = createHash('sha256').update(netns).digest('hex');
  const uid = [
    containerID.slice(0, 8),
    ...[8, 12, 16].map((i) => containerID.slice(i, i + 4)),
    containerID.slice(20, 32),
  ];
  return {
    containerID,
    netns,
    ifname: POD_INTERFACE,
    pod: { namespace: 'default', name: pod, uid: uid.join('-') },
  };
}

/** The conflist that the node's agent wrote. @throws LabError `GRY_LAB_NO_CONFLIST` */
export async function nodeConfList(lab: Lab, node: LabNode): Promise<ConfList> {
  const { cniConf } = lab.layout.node(node.name);
  const list = await loadDefaultConfList(cniConf);
  if (list === undefined) {
    throw new LabError('GRY_LAB_NO_CONFLIST', `${node.name}: no CNI configuration in ${cniConf}`, {
      remedy: `the agent writes it once it is synced; see ${lab.layout.log(node.name)}`,
    });
  }
  return list;
}

/** One after the other, as a kubelet's pods come. */
export async function createPods(lab: Lab, node: LabNode): Promise<void> {
  const list = await nodeConfList(lab, node);
  const runtime = nodeRuntime(lab, node);
  for (const pod of node.pods) await runtime.add(list, sandboxOf(lab, pod));
}

/** Asks the plugins whether all pods of the node are whole. @throws CniError */
export async function checkPods(lab: Lab, node: LabNode): Promise<void> {
  const list = await nodeConfList(lab, node);
  const runtime = nodeRuntime(lab, node);
  for (const pod of node.pods) await runtime.check(list, sandboxOf(lab, pod));
}

export interface PodAddresses {
  readonly ipv4?: Address;
  readonly ipv6?: Address;
}

/** What the runtime remembers of a pod; nothing when it has not been created. */
export async function podAddresses(lab: Lab, node: LabNode, pod: string): Promise<PodAddresses> {
  const list = await nodeConfList(lab, node).catch(() => undefined);
  if (list === undefined) return {};
  const result = await nodeRuntime(lab, node).cached(list, sandboxOf(lab, pod));
  return result === undefined ? {} : addressesOf(result);
}

/** The first address of each family in a CNI result. */
export function addressesOf(result: CniResult): PodAddresses {
  const found = (result.ips ?? []).map(({ address: text }) => address(text.replace(/\/\d+$/, '')));
  const ipv4 = found.find((candidate) => familyOf(candidate) === 4);
  const ipv6 = found.find((candidate) => familyOf(candidate) === 6);
  return { ...(ipv4 === undefined ? {} : { ipv4 }), ...(ipv6 === undefined ? {} : { ipv6 }) };
}
