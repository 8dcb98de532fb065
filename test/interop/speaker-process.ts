/**
 * A Speaker with the real adapters as a process of its own, so that it can live in a network namespace. Reads one JSON
 * command a line from standard input, writes its picture of the world as one JSON line after each change. With the argument
 * `restart` it follows an earlier run of the same boot.
 */
import { createInterface } from 'node:readline';
import { systemClock } from '../../src/agent/clock.ts';
import type { SpeakerConfig } from '../../src/bgp/config.ts';
import { Speaker, type StopMode } from '../../src/bgp/speaker.ts';
import type { LearnedRoute, PeerStatus, RibEntryStatus } from '../../src/bgp/status.ts';
import { TcpTransport } from '../../src/bgp/tcp/tcp-transport.ts';
import { silentLog } from '../../src/ports/log.ts';
import type { Problem } from '../../src/ports/problem.ts';

export type SpeakerCommand =
  | { readonly kind: 'set'; readonly config: SpeakerConfig }
  | { readonly kind: 'stop'; readonly how: StopMode };

export interface SpeakerPicture {
  readonly peers: readonly PeerStatus[];
  readonly routes: readonly LearnedRoute[];
  /** Changes of them that were told so far. */
  readonly changes: number;
  readonly rib: readonly RibEntryStatus[];
  readonly problems: readonly Problem[];
  readonly converged: boolean;
  readonly exceptions: number;
}

let told = 0;
const speaker = new Speaker({
  transport: new TcpTransport(),
  clock: systemClock,
  log: silentLog,
  defer: (fn) => void setImmediate(fn),
  ...(process.argv.includes('restart') && { restart: { forwarding: true } }),
  selectionDeferral: 60_000,
  onRoutes: () => {
    while (speaker.changes.take()) told++;
    tell();
  },
  onPeers: tell,
});

function tell(): void {
  const { converged, exceptions } = speaker;
  const picture: SpeakerPicture = {
    peers: speaker.peers(),
    routes: [...speaker.learned().values()],
    changes: told,
    rib: [...speaker.rib()],
    problems: speaker.problems(),
    converged,
    exceptions,
  };
  process.stdout.write(`${JSON.stringify(picture)}\n`);
}

// Counters change without an event.
setInterval(tell, 250);

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line) as SpeakerCommand;
  if (command.kind === 'set') {
    speaker.set(command.config);
  } else {
    await speaker.stop(command.how);
    break;
  }
}
// Whoever started this is gone, or has had it stopped.
process.exit();
