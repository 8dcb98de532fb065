import { type ChildProcess, spawn } from 'node:child_process';

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
