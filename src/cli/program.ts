import { Command, CommanderError } from 'commander';
import { LabUsageError } from '../lab/error.ts';
import { GryphonError } from '../ports/error.ts';
import { type CommandContext, type RegisterCommand, UsageError } from './context.ts';
import { printable } from './output.ts';
import { version } from './version.ts';

/** Every command, in the order of `--help`: one line each. What a command needs is read when somebody asks for it. */
const COMMANDS: ReadonlyMap<string, () => Promise<{ readonly register: RegisterCommand }>> = new Map([
  ['agent', () => import('./agent.ts')],
  ['install-cni', () => import('./install-cni.ts')],
  ['status', () => import('./status.ts')],
  ['peers', () => import('./peers.ts')],
  ['routes', () => import('./routes.ts')],
  ['pods', () => import('./pods.ts')],
  ['ipam', () => import('./ipam.ts')],
  ['import', () => import('./import.ts')],
  ['cleanup', () => import('./cleanup.ts')],
  ['lab', () => import('./lab.ts')],
  ['version', () => import('./version.ts')],
]);

export interface ProgramOptions extends Omit<CommandContext, 'exitCode' | 'now'> {
  /** Without the executable and the script. */
  readonly argv: readonly string[];
  /** Default: the real clock. */
  readonly now?: () => number;
  /** Default: those of Gryphon. */
  readonly commands?: readonly RegisterCommand[];
}

/** Runs one command line and gives its exit code: 0 good, 1 failed or unhealthy, 2 usage. Never throws. */
export async function runProgram({ argv, commands, ...rest }: ProgramOptions): Promise<number> {
  const context: CommandContext = { now: Date.now, ...rest, exitCode: 0 };
  try {
    const program = buildProgram(context, commands ?? (await wantedCommands(argv[0])));
    await program.parseAsync([...argv], { from: 'user' });
    return context.exitCode;
  } catch (error) {
    // Commander has printed its own errors already; it also throws to end after --help.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    context.stderr.write(describe(error));
    return error instanceof UsageError || error instanceof LabUsageError ? 2 : 1;
  }
}

/** The command of this name; all of them where there is none, for help and suggestions. */
async function wantedCommands(name = ''): Promise<readonly RegisterCommand[]> {
  const named = COMMANDS.get(name);
  const loaders = named === undefined ? [...COMMANDS.values()] : [named];
  const modules = await Promise.all(loaders.map((load) => load()));
  return modules.map(({ register }) => register);
}

/** The commander program: it writes to the context only and throws where it would have left the process. */
function buildProgram(context: CommandContext, commands: readonly RegisterCommand[]): Command {
  const program = new Command('gryphon')
    .description('Per-node Kubernetes networking: CNI, routes, masquerade and BGP in one agent.')
    .version(version, '-V, --version', 'the version')
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
