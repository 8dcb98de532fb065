import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { removeCgroup } from './cgroup.ts';
import { imageName, makeImage } from './container-image.ts';
import { CriClient } from './cri.ts';
import { MountSpace } from './mount-space.ts';

/** Where containerd lives and what it plugs pods into. */
export interface ContainerdOptions {
  /** Path of the node's network namespace. */
  readonly netns: string;
  readonly binDir: string;
  readonly confDir: string;
  /** Of its own, empty; everything is below it. */
  readonly directory: string;
}

/**
 * A containerd of a test's own, in a mount namespace of its own: its sockets, its cache of results and its pods' namespaces are
 * nobody else's. Pods are sandboxes of an image made here.
 */
export class Containerd implements AsyncDisposable {
  readonly cri: CriClient;
  readonly #options: ContainerdOptions;
  readonly #mounts: MountSpace;
  readonly #cgroup: string;
  #daemon: ChildProcess | undefined;

  private constructor(options: ContainerdOptions, mounts: MountSpace) {
    this.#options = options;
    this.#mounts = mounts;
    this.#cgroup = `/${path.basename(path.dirname(options.directory))}`;
    this.cri = new CriClient(this.#path('containerd.sock'));
  }

  static async create(options: ContainerdOptions): Promise<Containerd> {
    fs.mkdirSync(options.directory, { recursive: true });
    const mounts = await MountSpace.create(['/run', '/var/lib']);
    const containerd = new Containerd(options, mounts);
    containerd.#configure();
    await containerd.start();
    await containerd.#importImage();
    return containerd;
  }

  /** What leads a program into the mount namespace: the pods' network namespaces are only there. */
  get entrance(): readonly string[] {
    return this.#mounts.entrance;
  }

  /** Starts the daemon and waits until it answers; the pods of an earlier one are still there. */
  async start(): Promise<void> {
    const log = fs.openSync(this.#path('containerd.log'), 'a');
    const argv = ['nsenter', `--net=${this.#options.netns}`, ...this.entrance, 'containerd'];
    this.#daemon = spawn(argv[0]!, [...argv.slice(1), '--config', this.#path('config.toml')], {
      stdio: ['ignore', log, log],
    });
    fs.closeSync(log);
    const end = Date.now() + 20_000;
    for (;;) {
      const answer = await this.cri.list().catch((error: unknown) => error);
      if (!(answer instanceof Error)) return;
      if (Date.now() > end) throw new Error(`containerd does not start: ${answer.message}\n${this.log()}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async stop(): Promise<void> {
    const daemon = this.#daemon;
    this.#daemon = undefined;
    if (daemon === undefined || daemon.exitCode !== null) return;
    const exited = new Promise((resolve) => daemon.once('exit', resolve));
    daemon.kill();
    await exited;
  }

  /** A sandbox in a cgroup of this test. */
  run(name: string, ...more: readonly Parameters<CriClient['run']>[2][]): Promise<string> {
    return this.cri.run(name, this.#cgroup, ...more);
  }

  log(): string {
    return fs.readFileSync(this.#path('containerd.log'), 'utf8').slice(-3000);
  }

  #path(name: string): string {
    return path.join(this.#options.directory, name);
  }

  #configure(): void {
    const { binDir, confDir } = this.#options;
    fs.writeFileSync(
      this.#path('config.toml'),
      `version = 2
root = "${this.#path('root')}"
state = "${this.#path('state')}"
[grpc]
  address = "${this.#path('containerd.sock')}"
[ttrpc]
  address = "${this.#path('containerd.ttrpc')}"
[plugins."io.containerd.internal.v1.opt"]
  path = "${this.#path('opt')}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${imageName}"
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "${binDir}"
  conf_dir = "${confDir}"
`,
    );
  }

  async #importImage(): Promise<void> {
    const image = await makeImage(this.#path('image'));
    const address = this.#path('containerd.sock');
    await execa('ctr', ['--address', address, '--namespace', 'k8s.io', 'images', 'import', image]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      if (this.#daemon === undefined) await this.start();
      for (const id of await this.cri.list()) {
        await this.cri.stop(id);
        await this.cri.remove(id);
      }
    } finally {
      await this.stop();
      this.#mounts[Symbol.dispose]();
      await removeCgroup(this.#cgroup);
    }
  }
}
