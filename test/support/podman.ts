import fs from 'node:fs';
import path from 'node:path';
import { execa, execaSync } from 'execa';
import { removeCgroup } from './cgroup.ts';
import { imageName, makeImage } from './container-image.ts';
import { MountSpace } from './mount-space.ts';

/** Where podman works and what it plugs containers into. */
export interface PodmanOptions {
  /** Path of the node's network namespace. */
  readonly netns: string;
  readonly binDir: string;
  readonly confDir: string;
  /** Of its own, empty; everything is below it. */
  readonly directory: string;
}

/** The first number of podman's version: the fifth has no CNI any more. */
export function podmanMajor(): number {
  const { stdout } = execaSync('podman', ['--version'], { reject: false });
  if (stdout === undefined || stdout === '') throw new Error('there is no podman: apt-get install podman');
  return Number(/version (\d+)/.exec(stdout)?.[1]);
}

/** A podman of a test's own: storage, state, locks and namespaces are nobody else's. */
export class Podman implements AsyncDisposable {
  readonly #options: PodmanOptions;
  readonly #mounts: MountSpace;
  readonly #cgroup: string;

  private constructor(options: PodmanOptions, mounts: MountSpace) {
    this.#options = options;
    this.#mounts = mounts;
    this.#cgroup = `/${path.basename(path.dirname(options.directory))}`;
  }

  static async create(options: PodmanOptions): Promise<Podman> {
    fs.mkdirSync(options.directory, { recursive: true });
    const mounts = await MountSpace.create(['/run', '/var/lib', '/dev/shm']);
    const podman = new Podman(options, mounts);
    podman.#configure();
    await podman.command(
      'load',
      '--quiet',
      '--input',
      await makeImage(path.join(options.directory, 'image')),
    );
    return podman;
  }

  /** What leads a program into the mount namespace: the containers' network namespaces are only there. */
  get entrance(): readonly string[] {
    return this.#mounts.entrance;
  }

  /** Runs podman and gives what it prints; throws when it fails. */
  async command(...args: readonly string[]): Promise<string> {
    const storage = [
      '--root',
      this.#path('root'),
      '--runroot',
      this.#path('runroot'),
      '--tmpdir',
      this.#path('tmp'),
    ];
    const before = [`--net=${this.#options.netns}`, ...this.entrance, 'podman'];
    const env = { CONTAINERS_CONF: this.#path('containers.conf') };
    const { stdout } = await execa('nsenter', [...before, ...storage, ...args], {
      env,
      stdin: 'ignore',
      timeout: 60_000,
    });
    return stdout;
  }

  /** Starts a container that says hello on port 8080. */
  async run(name: string, ...flags: readonly string[]): Promise<void> {
    await this.command(
      'run',
      '--detach',
      '--name',
      name,
      '--cgroup-parent',
      this.#cgroup,
      ...flags,
      imageName,
    );
  }

  /** What `podman inspect` knows under this template. */
  inspect(name: string, template: string): Promise<string> {
    return this.command('inspect', '--format', template, name);
  }

  /** Runs a program in the network of a container. */
  async within(name: string, ...argv: readonly string[]): Promise<string> {
    const pid = await this.inspect(name, '{{.State.Pid}}');
    const { stdout } = await execa('nsenter', [`--net=/proc/${pid}/ns/net`, ...argv]);
    return stdout;
  }

  #path(name: string): string {
    return path.join(this.#options.directory, name);
  }

  #configure(): void {
    const { binDir, confDir } = this.#options;
    fs.writeFileSync(
      this.#path('containers.conf'),
      `[network]
network_backend = "cni"
network_config_dir = "${confDir}"
cni_plugin_dirs = ["${binDir}"]
default_network = "gryphon"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
[containers]
default_ulimits = []
`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.command('rm', '--all', '--force', '--time', '0');
    } finally {
      this.#mounts[Symbol.dispose]();
      await removeCgroup(this.#cgroup);
    }
  }
}
