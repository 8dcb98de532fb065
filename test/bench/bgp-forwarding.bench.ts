/**
 * A router between others: one external peer sends a table, another receives it, a third comes late, all is withdrawn. Ours
 * against the daemons that are installed, one after the other in the same run, each freshly started in namespaces of its own. The
 * null relay shows what generator, receiver and TCP take. BENCH=quick: one run, few rows; BENCH_DAEMONS=Gryphon,BIRD: only those.
 */
import { type Daemon, daemons, relay } from './bgp/daemons.ts';
import { type Forwarded, forward, type Load } from './bgp/forwarding.ts';
import { loopLine } from './bgp/loop-line.ts';
import { type Cells, printTable, type Row } from './bgp/table-print.ts';
import { quick, repetitions, Workshop } from './bgp/workshop.ts';

const loads: readonly Load[] = [
  { count: 100_000, shape: 'mixed', whole: true },
  { count: 100_000, shape: 'single', whole: false },
  ...(quick ? [] : [{ count: 800_000, shape: 'mixed', whole: true } as const]),
];
const only = process.env['BENCH_DAEMONS']?.split(',');
const chosen = daemons.filter(({ name, installed }) => installed && (only?.includes(name) ?? true));

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

async function runs(workshop: Workshop, daemon: Daemon, load: Load): Promise<readonly Forwarded[]> {
  const results: Forwarded[] = [];
  for (let i = 0; i < repetitions; i++) {
    try {
      results.push(await forward(workshop, daemon, load));
    } catch (error) {
      console.log(`${daemon.name}, ${load.count} ${load.shape}: ${String(error)}`);
      break;
    }
  }
  return results;
}

const fasterThanFrr = {
  text: 'faster than FRR',
  met: (ours: number, { FRR }: Cells) => FRR === undefined || ours < FRR,
};
const fasterThanAllButBird = {
  text: 'faster than all but BIRD',
  met: (ours: number, cells: Cells) =>
    Object.entries(cells).every(
      ([name, value]) => ['BIRD', 'Gryphon', 'null relay'].includes(name) || ours < value,
    ),
};
const fasterThanAll = {
  text: 'faster than all',
  met: (ours: number, cells: Cells) =>
    Object.entries(cells).every(([name, value]) => ['Gryphon', 'null relay'].includes(name) || ours < value),
};
const atMostFrr = {
  text: "at most FRR's",
  met: (ours: number, { FRR }: Cells) => FRR === undefined || ours <= FRR,
};

/** What one load gives to print. */
const figures: readonly {
  readonly name: string;
  readonly unit: 's' | 'MB';
  readonly value: (run: Forwarded) => number | undefined;
  readonly bar?: Row['bar'];
}[] = [
  { name: 'all received', unit: 's', value: (run) => run.announce, bar: fasterThanFrr },
  { name: 'late joiner', unit: 's', value: (run) => run.late, bar: fasterThanAll },
  { name: 'all withdrawn', unit: 's', value: (run) => run.withdraw, bar: fasterThanAllButBird },
  { name: 'memory above idle', unit: 'MB', value: (run) => run.memory, bar: atMostFrr },
  { name: 'processor', unit: 's', value: (run) => run.processor },
];

using workshop = await Workshop.open();
console.log(
  `BGP forwarding, ${repetitions === 1 ? 'one run' : `medians of ${repetitions}`}; 5 prefixes an UPDATE (mixed) or 1, every UPDATE with attributes of its own`,
);
for (const load of loads) {
  const results = new Map<string, readonly Forwarded[]>();
  for (const daemon of [...chosen, relay]) {
    const { whole } = load;
    results.set(daemon.name, await runs(workshop, daemon, { ...load, whole: whole && daemon !== relay }));
  }
  const rows: Row[] = figures.map(({ name, unit, value, bar }) => {
    const cells: Record<string, number> = {};
    for (const [daemon, list] of results) {
      const values = list.flatMap((run) => value(run) ?? []);
      if (values.length > 0) cells[daemon] = median(values);
    }
    return { name, unit, cells, ...(bar === undefined ? {} : { bar }) };
  });
  printTable(
    `${load.count} ${load.shape}`,
    [...chosen, relay].map((d) => d.name),
    rows.filter((row) => Object.keys(row.cells).length > 0),
  );
  console.log(loopLine(results.get('Gryphon')?.flatMap(({ loop }) => loop ?? []) ?? []));
}
