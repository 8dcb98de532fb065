import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pluginType } from '../cni/conflist.ts';
import { referencePlugins } from '../cni/installer.ts';
import { type CleanupItem, failed, kept, removed } from './item.ts';

export interface CleanupPaths {
  /** `/etc/cni/net.d`, `/opt/cni/bin`. */
  readonly cniConfDir: string;
  readonly cniBinDir: string;
  /** `/run/gryphon/cni.sock`; what stands beside it is ours. */
  readonly cniSocket: string;
  /** `/var/lib/gryphon`. */
  readonly stateDir: string;
}

const CONFLIST = '05-gryphon.conflist';

/** Without it no runtime calls us any more. */
export const removeConflist = ({ cniConfDir }: CleanupPaths): readonly CleanupItem[] =>
  removeFiles([join(cniConfDir, CONFLIST), ...halfWritten(cniConfDir, [CONFLIST])]);

/** By name, never a whole directory: a flag that names the wrong one must not cost anybody their files. */
export function removeState({ cniSocket, stateDir, cniBinDir }: CleanupPaths): readonly CleanupItem[] {
  const runDir = dirname(cniSocket);
  return removeFiles([
    cniSocket,
    `${cniSocket}.new`,
    join(runDir, 'del-queue'),
    join(runDir, 'heartbeat'),
    ...['ipam.journal', 'boot-id']
      .flatMap((name) => [name, `${name}.new`])
      .map((name) => join(stateDir, name)),
    ...halfWritten(cniBinDir, [pluginType, ...referencePlugins]),
    join(cniBinDir, pluginType),
  ]);
}

/** Reference plugins: nobody knows who brought the ones that are there, and other networks chain them. */
export const keptPlugins = ({ cniBinDir }: CleanupPaths): readonly CleanupItem[] =>
  referencePlugins
    .map((name) => join(cniBinDir, name))
    .filter(exists)
    .map((file) => kept('file', file, 'other networks may use it; remove it where there are none'));

/** What `replaceFile` leaves when its process dies in the middle: `.NAME.PID.tmp`. */
function halfWritten(directory: string, names: readonly string[]): readonly string[] {
  const written = (file: string): string => /^\.(.+)\.\d+\.tmp$/.exec(file)?.[1] ?? '';
  return readDirectory(directory)
    .filter((file) => names.includes(written(file)))
    .map((file) => join(directory, file));
}

function readDirectory(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    // There is nothing of ours in a directory that is not there.
    return [];
  }
}

function removeFiles(files: readonly string[]): readonly CleanupItem[] {
  return files.filter(exists).map((file) => {
    try {
      rmSync(file, { recursive: true });
      return removed('file', file);
    } catch (error) {
      return failed('file', file, error);
    }
  });
}

/** Also a link that leads nowhere. */
const exists = (file: string): boolean => lstatSync(file, { throwIfNoEntry: false }) !== undefined;
