import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { CriClient } from './cri.ts';

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
  readonly #holder: ChildProcess;
  readonly #cgroup: string;
  #daemon: ChildProcess | undefined;

  private constructor(options: ContainerdOptions, holder: ChildProcess) {
    this.#options = options;
    this.#holder = holder;
    this.#cgroup = `/${path.basename(path.dirname(options.directory))}`;
    this.cri = new CriClient(this.#path('containerd.sock'));
  }

  static async create(options: ContainerdOptions): Promise<Containerd> {
    fs.mkdirSync(options.directory, { recursive: true });
    const script =
      'mount -t tmpfs tmpfs /run; mount -t tmpfs tmpfs /var/lib; echo ready; exec sleep infinity';
    const holder = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => {
      holder.stdout.once('data', resolve);
    });
    const containerd = new Containerd(options, holder);
    containerd.#configure();
    await containerd.start();
    await containerd.#importImage();
    return containerd;
  }

  /** What leads a program into the mount namespace: the pods' network namespaces are only there. */
  get entrance(): readonly string[] {
    return ['nsenter', `--mount=/proc/${this.#holder.pid}/ns/mnt`, '--'];
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
  sandbox_image = "localhost/pause:test"
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "${binDir}"
  conf_dir = "${confDir}"
`,
    );
  }

  /** An image with one static program that waits, as `docker save` would write it. Left behind, it ends by itself. */
  async #importImage(): Promise<void> {
    const directory = this.#path('image');
    fs.mkdirSync(path.join(directory, 'root'), { recursive: true });
    fs.writeFileSync(
      path.join(directory, 'pause.c'),
      '#include <unistd.h>\nint main(void) { sleep(300); }\n',
    );
    const run = (file: string, ...args: string[]) => execa(file, args, { cwd: directory });
    await run('musl-gcc', '-static', '-o', 'root/pause', 'pause.c');
    await run('tar', '-C', 'root', '-cf', 'layer.tar', '.');
    const [digest] = (await run('sha256sum', 'layer.tar')).stdout.split(' ');
    const config = {
      architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
      os: 'linux',
      config: { Entrypoint: ['/pause'] },
      rootfs: { type: 'layers', diff_ids: [`sha256:${digest}`] },
    };
    fs.writeFileSync(path.join(directory, 'config.json'), JSON.stringify(config));
    const manifest = [{ Config: 'config.json', RepoTags: ['localhost/pause:test'], Layers: ['layer.tar'] }];
    fs.writeFileSync(path.join(directory, 'manifest.json'), JSON.stringify(manifest));
    await run('tar', '-cf', 'image.tar', 'manifest.json', 'config.json', 'layer.tar');
    const address = this.#path('containerd.sock');
    await run('ctr', '--address', address, '--namespace', 'k8s.io', 'images', 'import', 'image.tar');
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
      this.#holder.kill('SIGKILL');
      this.#removeCgroups();
    }
  }

  /** One directory where there is one hierarchy, else one in each. */
  #removeCgroups(): void {
    const hierarchies = fs.readdirSync('/sys/fs/cgroup', { withFileTypes: true });
    for (const parent of ['.', ...hierarchies.filter((d) => d.isDirectory()).map((d) => d.name)]) {
      const directory = path.join('/sys/fs/cgroup', parent, this.#cgroup);
      if (fs.existsSync(directory)) fs.rmdirSync(directory);
    }
  }
}
