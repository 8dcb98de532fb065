import { Judge } from './judge.ts';
import type { Script } from './script.ts';
import { World } from './world.ts';

export interface Outcome {
  /** What is wrong; empty: everything is as the standards want it. */
  readonly complaints: readonly string[];
  /** Messages that the speaker had to look at. */
  readonly messages: number;
}

/** Carries out one case. The first complaint ends it: what follows would only be its echo. */
export async function run({ setup, acts }: Script): Promise<Outcome> {
  const world = new World(setup);
  const judge = new Judge(world, setup);
  try {
    for (const act of acts) {
      const before = world.clock.monotonic();
      judge.after(act, world.carryOut(act), before);
      if (judge.complaints.length > 0) break;
    }
    await world.stop();
  } catch (error) {
    judge.complaints.push(`exception: ${error instanceof Error ? error.stack : String(error)}`);
  }
  return { complaints: judge.complaints, messages: judge.messages };
}
