import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

/**
 * A mount namespace in which some directories are empty and nobody else's: what a container runtime keeps in fixed places, first of all its pods'
 * network namespaces below /run. Ends with `dispose`, and everything that was mounted in it.
 */
export class MountSpace implements Disposable {
  readonly #holder: ChildProcess;

  private constructor(holder: ChildProcess) {
    this.#holder = holder;
  }

  static async create(directories: readonly string[]): Promise<MountSpace> {
    const mounts = directories.map((directory) => `mount -t tmpfs tmpfs ${directory};`).join(' ');
    const script = `${mounts} echo ready; exec sleep infinity`;
    const holder = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => {
      holder.stdout.once('data', resolve);
    });
    return new MountSpace(holder);
  }

  /** What leads a program into it. */
  get entrance(): readonly string[] {
    return ['nsenter', `--mount=/proc/${this.#holder.pid}/ns/mnt`, '--'];
  }

  [Symbol.dispose](): void {
    this.#holder.kill('SIGKILL');
  }
}

/**
 * Removes a group of processes and those below it, all empty or about to be: one directory where there is one hierarchy, else one in
 * each.
 */
export async function removeCgroup(name: string): Promise<void> {
  for (const parent of ['.', ...directoriesIn('/sys/fs/cgroup')]) {
    const directory = path.join('/sys/fs/cgroup', parent, name);
    if (fs.existsSync(directory)) await removeGroups(directory);
  }
}

/** The files in it are the kernel's and go with it. A process that has ended a moment ago keeps its group busy. */
async function removeGroups(directory: string, tries = 50): Promise<void> {
  for (const below of directoriesIn(directory)) await removeGroups(path.join(directory, below));
  try {
    fs.rmdirSync(directory);
  } catch (error) {
    if (tries === 0) throw error;
    await new Promise((resolve) => setTimeout(resolve, 50));
    await removeGroups(directory, tries - 1);
  }
}

const directoriesIn = (directory: string): readonly string[] =>
  fs
    .readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
