import type { Cells, Row } from './table-print.ts';
import { repetitions } from './workshop.ts';

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

interface Named {
  readonly name: string;
  readonly installed: boolean;
}

/** Those that are installed, or of them only those in BENCH_DAEMONS. */
export function chosen<D extends Named>(daemons: readonly D[]): readonly D[] {
  const only = process.env['BENCH_DAEMONS']?.split(',');
  return daemons.filter(({ name, installed }) => installed && (only?.includes(name) ?? true));
}

/** Every daemon once, then all again, so that the machine's moods hit all; one that fails says so and is left out then. */
export async function inTurns<D extends Named, Run>(
  daemons: readonly D[],
  what: string,
  run: (daemon: D) => Promise<Run>,
  times = repetitions,
): Promise<ReadonlyMap<string, readonly Run[]>> {
  const results = new Map<string, Run[]>(daemons.map(({ name }) => [name, []]));
  const failed = new Set<string>();
  for (let i = 0; i < times; i++) {
    for (const daemon of daemons) {
      if (failed.has(daemon.name)) continue;
      try {
        results.get(daemon.name)?.push(await run(daemon));
      } catch (error) {
        failed.add(daemon.name);
        console.log(`${daemon.name}, ${what}: ${String(error)}`);
      }
    }
  }
  return results;
}

export function rowOf<Run>(
  name: string,
  unit: Row['unit'],
  results: ReadonlyMap<string, readonly Run[]>,
  value: (run: Run) => number | undefined,
  bar?: Row['bar'],
): Row {
  const cells: Record<string, number> = {};
  for (const [daemon, runs] of results) {
    const values = runs.flatMap((run) => value(run) ?? []);
    if (values.length > 0) cells[daemon] = median(values);
  }
  return { name, unit, cells, ...(bar === undefined ? {} : { bar }) };
}

export const isOurs = ({ name }: { readonly name: string }): boolean => name === 'Gryphon';

/** What does nothing of its own is no rival. */
const NO_RIVALS = ['Gryphon', 'null relay'];
const fasterThanOthers = (ours: number, cells: Cells, excused: readonly string[]): boolean =>
  Object.entries(cells).every(([name, value]) => excused.includes(name) || ours < value);

export const fasterThanFrr: Row['bar'] = {
  text: 'faster than FRR',
  met: (ours, { FRR }) => FRR === undefined || ours < FRR,
};
export const fasterThanBird: Row['bar'] = {
  text: 'faster than BIRD',
  met: (ours, { BIRD }) => BIRD === undefined || ours < BIRD,
};
export const fasterThanAll: Row['bar'] = {
  text: 'faster than all',
  met: (ours, cells) => fasterThanOthers(ours, cells, NO_RIVALS),
};
export const fasterThanAllButBird: Row['bar'] = {
  text: 'faster than all but BIRD',
  met: (ours, cells) => fasterThanOthers(ours, cells, [...NO_RIVALS, 'BIRD']),
};
export const atMostFrr: Row['bar'] = {
  text: "at most FRR's",
  met: (ours, { FRR }) => FRR === undefined || ours <= FRR,
};
