import { rmSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { connect, createNetns } from '../../support/netns.ts';
import { HOLD, type Neighbour } from './daemons.ts';
import type { FibDaemon } from './fib-daemons.ts';
import type { LoopReport } from './loop-report.ts';
import { readLoop } from './loop-signal.ts';
import { Program } from './program.ts';
import { announcement, withdrawal } from './tables.ts';
import type { Workshop } from './workshop.ts';

/** Seconds and megabytes. */
export interface Installed {
  /** From the first octet of the first UPDATE until the last route is in the kernel. */
  readonly install: number;
  /** From the first octet of the withdrawals until the last route has left it. */
  readonly remove: number;
  readonly processor: number;
  /** Highest resident memory minus that with the idle session. */
  readonly memory: number;
  readonly loop?: LoopReport;
  /** Of an agent that has all routes and nothing to do, over some seconds. */
  readonly rest?: LoopReport;
}

const neighbour: Neighbour = { as: 65_001, address: '10.0.1.2', local: '10.0.1.1' };

/** Milliseconds until a start is forgotten, and in which a full table only stands there. */
const SETTLE = 3000;

/** `watch`: our event loop is watched, and the times are not to be compared. */
export async function install(
  workshop: Workshop,
  daemon: FibDaemon,
  count: number,
  watch = false,
): Promise<Installed> {
  using inside = await createNetns();
  using outside = await createNetns();
  const { address, local, as } = neighbour;
  await connect(
    { netns: inside, name: 'r0', addresses: [`${local}/24`] },
    { netns: outside, name: 'p0', addresses: [`${address}/24`] },
  );
  const directory = workshop.site();
  using fib = new Program(inside, [workshop.path('fib')]);
  const programs = daemon.start({ netns: inside, directory, build: workshop.directory, watch }, neighbour);
  const [first] = programs;
  const sum = (of: (program: Program) => number): number =>
    programs.reduce((total, program) => total + of(program), 0);
  try {
    await fib.answer('watching');
    using sender = new Program(outside, [
      workshop.path('peer'),
      address,
      local,
      '179',
      String(as),
      String(HOLD),
    ]);
    await sender.answer('established');
    await pause(SETTLE);
    const idle = sum((program) => program.memory('VmRSS'));
    const processor = sum((program) => program.processor());
    const ours = watch ? first : undefined;
    ours?.kill('SIGUSR2');
    const nextHop = address.split('.').map(Number);
    const table = workshop.messages(`fib-${count}`, () => announcement(count, 'mixed', { as, nextHop }));
    const gone = workshop.messages(`gone-${count}`, () => withdrawal(count));
    const timed = async (file: string, target: number): Promise<number> => {
      fib.say(`target ${target}`);
      sender.say(`send ${file}`);
      const start = await sender.answer('first');
      return ((await fib.answer('reached')) - start) / 1000;
    };
    const installed = await timed(table, count);
    const loop = ours && (await readLoop(ours, directory));
    if (ours !== undefined) await pause(SETTLE);
    const rest = ours && (await readLoop(ours, directory));
    return {
      install: installed,
      remove: await timed(gone, 0),
      processor: sum((program) => program.processor()) - processor,
      memory: sum((program) => program.memory('VmHWM')) - idle,
      ...(loop === undefined ? {} : { loop }),
      ...(rest === undefined ? {} : { rest }),
    };
  } finally {
    for (const program of programs) await program.end();
    rmSync(directory, { recursive: true });
  }
}

/** Seconds that a C program takes which does nothing but send the same number of routes to the kernel. */
export async function floor(workshop: Workshop, count: number): Promise<number> {
  using inside = await createNetns();
  using outside = await createNetns();
  await connect(
    { netns: inside, name: 'r0', addresses: [`${neighbour.local}/24`] },
    { netns: outside, name: 'p0' },
  );
  const out = await inside.exec(workshop.path('floor'), String(count), 'r0', neighbour.address);
  return Number(out.split(' ')[0]) / 1000;
}
