import { GryphonError } from './error.ts';

/** One run of another program. No shell is involved: `args` reach the program as they stand. */
export interface RunRequest {
  /** Name of the program, looked up in PATH, or its absolute path. */
  readonly file: string;
  readonly args: readonly string[];
  /** Written to the program's standard input, which is then closed. */
  readonly input?: string;
  /** Milliseconds after which the program is killed. */
  readonly timeoutMs: number;
  /** Most characters taken from each of stdout and stderr. Default 1 MiB. */
  readonly maxOutput?: number;
  readonly signal: AbortSignal;
}

/** A program that ran to its end; any exit code, also one that means failure. */
export interface RunResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A program that did not run to its end. `GRY_RUN_MISSING`: there is no such program; `GRY_RUN_TIMEOUT`: killed after
 * `timeoutMs`; `GRY_RUN_OUTPUT`: more than `maxOutput`; `GRY_RUN_FAILED`: could not be started, or was killed by somebody.
 */
export class RunError extends GryphonError {}

export interface Runner {
  /** @throws RunError, or the reason of `signal` when that was aborted */
  run(request: RunRequest): Promise<RunResult>;
}
