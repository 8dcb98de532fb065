import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { makeDirectories } from '../ipam/directory.ts';
import { describeError, GryphonError } from '../ports/error.ts';
import { replaceFile } from './atomic-file.ts';
import { pluginType } from './conflist.ts';
import { executableVersion, isNewer } from './executable-version.ts';

/** An executable could not be installed: `GRY_CNI_INSTALL`. */
export class InstallError extends GryphonError {}

export interface InstalledExecutable {
  readonly path: string;
  /** `kept`: another one is there that is as new or newer, or that belongs to somebody else for all we know. */
  readonly outcome: 'installed' | 'unchanged' | 'kept';
}

/**
 * Executables of the reference plugins that pods of a node need besides ours: host ports, bandwidth, `lo` (containerd runs it), and
 * what migrations and further networks use.
 */
export const referencePlugins: readonly string[] = [
  'portmap',
  'bandwidth',
  'loopback',
  'host-local',
  'tuning',
];

export interface InstallOptions {
  /** The shim, dist/gryphon-cni. */
  readonly source: string;
  /** Directory with the reference plugins of the image; those that are not in it are not installed. */
  readonly pluginDirectory?: string;
  readonly binDirectory: string;
}

/**
 * Puts the shim into `binDirectory` as `gryphon`, also while an older one is being executed, and beside it the reference plugins that
 * are missing or older there. The shim comes first: without it nothing works.
 * @throws InstallError
 */
export async function installExecutables(options: InstallOptions): Promise<readonly InstalledExecutable[]> {
  const { source, pluginDirectory, binDirectory } = options;
  const installed = [await install(source, path.join(binDirectory, pluginType))];
  if (pluginDirectory === undefined || path.resolve(pluginDirectory) === path.resolve(binDirectory))
    return installed;
  for (const name of referencePlugins) {
    const candidate = path.join(pluginDirectory, name);
    if (!(await isFile(candidate))) continue;
    const file = path.join(binDirectory, name);
    installed.push((await mayReplace(candidate, file)) ? await install(candidate, file) : kept(file));
  }
  return installed;
}

const kept = (file: string): InstalledExecutable => ({ path: file, outcome: 'kept' });

async function mayReplace(candidate: string, file: string): Promise<boolean> {
  if (!(await isFile(file))) return true;
  const [a, b] = await Promise.all([readFile(candidate), readFile(file)]);
  return a.equals(b) || isNewer(await executableVersion(candidate), await executableVersion(file));
}

async function isFile(file: string): Promise<boolean> {
  try {
    return (await stat(file)).isFile();
  } catch {
    // What is there and cannot be looked at will be told by the attempt to write.
    return false;
  }
}

async function install(source: string, file: string): Promise<InstalledExecutable> {
  try {
    const bytes = await readFile(source);
    makeDirectories(path.dirname(file), 0o755);
    return { path: file, outcome: (await replaceFile(file, bytes, 0o755)) ? 'installed' : 'unchanged' };
  } catch (cause) {
    const reason = describeError(cause);
    throw new InstallError('GRY_CNI_INSTALL', `${source} cannot be installed as ${file}: ${reason}`, {
      remedy: 'build the shim with "make build" and run as root on a writable file system',
      cause,
    });
  }
}
