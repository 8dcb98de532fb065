import { readFileSync } from 'node:fs';
import { mustRun } from './command.ts';
import { type Lab, OWNER_VARIABLE } from './lab.ts';
import { labNamespaces } from './namespace.ts';
import { identify, type ProcessIdentity } from './process-identity.ts';

/** A process in one of the lab's namespaces that no record tells of. */
export interface Stray extends ProcessIdentity {
  readonly name: string;
  /** Started by `up` (of this lab in another directory, or just before it was killed); else by somebody with `lab exec`. */
  readonly ours: boolean;
}

/** Looks into all namespaces of the lab. */
export async function findStrays(lab: Lab): Promise<readonly Stray[]> {
  const known = new Set((await lab.processes.list()).map((record) => record.pid));
  const strays: Stray[] = [];
  for (const namespace of await labNamespaces(lab)) {
    const pids = parsePids(await mustRun(lab.run, ['ip', 'netns', 'pids', namespace]));
    for (const pid of pids) {
      const identity = known.has(pid) ? undefined : identify(pid);
      if (identity !== undefined) strays.push({ ...identity, name: nameOf(pid), ours: isOurs(lab, pid) });
    }
  }
  return strays;
}

/** One number per line. */
export const parsePids = (text: string): readonly number[] =>
  text
    .split('\n')
    .filter((line) => /^\d+$/.test(line.trim()))
    .map(Number);

/** Everything that `up` starts carries the lab's name in its environment; what `lab exec` runs does not. */
const isOurs = (lab: Lab, pid: number): boolean =>
  readProcess(pid, 'environ').split('\0').includes(`${OWNER_VARIABLE}=${lab.topology.name}`);

const nameOf = (pid: number): string => readProcess(pid, 'comm').trim();

/** Empty when it has ended in the meantime. */
function readProcess(pid: number, file: 'environ' | 'comm'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
