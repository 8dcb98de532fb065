/**
 * A router between others: one external peer sends a table, another receives it, a third comes late, all is withdrawn. Ours
 * against the daemons that are installed, in turns in the same run, each freshly started in namespaces of its own. The null relay
 * shows what generator, receiver and TCP take. BENCH=quick: one run, few rows; BENCH_DAEMONS=Gryphon,BIRD: only those.
 */
import { daemons, relay } from './bgp/daemons.ts';
import { type Forwarded, forward, type Load } from './bgp/forwarding.ts';
import { loopLine } from './bgp/loop-line.ts';
import {
  atMostFrr,
  chosen,
  fasterThanAll,
  fasterThanAllButBird,
  fasterThanFrr,
  inTurns,
  isOurs,
  rowOf,
} from './bgp/rows.ts';
import { printTable } from './bgp/table-print.ts';
import { quick, repetitions, Workshop } from './bgp/workshop.ts';

const loads: readonly Load[] = [
  { count: 100_000, shape: 'mixed', whole: true },
  { count: 100_000, shape: 'single', whole: false },
  ...(quick ? [] : [{ count: 800_000, shape: 'mixed', whole: true } as const]),
];
const all = [...chosen(daemons), relay];

using workshop = await Workshop.open();
console.log(
  `BGP forwarding, medians of ${repetitions}; 5 prefixes an UPDATE (mixed) or 1, every UPDATE with attributes of its own`,
);
for (const load of loads) {
  const title = `${load.count} ${load.shape}`;
  const results = await inTurns(all, title, (daemon) =>
    forward(workshop, daemon, { ...load, whole: load.whole && daemon !== relay }),
  );
  const rows = [
    rowOf('all received', 's', results, (run: Forwarded) => run.announce, fasterThanFrr),
    rowOf('late joiner', 's', results, (run: Forwarded) => run.late, fasterThanAll),
    rowOf('all withdrawn', 's', results, (run: Forwarded) => run.withdraw, fasterThanAllButBird),
    rowOf('memory above idle', 'MB', results, (run: Forwarded) => run.memory, atMostFrr),
    rowOf('processor', 's', results, (run: Forwarded) => run.processor),
  ];
  printTable(
    title,
    all.map(({ name }) => name),
    rows.filter(({ cells }) => Object.keys(cells).length > 0),
  );
  for (const ours of all.filter(isOurs)) {
    const { loop } = await forward(workshop, ours, { ...load, watch: true });
    console.log(`${loopLine('all of it', loop)}\n`);
  }
}
