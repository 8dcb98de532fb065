import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectories } from '../ipam/directory.ts';
import { describeError } from '../ports/error.ts';
import type { Log } from '../ports/log.ts';

const notePath = (stateDir: string): string => join(stateDir, 'boot-id');

/**
 * Whether this run of the agent follows another one, and whether that was in the same boot, so that the kernel has forwarded for
 * us in between (RFC 4724 §4.1). Undefined: there was none that we know of.
 */
export function lastRun(stateDir: string, bootID: string): { readonly forwarding: boolean } | undefined {
  try {
    return { forwarding: readFileSync(notePath(stateDir), 'utf8').trim() === bootID };
  } catch {
    return undefined;
  }
}

/** Leaves a note for the next run, which names the boot. */
export function noteRun(stateDir: string, bootID: string, log: Log): void {
  const path = notePath(stateDir);
  try {
    makeDirectories(stateDir, 0o700);
    // Never half-written: a name that is not this boot's would end forwarding that goes on.
    writeFileSync(`${path}.new`, `${bootID}\n`);
    renameSync(`${path}.new`, path);
  } catch (error) {
    // Then peers drop our routes when the next run comes; the IPAM journal has a Problem with a remedy for the directory.
    log.warn('the boot is not noted for the next run', { path, error: describeError(error) });
  }
}
