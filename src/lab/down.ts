import type { Lab } from './lab.ts';
import { removeDirectory, withLock } from './marker.ts';
import { labNamespaces, removeNamespaces } from './namespace.ts';
import { Progress } from './progress.ts';
import { findStrays } from './stray.ts';

/** Removes the lab, whatever state it is in; a lab that is not there is fine too. */
export async function down(lab: Lab, signal: AbortSignal): Promise<void> {
  await withLock(lab, process.pid, async () => {
    const found = (await labNamespaces(lab)).length + (await lab.processes.list()).length;
    if (found > 0) await dismantle(lab, new Progress(lab.write, lab.clock), signal);
    await removeDirectory(lab);
    lab.write(found > 0 ? 'The lab is gone.\n' : 'There was no lab.\n');
  });
}

/** Ends our processes and removes namespaces by their prefix. What somebody runs in the lab is named and left alone. */
export async function dismantle(lab: Lab, progress: Progress, signal: AbortSignal): Promise<void> {
  const strays = await findStrays(lab);
  await progress.stage('ending processes', async () => {
    const lost = strays.filter((stray) => stray.ours);
    await lab.processes.stop([...(await lab.processes.list()), ...lost], signal);
  });
  await progress.stage('removing namespaces', () => removeNamespaces(lab));
  for (const { pid, name, ours } of strays) {
    if (!ours) lab.write(`  left alone: process ${pid} (${name}), which somebody runs in the lab\n`);
  }
}
