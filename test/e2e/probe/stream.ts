import { PingStream, type PingTally } from '../../support/ping-stream.ts';
import type { Probe } from './probes.ts';

/** Pings from each probe to the next one in both families while `work` is done: every node sends, forwards and answers. */
export async function duringStreams(probes: readonly Probe[], work: () => Promise<void>): Promise<PingTally> {
  const streams = probes.map((from, index) => {
    const { ipv4, ipv6 } = probes[(index + 1) % probes.length] ?? from;
    return new PingStream([...from.node.machine.networkEntrance, ...from.entrance], [ipv4, ipv6]);
  });
  let tallies: readonly PingTally[] = [];
  try {
    await work();
  } finally {
    tallies = await Promise.all(streams.map((stream) => stream.end()));
  }
  return {
    sent: tallies.reduce((total, { sent }) => total + sent, 0),
    lost: tallies.reduce((total, { lost }) => total + lost, 0),
    errors: tallies.flatMap(({ errors }) => errors),
  };
}
