import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { hasListener } from '../cni/listener.ts';
import { makeDirectories } from '../ipam/directory.ts';
import type { Clock } from '../ports/clock.ts';
import { GryphonError } from '../ports/error.ts';

/** The agent of this node does not let go: `GRY_CLEANUP_AGENT`. */
export class LeaveError extends GryphonError {}

/** A file that says: this node is being cleaned up, the agent leaves and does nothing while the file is there. */
export const leaveFile = (cniSocket: string): string => join(dirname(cniSocket), 'leave');

export const isLeaving = (cniSocket: string): boolean => existsSync(leaveFile(cniSocket));

/** Asks the agent to leave; also one that starts later. */
export function askToLeave(cniSocket: string): void {
  makeDirectories(dirname(cniSocket), 0o700);
  writeFileSync(leaveFile(cniSocket), 'gryphon cleanup\n', { mode: 0o600 });
}

/** The agent may work again. */
export const takeBack = (cniSocket: string): void => rmSync(leaveFile(cniSocket), { force: true });

const POLL = 200;

/**
 * Resolves when no agent answers on the socket, at once where there is none.
 * @throws LeaveError when one still does after `patience` milliseconds
 */
export async function untilAgentLeft(cniSocket: string, patience: number, clock: Clock): Promise<void> {
  const deadline = clock.monotonic() + patience;
  while (await hasListener(cniSocket)) {
    if (clock.monotonic() >= deadline) {
      throw new LeaveError(
        'GRY_CLEANUP_AGENT',
        `the agent of this node still answers on ${cniSocket} after ${patience / 1000} s`,
        { remedy: 'delete the DaemonSet, or stop the agent, and run cleanup again' },
      );
    }
    await new Promise<void>((resolve) => {
      clock.setTimer(POLL, resolve);
    });
  }
}
