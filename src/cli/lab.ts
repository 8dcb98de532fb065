import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { systemClock } from '../agent/clock.ts';
import { commandRunner } from '../lab/command.ts';
import { demo } from '../lab/demo.ts';
import { down } from '../lab/down.ts';
import { serveAddress } from '../lab/echo.ts';
import { execInPlace } from '../lab/exec.ts';
import { defaultDirectory, type Lab, makeLab } from '../lab/lab.ts';
import { preflight, requireRoot, SYSTEM_PATH } from '../lab/preflight.ts';
import { programCommand, programFingerprint } from '../lab/program.ts';
import { showStatus } from '../lab/status.ts';
import { steps } from '../lab/steps/walkthrough.ts';
import { up } from '../lab/up.ts';
import type { CommandContext } from './context.ts';
import { interruptibly, withoutInterrupts } from './interruption.ts';

interface LabFlags {
  readonly name: string;
  readonly dir?: string;
}

export function register(program: Command, context: CommandContext): void {
  const lab = program
    .command('lab')
    .description('three nodes with pods and a BGP router on this machine, in network namespaces')
    .helpCommand(false)
    .enablePositionalOptions();
  const subcommand = (name: string, description: string): Command =>
    lab
      .command(name)
      .description(description)
      .addOption(new Option('--name <name>', 'which lab, where there are several').default('lab'))
      .addOption(
        new Option(
          '--dir <directory>',
          'where its files are (default: /run/gryphon-NAME, env: GRYPHON_LAB_DIR)',
        ),
      );

  subcommand('up', 'start the lab, or find that it is up; what is half there is started anew').action(
    async (flags: LabFlags) => {
      const lab = await openLab(flags, context);
      await preflight({ uid: userID(), path: lab.env['PATH'] ?? '' });
      await interruptibly((signal) => up(lab, signal));
    },
  );
  subcommand('down', 'remove the lab, whatever state it is in').action(async (flags: LabFlags) => {
    requireRoot(userID());
    const lab = await openLab(flags, context);
    await interruptibly((signal) => down(lab, signal));
  });
  subcommand('status', 'what runs where').action(async (flags: LabFlags) => {
    requireRoot(userID());
    if (!(await showStatus(await openLab(flags, context)))) context.exitCode = 1;
  });
  subcommand('demo', 'walk through the lab: each command, and what it shows').action(
    async (flags: LabFlags) => {
      requireRoot(userID());
      const lab = await openLab(flags, context);
      if (!(await interruptibly((signal) => demo(lab, steps, signal)))) context.exitCode = 1;
    },
  );
  subcommand(
    'exec',
    'run a command on a node, in a pod, on the router, in the internet; a shell if none is given',
  )
    .argument('<place>', 'node-a, pod-a1, router, internet, switch, …')
    .argument('[command...]', 'after --')
    .passThroughOptions()
    .action(async (place: string, command: readonly string[], flags: LabFlags) => {
      requireRoot(userID());
      context.exitCode = await withoutInterrupts(async () =>
        execInPlace(await openLab(flags, context), place, withoutDashes(command)),
      );
    });
  lab
    .command('serve-address', { hidden: true })
    .description('the web server of the internet')
    .action(async () => {
      await serveAddress(80);
      await new Promise(() => {});
    });
}

/** The `--` between the place and the command, which commander leaves there. */
const withoutDashes = (command: readonly string[]): readonly string[] =>
  command[0] === '--' ? command.slice(1) : command;

async function openLab({ name, dir }: LabFlags, { environment, stdout }: CommandContext): Promise<Lab> {
  const env = labEnvironment(environment);
  return makeLab({
    name,
    directory: resolve(dir ?? environment['GRYPHON_LAB_DIR'] ?? defaultDirectory(name)),
    clock: systemClock,
    run: commandRunner(env),
    write: (text) => void stdout.write(text),
    program: programCommand,
    fingerprint: await programFingerprint(),
    env,
  });
}

/** Without the caller's own GRYPHON_ settings, which are not meant for the lab's agents; with root's programs on the PATH. */
function labEnvironment(environment: CommandContext['environment']): Readonly<Record<string, string>> {
  const env: Record<string, string> = {};
  for (const [key, value] of Object.entries(environment)) {
    if (value !== undefined && !key.startsWith('GRYPHON_')) env[key] = value;
  }
  return { ...env, PATH: [environment['PATH'], SYSTEM_PATH].filter(Boolean).join(':') };
}

const userID = (): number => process.geteuid?.() ?? -1;
