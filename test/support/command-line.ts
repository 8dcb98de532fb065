import { Readable } from 'node:stream';
import { runProgram } from '../../src/cli/program.ts';
import { NOW } from './fake-view.ts';

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Surroundings {
  readonly environment?: Readonly<Record<string, string>>;
  readonly isTTY?: boolean;
  readonly stdin?: string;
}

/** Runs `gryphon …argv` in this process, at the fake node's time. */
export async function gryphon(argv: readonly string[], around: Surroundings = {}): Promise<Outcome> {
  let stdout = '';
  let stderr = '';
  const code = await runProgram({
    argv,
    environment: around.environment ?? {},
    now: () => NOW,
    ...(around.stdin !== undefined && { stdin: Readable.from([Buffer.from(around.stdin)]) }),
    stdout: {
      isTTY: around.isTTY === true,
      write: (text) => {
        stdout += text;
      },
    },
    stderr: {
      write: (text) => {
        stderr += text;
      },
    },
  });
  return { code, stdout, stderr };
}
