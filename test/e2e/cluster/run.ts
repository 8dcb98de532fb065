import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { identify, look } from '../../../src/lab/process-identity.ts';
import { removeCgroup, topCgroups } from '../../support/cgroup.ts';

/** Number and start time of the test's process: what it leaves behind when it is killed shows that its owner is gone. */
const pattern = /^gryphon-e2e-(\d+)-(\d+)-/;

export interface RunPlaces {
  /** Where directories of runs are. */
  readonly temporary?: string;
  /** Where groups of processes are, if not in the kernel's own place. */
  readonly cgroups?: string;
}

/** Makes a directory for this run; the groups of processes of its nodes begin with its name. */
export function makeRunDirectory({ temporary = os.tmpdir() }: RunPlaces = {}): string {
  const startTime = identify(process.pid)?.startTime ?? '0';
  return fs.mkdtempSync(path.join(temporary, `gryphon-e2e-${process.pid}-${startTime}-`));
}

/**
 * Removes what runs have left that were killed or interrupted. Their processes, mounts and links went with them; directories and groups
 * of processes do not. What cannot be removed is told, and left to the next run.
 */
export async function removeDeadRuns({ temporary = os.tmpdir(), cgroups }: RunPlaces = {}): Promise<void> {
  const told = (name: string, error: unknown): void => {
    process.stdout.write(`${name}, left by a run that died, cannot be removed: ${String(error)}\n`);
  };
  for (const name of [...topCgroups(cgroups)].filter(isDead))
    await removeCgroup(name, cgroups).catch((error: unknown) => told(name, error));
  for (const name of fs.readdirSync(temporary).filter(isDead))
    await fs.promises
      .rm(path.join(temporary, name), { recursive: true, force: true })
      .catch((error: unknown) => told(name, error));
}

function isDead(name: string): boolean {
  const [, pid, startTime] = pattern.exec(name) ?? [];
  return pid !== undefined && look(Number(pid))?.identity.startTime !== startTime;
}
