import { execa } from 'execa';
import { LabError, LabUsageError } from './error.ts';
import { enter, type Lab, placeEnvironment } from './lab.ts';
import { labNamespaces } from './namespace.ts';
import { namespaceOf, placesOf } from './topology.ts';
import type { Argv } from './wiring.ts';

/** Checks that a place is one of the lab's and that it is there. @throws LabUsageError `GRY_LAB_NO_SUCH_PLACE`, LabError `GRY_LAB_NOT_UP` */
export async function requirePlace(lab: Lab, place: string): Promise<void> {
  const places = placesOf(lab.topology);
  if (!places.includes(place)) {
    throw new LabUsageError('GRY_LAB_NO_SUCH_PLACE', `the lab has no ${JSON.stringify(place)}`, {
      remedy: `take one of ${places.join(', ')}`,
    });
  }
  if (!(await labNamespaces(lab)).includes(namespaceOf(lab.topology, place))) {
    throw new LabError('GRY_LAB_NOT_UP', `the lab is not up: ${place} is not there`, {
      remedy: 'run "gryphon lab up"',
    });
  }
}

/** Runs a command in a place, on the caller's terminal; a shell when none is given. Resolves to its exit code. */
export async function execInPlace(lab: Lab, place: string, argv: Argv): Promise<number> {
  await requirePlace(lab, place);
  const command = argv.length > 0 ? argv : SHELL;
  const [file = '', ...args] = enter(lab, place, command);
  const result = await execa(file, args, {
    env: { ...placeEnvironment(lab, place), PS1: `[${place}] # ` },
    extendEnv: false,
    stdio: 'inherit',
    reject: false,
  });
  return result.exitCode ?? 1;
}

/** Without its start files, which would put another prompt in the place of the one that says where one is. */
const SHELL: Argv = ['bash', '--norc'];
