import { Command, CommanderError } from 'commander';
import { LabUsageError } from '../lab/error.ts';
import { GryphonError } from '../ports/error.ts';
import * as agent from './agent.ts';
import * as cleanup from './cleanup.ts';
import { type CommandContext, type RegisterCommand, UsageError } from './context.ts';
import * as importObjects from './import.ts';
import * as installCni from './install-cni.ts';
import * as ipam from './ipam.ts';
import * as lab from './lab.ts';
import { printable } from './output.ts';
import * as peers from './peers.ts';
import * as pods from './pods.ts';
import * as routes from './routes.ts';
import * as status from './status.ts';
import * as version from './version.ts';

/** Every command, in the order of `--help`: one line each. */
const COMMANDS: readonly RegisterCommand[] = [
  agent.register,
  installCni.register,
  status.register,
  peers.register,
  routes.register,
  pods.register,
  ipam.register,
  importObjects.register,
  cleanup.register,
  lab.register,
  version.register,
];

export interface ProgramOptions extends Omit<CommandContext, 'exitCode' | 'now'> {
  /** Without the executable and the script. */
  readonly argv: readonly string[];
  /** Default: the real clock. */
  readonly now?: () => number;
  /** Default: all of them. */
  readonly commands?: readonly RegisterCommand[];
}

/** Runs one command line and gives its exit code: 0 good, 1 failed or unhealthy, 2 usage. Never throws. */
export async function runProgram({ argv, commands = COMMANDS, ...rest }: ProgramOptions): Promise<number> {
  const context: CommandContext = { now: Date.now, ...rest, exitCode: 0 };
  try {
    await buildProgram(context, commands).parseAsync([...argv], { from: 'user' });
    return context.exitCode;
  } catch (error) {
    // Commander has printed its own errors already; it also throws to end after --help.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    context.stderr.write(describe(error));
    return error instanceof UsageError || error instanceof LabUsageError ? 2 : 1;
  }
}

/** The commander program: it writes to the context only and throws where it would have left the process. */
export function buildProgram(
  context: CommandContext,
  commands: readonly RegisterCommand[] = COMMANDS,
): Command {
  const program = new Command('gryphon')
    .description('Per-node Kubernetes networking: CNI, routes, masquerade and BGP in one agent.')
    .version(version.version, '-V, --version', 'the version')
    .showSuggestionAfterError()
    .helpCommand(false)
    .configureOutput({
      writeOut: (text) => void context.stdout.write(text),
      writeErr: (text) => void context.stderr.write(text),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .exitOverride();
  for (const register of commands) register(program, context);
  return program;
}

/** What went wrong, then on a line of its own what to do about it. */
function describe(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const remedy = error instanceof GryphonError && error.remedy !== undefined ? `  ${error.remedy}\n` : '';
  return `${printable(`error: ${message}`)}\n${printable(remedy)}`;
}
