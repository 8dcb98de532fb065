/** The speaker of `rib.bench.ts`: says `listening`, and at any line of its input how long its event loop was held, and ends. */
import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import { systemClock } from '../../src/agent/clock.ts';
import type { SpeakerConfig } from '../../src/bgp/config.ts';
import { Speaker } from '../../src/bgp/speaker.ts';
import { TcpTransport } from '../../src/bgp/tcp/tcp-transport.ts';
import { silentLog } from '../../src/ports/log.ts';

const speaker = new Speaker({
  transport: new TcpTransport(),
  clock: systemClock,
  log: { ...silentLog, debug: (text) => text === 'listening' && console.log('listening 1') },
  defer: (fn) => void setImmediate(fn),
  selectionDeferral: 120_000,
  onRoutes: () => {
    while (speaker.changes.take());
  },
  onPeers: () => {},
});
speaker.set(JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as SpeakerConfig);
const collections: number[] = [];
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) collections.push(duration);
}).observe({ entryTypes: ['gc'] });
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
process.stdin.once('data', () => {
  const ms = (nanoseconds: number): string => `${(nanoseconds / 1e6).toFixed(1)} ms`;
  const { user, system } = process.cpuUsage();
  const longest = collections.reduce((a, b) => Math.max(a, b), 0);
  const all = collections.reduce((a, b) => a + b, 0);
  console.log(
    `loop held: p99.9 ${ms(delay.percentile(99.9))}, longest ${ms(delay.max)}; collections ${all.toFixed(0)} ms, longest ${longest.toFixed(1)} ms; processor ${((user + system) / 1000).toFixed(0)} ms, of it system ${(system / 1000).toFixed(0)}`,
  );
  process.exit();
});
