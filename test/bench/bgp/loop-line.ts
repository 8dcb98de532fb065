import type { LoopReport } from './loop-report.ts';

/** Milliseconds that a turn of the event loop may take, at p99.9. */
export const TURN = 20;

/** A report as one line; `when` it was. */
export function loopLine(when: string, report: LoopReport | undefined): string {
  if (report === undefined) return '';
  const { p999, longest, longestCollected, worked999, mostWorked, collected } = report;
  return [
    `  event loop held, ${when}: p99.9 ${p999.toFixed(1)} ms (bar ${TURN}: ${p999 <= TURN ? 'met' : 'MISSED'})`,
    `longest ${longest.toFixed(1)} ms, garbage collector ${longestCollected.toFixed(1)} of it`,
    `worked in a turn: p99.9 ${worked999.toFixed(1)} ms, most ${mostWorked.toFixed(1)}`,
    `collector in all ${collected.toFixed(0)} ms`,
  ].join('; ');
}
