import { concat, split } from './octets.ts';
import { run } from './run.ts';
import type { Act, Script } from './script.ts';

/** Cases tried for one that fails; more would not make it much shorter. */
const TRIES = 600;

/** A shorter case that fails as well: without what it does not need, and message by message where that is enough. */
export async function shrink(script: Script): Promise<Script> {
  let tries = TRIES;
  const fails = async (acts: readonly Act[]): Promise<boolean> =>
    tries-- > 0 && (await run({ ...script, acts })).complaints.length > 0;

  let { acts } = script;
  const byMessage = joined(acts).flatMap(messageByMessage);
  if (await fails(byMessage)) acts = byMessage;
  // Pieces of half the case, then of a quarter, down to single acts.
  for (let size = Math.ceil(acts.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = acts.length - size; at > -size; at -= size) {
      const without = [...acts.slice(0, Math.max(at, 0)), ...acts.slice(at + size)];
      if (without.length < acts.length && (await fails(without))) acts = without;
    }
  }
  return { ...script, acts };
}

/** Neighbouring pieces for one line as one. */
function joined(acts: readonly Act[]): Act[] {
  const out: Act[] = [];
  for (const act of acts) {
    const last = out.at(-1);
    if (act.kind === 'send' && last?.kind === 'send' && last.line === act.line)
      out[out.length - 1] = { ...act, bytes: concat(last.bytes, act.bytes) };
    else out.push(act);
  }
  return out;
}

const messageByMessage = (act: Act): Act[] =>
  act.kind === 'send' ? split(act.bytes).map((bytes) => ({ ...act, bytes })) : [act];
