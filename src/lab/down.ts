import type { Lab } from './lab.ts';
import { removeDirectory, withLock } from './marker.ts';
import { labNamespaces, removeNamespaces } from './namespace.ts';
import { Progress } from './progress.ts';

/** Removes the lab, whatever state it is in; a lab that is not there is fine too. */
export async function down(lab: Lab, signal: AbortSignal): Promise<void> {
  await withLock(lab, process.pid, async () => {
    const found = (await labNamespaces(lab)).length + (await lab.processes.list()).length;
    if (found > 0) await dismantle(lab, new Progress(lab.write, lab.clock), signal);
    else await removeDirectory(lab);
    lab.write(found > 0 ? 'The lab is gone.\n' : 'There was no lab.\n');
  });
}

/** Ends our processes, removes namespaces by their prefix, then the directory: what remembers the rest goes last. */
export async function dismantle(lab: Lab, progress: Progress, signal: AbortSignal): Promise<void> {
  await progress.stage('ending processes', () => lab.processes.stopAll(signal));
  await progress.stage('removing namespaces', () => removeNamespaces(lab));
  await removeDirectory(lab);
}
