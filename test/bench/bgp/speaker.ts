/** Our speaker as a process of its own, as the agent runs it, rehearsal included, with the `SpeakerConfig` in the file that is its only argument. */
import { readFileSync } from 'node:fs';
import { systemClock } from '../../../src/agent/clock.ts';
import { rehearse } from '../../../src/agent/rehearsal.ts';
import type { SpeakerConfig } from '../../../src/bgp/config.ts';
import { Speaker } from '../../../src/bgp/speaker.ts';
import { TcpTransport } from '../../../src/bgp/tcp/tcp-transport.ts';
import { silentLog } from '../../../src/ports/log.ts';

const speaker = new Speaker({
  transport: new TcpTransport(),
  clock: systemClock,
  log: silentLog,
  defer: (fn) => void setImmediate(fn),
  selectionDeferral: 120_000,
  onRoutes: () => {
    while (speaker.changes.take());
  },
  onPeers: () => {},
});
void rehearse(systemClock, new AbortController().signal);
speaker.set(JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as SpeakerConfig);
// Neither listeners nor timers keep a process alive; whoever started this one does.
process.stdin.resume();
