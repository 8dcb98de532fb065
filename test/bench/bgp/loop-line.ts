import type { LoopReport } from './loop-report.ts';

/** Milliseconds that a turn of the event loop may take, at p99.9. */
export const TURN = 20;

/** The worst of several runs, as one line; `when` it was. */
export function loopLine(when: string, reports: readonly LoopReport[]): string {
  const worst = reports.toSorted((a, b) => b.longest - a.longest)[0];
  if (worst === undefined) return '';
  const most = (of: (report: LoopReport) => number): number => Math.max(...reports.map(of));
  const p999 = most((report) => report.p999);
  return [
    `  event loop held, ${when}: p99.9 ${p999.toFixed(1)} ms (bar ${TURN}: ${p999 <= TURN ? 'met' : 'MISSED'})`,
    `longest ${worst.longest.toFixed(1)} ms, garbage collector ${worst.longestCollected.toFixed(1)} of it`,
    `worked in a turn: p99.9 ${most((report) => report.worked999).toFixed(1)} ms, most ${most((report) => report.mostWorked).toFixed(1)}`,
    `collector in all ${most((report) => report.collected).toFixed(0)} ms`,
  ].join('; ');
}
