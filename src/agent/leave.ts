import { isLeaving } from '../cleanup/leave.ts';
import type { Clock } from '../ports/clock.ts';

/** Milliseconds between looks. */
const INTERVAL = 1000;

/** Aborted when `gryphon cleanup` asks this node's agent to leave; the watch ends with `signal`. */
export function watchLeave(cniSocket: string, clock: Clock, signal: AbortSignal): AbortSignal {
  const leave = new AbortController();
  void untilLeaving(true, cniSocket, clock, signal).then(() => {
    if (!signal.aborted) leave.abort('cleanup');
  });
  return leave.signal;
}

/** Resolves when the file that asks to leave is there, or (false) has gone, or when the signal is aborted. */
export async function untilLeaving(
  wanted: boolean,
  cniSocket: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted && isLeaving(cniSocket) !== wanted) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = (): void => resolve();
    const timer = clock.setTimer(INTERVAL, wake);
    signal.addEventListener('abort', wake);
    await promise;
    timer.cancel();
    signal.removeEventListener('abort', wake);
  }
}
