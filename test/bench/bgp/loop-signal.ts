import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { LoopReport } from './loop-report.ts';
import type { Program } from './program.ts';

/** What `loop-watch.ts` in the process has seen since it was told to start; it starts again. */
export async function readLoop(program: Program, directory: string): Promise<LoopReport> {
  const file = join(directory, 'loop.json');
  rmSync(file, { force: true });
  program.kill('SIGUSR2');
  for (let tries = 0; !existsSync(file); tries++) {
    if (tries > 500) throw new Error('no report of the event loop');
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
  return JSON.parse(readFileSync(file, 'utf8')) as LoopReport;
}
