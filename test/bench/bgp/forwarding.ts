import { rmSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { connect, createNetns, type TestNetns } from '../../support/netns.ts';
import { type Daemon, HOLD, type Neighbour } from './daemons.ts';
import { type LoopReport } from './loop-report.ts';
import { readLoop } from './loop-signal.ts';
import { Program } from './program.ts';
import { announcement, type Shape, withdrawal } from './tables.ts';
import type { Workshop } from './workshop.ts';

export interface Load {
  readonly count: number;
  readonly shape: Shape;
  /** Whether a third peer comes when the table is there, and everything is withdrawn at the end. */
  readonly whole: boolean;
  /** Whether our event loop is watched: the times are not to be compared then. */
  readonly watch?: boolean;
}

/** Seconds and megabytes. */
export interface Forwarded {
  /** From the first octet of the first UPDATE until the receiver has all. */
  readonly announce: number;
  /** From the third peer's establishment until it has all. */
  readonly late?: number;
  /** From the first octet of the withdrawals until the receiver has none. */
  readonly withdraw?: number;
  /** Of the daemon, everything above. */
  readonly processor: number;
  /** Highest resident memory minus that with two idle sessions. */
  readonly memory: number;
  readonly loop?: LoopReport;
}

/** Longer than any of the daemons takes for any of the loads. */
const PATIENCE = 180;

const neighbours: readonly Neighbour[] = [1, 2, 3].map((n) => ({
  as: 65_000 + n,
  address: `10.0.${n}.2`,
  local: `10.0.${n}.1`,
}));

const peerProgram = (workshop: Workshop, netns: TestNetns, n: Neighbour): Program =>
  new Program(netns, [workshop.path('peer'), n.address, n.local, '179', String(n.as), String(HOLD)]);

/** One daemon, freshly started, between a sender, a receiver and one who comes late. */
export async function forward(workshop: Workshop, daemon: Daemon, load: Load): Promise<Forwarded> {
  using inside = await createNetns();
  using outside = await createNetns();
  for (const [i, { address, local }] of neighbours.entries())
    await connect(
      { netns: inside, name: `r${i}`, addresses: [`${local}/24`] },
      { netns: outside, name: `p${i}`, addresses: [`${address}/24`] },
    );
  const directory = workshop.site();
  const { watch = false } = load;
  const site = { netns: inside, directory, build: workshop.directory, watch };
  const [first, second, third] = neighbours as [Neighbour, Neighbour, Neighbour];
  using router = daemon.start(site, neighbours);
  try {
    // One after the other: the null relay takes the first for the sender.
    using sender = peerProgram(workshop, outside, first);
    await pause(300);
    using receiver = peerProgram(workshop, outside, second);
    await Promise.all([sender.answer('established'), receiver.answer('established')]);
    await pause(1000);
    const idle = router.memory('VmRSS');
    const processor = router.processor();
    if (watch) router.kill('SIGUSR2');
    const name = `${load.shape}-${load.count}`;
    const nextHop = first.address.split('.').map(Number);
    const table = workshop.messages(name, () =>
      announcement(load.count, load.shape, { as: first.as, nextHop }),
    );
    const gone = workshop.messages(`gone-${load.count}`, () => withdrawal(load.count));
    const timed = async (file: string, target: number): Promise<number> => {
      receiver.say(`target ${target}`);
      sender.say(`send ${file}`);
      const start = await sender.answer('first');
      return ((await receiver.answer('reached', PATIENCE)) - start) / 1000;
    };
    const announce = await timed(table, load.count);
    const rest = load.whole
      ? { late: await lateJoiner(workshop, outside, third, load.count), withdraw: await timed(gone, 0) }
      : {};
    const loop = watch ? await readLoop(router, directory) : undefined;
    return {
      announce,
      ...rest,
      processor: router.processor() - processor,
      memory: router.memory('VmHWM') - idle,
      ...(loop === undefined ? {} : { loop }),
    };
  } finally {
    await router.end(daemon.name === 'OpenBGPD' ? 'SIGTERM' : 'SIGKILL');
    rmSync(directory, { recursive: true });
  }
}

async function lateJoiner(
  workshop: Workshop,
  netns: TestNetns,
  neighbour: Neighbour,
  count: number,
): Promise<number> {
  using late = peerProgram(workshop, netns, neighbour);
  late.say(`target ${count}`);
  const start = await late.answer('established');
  return ((await late.answer('reached', PATIENCE)) - start) / 1000;
}
