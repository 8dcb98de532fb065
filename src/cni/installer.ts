import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { makeDirectories } from '../ipam/directory.ts';
import { GryphonError } from '../ports/error.ts';
import { replaceFile } from './atomic-file.ts';
import { pluginType } from './conflist.ts';

/** An executable could not be installed: `GRY_CNI_INSTALL`. */
export class InstallError extends GryphonError {}

export interface InstalledExecutable {
  readonly path: string;
  /** False: the same bytes were there already. */
  readonly changed: boolean;
}

/**
 * Puts the shim `source` (dist/gryphon-cni) into `binDirectory` as `gryphon`, also while an older one is being executed.
 * @throws InstallError
 */
export async function installExecutables(options: {
  readonly source: string;
  readonly binDirectory: string;
}): Promise<readonly InstalledExecutable[]> {
  const file = path.join(options.binDirectory, pluginType);
  try {
    const bytes = await readFile(options.source);
    makeDirectories(options.binDirectory, 0o755);
    return [{ path: file, changed: await replaceFile(file, bytes, 0o755) }];
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new InstallError('GRY_CNI_INSTALL', `${options.source} cannot be installed as ${file}: ${reason}`, {
      remedy: 'build the shim with "make build" and run as root on a writable file system',
      cause,
    });
  }
}
