import { type CommandResult } from './command.ts';
import { enter, type Lab, placeEnvironment } from './lab.ts';
import type { Check, Verdict } from './step.ts';
import { until } from './wait.ts';

/** How a check went. */
export interface Outcome {
  readonly check: Check;
  readonly result: CommandResult;
  readonly verdict: Verdict;
  readonly tries: number;
  /** Milliseconds from the first try to the end of the last. */
  readonly took: number;
}

const RETRY_EVERY_MS = 250;

/** Runs a check as `gryphon lab exec` would, until it holds or its time is up. */
export async function runCheck(lab: Lab, check: Check, signal: AbortSignal): Promise<Outcome> {
  const start = lab.clock.monotonic();
  let last: CommandResult = { argv: check.argv, stdout: '', stderr: 'not run', exitCode: -1 };
  let verdict: Verdict = 'not run';
  let tries = 0;
  await until(lab.clock, signal, { timeoutMs: check.withinMs ?? 0, everyMs: RETRY_EVERY_MS }, async () => {
    last = await lab.run(enter(lab, check.place, check.argv), {
      env: placeEnvironment(lab, check.place),
      signal,
    });
    tries++;
    verdict = check.verdict(last);
    return verdict === undefined ? true : undefined;
  });
  return { check, result: last, verdict, tries, took: lab.clock.monotonic() - start };
}
