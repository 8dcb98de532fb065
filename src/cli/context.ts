import type { Command } from 'commander';
import { GryphonError } from '../ports/error.ts';

/** Where text goes; a terminal may be coloured. */
export interface Sink {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

/** The world as commands see it; `main.ts` gives the real one, tests their own. */
export interface CommandContext {
  readonly stdout: Sink;
  readonly stderr: Sink;
  /** Absent: there is nothing to read. */
  readonly stdin?: AsyncIterable<Uint8Array>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Wall clock, milliseconds. */
  readonly now: () => number;
  /** 0 good, 1 failed or unhealthy, 2 usage. A command that has printed its answer and found something unhealthy sets it to 1. */
  exitCode: number;
}

/** Each command file exports one of these, named `register`. An action that throws makes the exit code 1, its error is printed. */
export type RegisterCommand = (program: Command, context: CommandContext) => void;

/** The command line or the environment asks for something that does not exist: exit code 2. */
export class UsageError extends GryphonError {
  constructor(message: string, remedy: string) {
    super('GRY_USAGE', message, { remedy });
  }
}
