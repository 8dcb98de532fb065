/**
 * From UPDATE to kernel: an external peer sends a table of which everything is taken; the clock stops at the last RTM_NEWROUTE, and
 * again at the last RTM_DELROUTE. Ours is the whole bundled agent with manifests, against BIRD with its kernel protocol and FRR's
 * bgpd with zebra, in turns in the same run; the floor is a C program that only sends routes. BENCH and BENCH_DAEMONS as in
 * bgp-forwarding.bench.ts.
 */
import { type FibDaemon, fibDaemons } from './bgp/fib-daemons.ts';
import { floor, type Installed, install } from './bgp/fib-run.ts';
import { loopLine } from './bgp/loop-line.ts';
import { atMostFrr, chosen, fasterThanBird, inTurns, isOurs, median, rowOf } from './bgp/rows.ts';
import { printTable } from './bgp/table-print.ts';
import { repetitions, Workshop } from './bgp/workshop.ts';

const FLOOR = 'C floor';
const daemons = chosen(fibDaemons);

using workshop = await Workshop.open();
/** What is over in a tenth of a second is the machine's mood for a good part. */
const timesOf = (count: number): number => (count < 100_000 ? 3 : 1) * repetitions;
console.log(
  `From UPDATE to kernel, medians of ${timesOf(10_000)} and ${timesOf(100_000)}; 5 prefixes an UPDATE, every UPDATE with attributes of its own`,
);
for (const count of [10_000, 100_000]) {
  const run = (daemon: FibDaemon): Promise<Installed> => install(workshop, daemon, count);
  const results = await inTurns(daemons, `${count} routes`, run, timesOf(count));
  const floors: number[] = [];
  for (let i = 0; i < repetitions; i++) floors.push(await floor(workshop, count));
  const rows = [
    rowOf('last route in', 's', results, (run: Installed) => run.install, fasterThanBird),
    rowOf('last route out', 's', results, (run: Installed) => run.remove),
    rowOf('memory above idle', 'MB', results, (run: Installed) => run.memory, atMostFrr),
    rowOf('processor', 's', results, (run: Installed) => run.processor),
  ];
  const [first, ...others] = rows;
  const withFloor = first && { ...first, cells: { ...first.cells, [FLOOR]: median(floors) } };
  printTable(
    `${count} routes`,
    [...daemons.map(({ name }) => name), FLOOR],
    [...(withFloor === undefined ? [] : [withFloor]), ...others],
  );
  for (const ours of daemons.filter(isOurs)) {
    const { loop, rest } = await install(workshop, ours, count, true);
    console.log(`${loopLine('routes coming', loop)}\n${loopLine('routes there', rest)}\n`);
  }
}
