import { generate } from './generate.ts';
import { run } from './run.ts';
import { actsText, type Script } from './script.ts';
import { shrink } from './shrink.ts';

/** What is wrong with the case of a seed, shrunk and as a row of `regressions.ts`; undefined: nothing. */
export async function report(seed: number): Promise<string | undefined> {
  const script = generate(seed);
  const { complaints } = await run(script);
  return complaints.length === 0 ? undefined : await failureText(`seed ${seed}`, script);
}

/** The shortest form of a case that fails, and what is wrong with it. */
export async function failureText(name: string, script: Script): Promise<string> {
  const short = await shrink(script);
  const { complaints } = await run(short);
  const row = `['${name}', ${JSON.stringify(short.setup)}, '${actsText(short.acts)}'],`;
  return `${name}: ${complaints.join('\n  ')}\n${row}`;
}
