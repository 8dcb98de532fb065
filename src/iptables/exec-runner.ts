import { execa } from 'execa';
import { RunError, type Runner, type RunRequest, type RunResult } from '../ports/runner.ts';

const DEFAULT_OUTPUT = 1 << 20;

/** Starts real programs, with English messages, nothing but the request on their input, and an end in any case. */
export const execRunner: Runner = {
  async run(request: RunRequest): Promise<RunResult> {
    const { file, args, signal } = request;
    signal.throwIfAborted();
    const result = await execa(file, args, {
      input: request.input ?? '',
      env: { LC_ALL: 'C' },
      timeout: request.timeoutMs,
      maxBuffer: request.maxOutput ?? DEFAULT_OUTPUT,
      cancelSignal: signal,
      forceKillAfterDelay: 1000,
      stripFinalNewline: false,
      reject: false,
    });
    signal.throwIfAborted();
    // With several causes the first named is the one that made the program end.
    if (result.timedOut)
      throw new RunError('GRY_RUN_TIMEOUT', `${file}: still running after ${request.timeoutMs} ms`);
    if (result.isMaxBuffer)
      throw new RunError(
        'GRY_RUN_OUTPUT',
        `${file}: printed more than ${request.maxOutput ?? DEFAULT_OUTPUT} characters`,
      );
    if (result.code === 'ENOENT') throw new RunError('GRY_RUN_MISSING', `${file}: there is no such program`);
    if (result.exitCode === undefined)
      throw new RunError(
        'GRY_RUN_FAILED',
        `${file}: ${result.signal === undefined ? result.originalMessage : `killed by ${result.signal}`}`,
      );
    return { exitCode: result.exitCode, stdout: result.stdout, stderr: result.stderr };
  },
};
