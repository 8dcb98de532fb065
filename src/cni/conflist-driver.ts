import type { ApplyResult, Driver } from '../dataplane/driver.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Problem } from '../ports/problem.ts';

export interface ConflistDriverOptions {
  /** `/etc/cni/net.d`. */
  readonly directory: string;
  /** `/opt/cni/bin`: which chained executables are present and what versions they speak. */
  readonly binDirectory: string;
  /** `05-gryphon.conflist`. */
  readonly fileName?: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Absent (undefined): not wanted yet; a file that is there stays, because removing it would stop every DEL. */
export type DesiredConflist = { readonly socketPath: string; readonly mtu: number } | undefined;

export declare class ConflistDriver implements Driver<DesiredConflist> {
  readonly name: string;
  constructor(options: ConflistDriverOptions);
  set(desired: DesiredConflist): void;
  apply(signal: AbortSignal): Promise<ApplyResult>;
  invalidate(): void;
  /** Whether the file on disk is the one that is wanted. */
  get written(): boolean;
  problems(): readonly Problem[];
}
