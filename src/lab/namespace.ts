import { mustRun } from './command.ts';
import type { Lab } from './lab.ts';
import { namespacePrefix } from './topology.ts';

/** All namespaces whose name says that they are this lab's, also those that a crashed `up` left. */
export async function labNamespaces(lab: Pick<Lab, 'run' | 'topology'>): Promise<readonly string[]> {
  const prefix = namespacePrefix(lab.topology);
  return parseNamespaces(await mustRun(lab.run, ['ip', 'netns', 'list'])).filter((name) =>
    name.startsWith(prefix),
  );
}

/** The names in the output of `ip netns list`: `NAME` or `NAME (id: 3)` per line. */
export const parseNamespaces = (text: string): readonly string[] =>
  text
    .split('\n')
    .map((line) => line.trim().split(' ')[0] ?? '')
    .filter((name) => name !== '');

/** Removes them; cables, bridges, routes and rules in them go with them. */
export async function removeNamespaces(lab: Pick<Lab, 'run' | 'topology'>): Promise<number> {
  const names = await labNamespaces(lab);
  for (const name of names) await mustRun(lab.run, ['ip', 'netns', 'delete', name]);
  return names.length;
}
