import { existsSync, lstatSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type CleanupItem, failed, removed } from './item.ts';

export interface CleanupPaths {
  /** `/etc/cni/net.d`, `/opt/cni/bin`. */
  readonly cniConfDir: string;
  readonly cniBinDir: string;
  /** `/run/gryphon/cni.sock`; what stands beside it is ours. */
  readonly cniSocket: string;
  /** `/var/lib/gryphon`. */
  readonly stateDir: string;
}

/** Without it no runtime calls us any more. */
export const removeConflist = ({ cniConfDir }: CleanupPaths): readonly CleanupItem[] =>
  removeFiles([join(cniConfDir, '05-gryphon.conflist')]);

/** By name, never a whole directory: a flag that names the wrong one must not cost anybody their files. */
export function removeState({ cniSocket, stateDir, cniBinDir }: CleanupPaths): readonly CleanupItem[] {
  const runDir = dirname(cniSocket);
  return removeFiles([
    cniSocket,
    join(runDir, 'del-queue'),
    join(runDir, 'heartbeat'),
    join(stateDir, 'ipam.journal'),
    join(stateDir, 'boot-id'),
    join(cniBinDir, 'gryphon'),
  ]);
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

const exists = (file: string): boolean =>
  existsSync(file) || lstatSync(file, { throwIfNoEntry: false }) !== undefined;
