import { execa } from 'execa';
import { LabError } from './error.ts';
import type { Argv } from './wiring.ts';

export interface CommandOptions {
  /** Bytes for its standard input; none: end of file at once. */
  readonly input?: string;
  /** The whole environment; absent: that of the lab. */
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds until it is killed; 10 s where absent. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface CommandResult {
  readonly argv: Argv;
  readonly stdout: string;
  readonly stderr: string;
  /** The exit code; 127 when it could not be started, 124 when it took too long. */
  readonly exitCode: number;
}

/** Runs a program to its end and never throws for what the program does. */
export type RunCommand = (argv: Argv, options?: CommandOptions) => Promise<CommandResult>;

const DEFAULT_TIMEOUT_MS = 10_000;
const MAX_OUTPUT_BYTES = 4 << 20;

/** Real processes, in the environment given. */
export const commandRunner =
  (env: Readonly<Record<string, string>>): RunCommand =>
  async (argv, options = {}) => {
    const [file = '', ...args] = argv;
    const result = await execa(file, args, {
      env: { ...(options.env ?? env) },
      extendEnv: false,
      ...(options.input === undefined ? { stdin: 'ignore' } : { input: options.input }),
      timeout: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      maxBuffer: MAX_OUTPUT_BYTES,
      ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
      reject: false,
    });
    options.signal?.throwIfAborted();
    return {
      argv,
      stdout: result.stdout,
      stderr:
        result.stderr === '' && result.exitCode === undefined ? (result.shortMessage ?? '') : result.stderr,
      exitCode: result.exitCode ?? (result.timedOut ? 124 : 127),
    };
  };

/** What a command printed. @throws LabError `GRY_LAB_COMMAND` when it did not end with 0 */
export async function mustRun(run: RunCommand, argv: Argv, options?: CommandOptions): Promise<string> {
  const result = await run(argv, options);
  if (result.exitCode !== 0) throw commandError(result);
  return result.stdout;
}

export function commandError(result: CommandResult): LabError {
  const said = (result.stderr || result.stdout).trim().split('\n').slice(-5).join('\n');
  return new LabError('GRY_LAB_COMMAND', `${result.argv.join(' ')} ended with ${result.exitCode}: ${said}`, {
    fields: { exitCode: result.exitCode },
  });
}
