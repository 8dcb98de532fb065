import { describeError } from '../ports/error.ts';
import { askReadiness } from './agents.ts';
import type { Lab } from './lab.ts';
import { readMarker } from './marker.ts';
import { labNamespaces } from './namespace.ts';
import { checkPods } from './pods.ts';
import { isAlive } from './process-identity.ts';
import { namespaceOf, placesOf } from './topology.ts';

/** `nothing` of it is there; it is `whole`; it is whole but `outdated`; it is `broken`. The reason is a clause for people. */
export type LabState =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'whole' }
  | { readonly kind: 'outdated'; readonly reason: string }
  | { readonly kind: 'broken'; readonly reason: string };

/** Names of all long-running processes, in the order in which they are started. */
export const expectedProcesses = (lab: Lab): readonly string[] => [
  lab.topology.router.name,
  lab.topology.internet.name,
  ...lab.topology.nodes.map((node) => node.name),
];

/** Looks at everything that `up` makes; the first thing found wrong is the reason. */
export async function inspectLab(lab: Lab): Promise<LabState> {
  const broken = (reason: string): LabState => ({ kind: 'broken', reason });
  const marker = await readMarker(lab);
  const namespaces = new Set(await labNamespaces(lab));
  if (namespaces.size === 0 && marker?.complete !== true) return { kind: 'nothing' };
  if (marker?.complete !== true) return broken('an earlier start did not come to its end');
  for (const place of placesOf(lab.topology)) {
    if (!namespaces.has(namespaceOf(lab.topology, place))) return broken(`the namespace of ${place} is gone`);
  }
  const records = await lab.processes.list();
  for (const name of expectedProcesses(lab)) {
    const record = records.find((candidate) => candidate.name === name);
    if (record === undefined || !isAlive(record)) return broken(`the process of ${name} has ended`);
  }
  for (const node of lab.topology.nodes) {
    const { ready, detail } = await askReadiness(lab, node);
    if (!ready)
      return broken(`${node.name} is not ready: ${detail.split('\n').find((line) => line !== '') ?? ''}`);
    const reason = await checkPods(lab, node).then(() => undefined, describeError);
    if (reason !== undefined) return broken(`a pod of ${node.name} is not whole: ${reason}`);
  }
  return marker.fingerprint === lab.fingerprint
    ? { kind: 'whole' }
    : { kind: 'outdated', reason: 'the program has changed since it was started' };
}
