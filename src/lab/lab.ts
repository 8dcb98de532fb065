import type { Clock } from '../ports/clock.ts';
import type { RunCommand } from './command.ts';
import { LabUsageError } from './error.ts';
import { type LabLayout, labLayout } from './layout.ts';
import { ProcessTable } from './process.ts';
import { labTopology, namespaceOf, type Topology } from './topology.ts';
import { type Argv, inside } from './wiring.ts';

/** Where the lab's words go. */
export type Write = (text: string) => void;

/** Everything that the lab's parts need; made once per command. */
export interface Lab {
  readonly topology: Topology;
  readonly layout: LabLayout;
  readonly processes: ProcessTable;
  readonly clock: Clock;
  readonly run: RunCommand;
  readonly write: Write;
  /** Starts this very program: interpreter, its options, the script. */
  readonly program: Argv;
  /** Changes when the program's code does, so that a lab never runs yesterday's agents. */
  readonly fingerprint: string;
  /** What the lab's processes get: nothing of the caller's GRYPHON_ settings. */
  readonly env: Readonly<Record<string, string>>;
}

export interface LabOptions extends Pick<Lab, 'clock' | 'run' | 'write' | 'program' | 'fingerprint' | 'env'> {
  readonly name: string;
  /** Absolute. */
  readonly directory: string;
}

/** @throws LabUsageError `GRY_LAB_NAME`, `GRY_LAB_DIRECTORY` */
export function makeLab(options: LabOptions): Lab {
  const { name, directory, ...rest } = options;
  if (!/^[a-z][a-z0-9]{0,11}$/.test(name)) {
    throw new LabUsageError('GRY_LAB_NAME', `${JSON.stringify(name)} is no name for a lab`, {
      remedy: 'take a lower-case letter and up to eleven letters or digits',
    });
  }
  const layout = labLayout(directory);
  const longest = layout.node('node-a').run.length + '/cni.sock'.length;
  if (!directory.startsWith('/') || longest > MAX_SOCKET_PATH) {
    throw new LabUsageError(
      'GRY_LAB_DIRECTORY',
      `${JSON.stringify(directory)} cannot hold a lab: unix sockets below it need a short absolute path`,
      {
        remedy: 'take an absolute path of at most 80 characters',
      },
    );
  }
  return {
    ...rest,
    topology: labTopology(name),
    layout,
    processes: new ProcessTable(layout.processes, rest.clock),
  };
}

/** sun_path without its terminating zero, unix(7). */
const MAX_SOCKET_PATH = 107;

/** The directory where nothing else is said. */
export const defaultDirectory = (name: string): string => `/run/gryphon-${name}`;

/** Where a place's namespace is mounted. */
export const netnsPath = (lab: Pick<Lab, 'topology'>, place: string): string =>
  `/run/netns/${namespaceOf(lab.topology, place)}`;

/** The environment of commands run in a place: our executables first on the PATH, the API where the agent listens. */
export function placeEnvironment(lab: Lab, place: string): Readonly<Record<string, string>> {
  const directories =
    place === lab.topology.router.name ? [lab.layout.routerBin, lab.layout.bin] : [lab.layout.bin];
  return {
    ...lab.env,
    PATH: [...directories, lab.env['PATH']].join(':'),
    GRYPHON_API_ADDRESS: API_ADDRESS,
  };
}

/** Marks the processes that `up` starts, so that they are known also where their record is lost. */
export const OWNER_VARIABLE = 'GRY_LAB';

/** The environment of the lab's own processes. */
export const processEnvironment = (lab: Lab): Readonly<Record<string, string>> => ({
  ...lab.env,
  [OWNER_VARIABLE]: lab.topology.name,
});

/** Each node has a loopback of its own, so all agents listen where the contract says. */
export const API_ADDRESS = '127.0.0.1:17179';

/** A command to be run in a place. */
export const enter = (lab: Lab, place: string, argv: Argv): Argv => [...inside(lab.topology, place), ...argv];
