/**
 * Preloaded into a process of ours (`--import`): how long its event loop is held. Starts at the first SIGUSR2; at the next writes
 * what it saw as JSON (`LoopReport`) to the file in LOOP_WATCH and starts again.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { createHistogram, PerformanceObserver } from 'node:perf_hooks';
import type { LoopReport } from './loop-report.ts';

interface Span {
  readonly from: number;
  readonly to: number;
}

const file = process.env['LOOP_WATCH'] ?? '';
const holds = createHistogram();
const work = createHistogram();
const collections: Span[] = [];
let worst: Span = { from: 0, to: 0 };
let timer: NodeJS.Timeout | undefined;
let last = 0;
let lastWork = 0;

new PerformanceObserver((list) => {
  for (const { startTime, duration } of list.getEntries())
    collections.push({ from: startTime, to: startTime + duration });
}).observe({ entryTypes: ['gc'] });

const overlap = (a: Span, b: Span): number => Math.max(0, Math.min(a.to, b.to) - Math.max(a.from, b.from));

/** Microseconds that this thread has had the processor. */
function worked(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}

function tick(): void {
  const now = performance.now();
  holds.record(Math.max(1, Math.round((now - last) * 1000)));
  if (now - last > worst.to - worst.from) worst = { from: last, to: now };
  last = now;
  const done = worked();
  work.record(Math.max(1, done - lastWork));
  lastWork = done;
}

function report(): LoopReport {
  const durations = collections.map(({ from, to }) => to - from);
  return {
    p999: holds.percentile(99.9) / 1000,
    worked999: work.percentile(99.9) / 1000,
    mostWorked: work.max / 1000,
    longest: worst.to - worst.from,
    longestCollected: collections.reduce((sum, collection) => sum + overlap(collection, worst), 0),
    collected: durations.reduce((sum, duration) => sum + duration, 0),
    longestCollection: Math.max(0, ...durations),
  };
}

process.on('SIGUSR2', () => {
  if (timer !== undefined) {
    writeFileSync(`${file}.new`, JSON.stringify(report()));
    renameSync(`${file}.new`, file);
  }
  holds.reset();
  work.reset();
  collections.length = 0;
  worst = { from: 0, to: 0 };
  last = performance.now();
  lastWork = worked();
  // As often as timers go; a turn in between that takes longer delays it.
  timer ??= setInterval(tick, 1).unref();
});
