import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';

export interface MachineOptions {
  readonly name: string;
  /** On the real disk, for logs; made when missing. */
  readonly directory: string;
  /** Directories that are empty and nobody else's. */
  readonly fresh?: readonly string[];
  /** Files that hold a text of this machine's own: parameters of the kernel that must not change for everybody. */
  readonly files?: Readonly<Record<string, string>>;
}

/**
 * One host of a test: network, mount, process, host name and System V namespaces of its own, held by its first process. When that one is killed, or the
 * test dies in whatever way, the kernel ends every process in it and takes mounts, links and routes away.
 */
export class Machine {
  readonly name: string;
  readonly #init: ChildProcess;
  /** Of the first process, as this side sees it. */
  readonly #pid: number;
  readonly #directory: string;

  private constructor(options: MachineOptions, init: ChildProcess, pid: number) {
    this.name = options.name;
    this.#directory = options.directory;
    this.#init = init;
    this.#pid = pid;
  }

  static async boot(options: MachineOptions): Promise<Machine> {
    const { name, directory, fresh = [], files = {} } = options;
    fs.mkdirSync(directory, { recursive: true });
    const masks = Object.entries(files).map(([target, text], index) => {
      const source = path.join(directory, `file-${index}`);
      fs.writeFileSync(source, text);
      return `mount --bind '${source}' '${target}'`;
    });
    const script = [
      'set -e',
      `hostname ${name}`,
      'ip link set lo up',
      ...fresh.map((place) => `mkdir -p '${place}' && mount -t tmpfs -o mode=755 tmpfs '${place}'`),
      ...masks,
      'mount --make-rshared /',
      'echo ready',
      // bash and no plain sleep: the first process inherits orphans, and has to wait for them.
      'sleep infinity & wait',
    ].join('\n');
    const namespaces = ['--net', '--mount', '--pid', '--fork', '--uts', '--ipc', '--mount-proc'];
    const command = [
      'unshare',
      ...namespaces,
      '--kill-child=KILL',
      '--propagation',
      'private',
      'bash',
      '-c',
      script,
    ];
    const init = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...command], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let complaint = '';
    init.stderr.on('data', (text: Buffer) => {
      complaint += text.toString();
    });
    await new Promise<void>((resolve, reject) => {
      init.stdout.once('data', () => resolve());
      init.once('exit', (code) => reject(new Error(`${name} does not start (${code}): ${complaint}`)));
    });
    return new Machine(options, init, childOf(init.pid));
  }

  /** What leads a program into this machine. */
  get entrance(): readonly string[] {
    return ['nsenter', '--target', String(this.#pid), '--net', '--mount', '--pid', '--uts', '--ipc', '--'];
  }

  /** The same without its processes: signals to what is started so arrive. */
  get networkEntrance(): readonly string[] {
    return ['nsenter', '--target', String(this.#pid), '--net', '--mount', '--'];
  }

  /** Runs a program inside and gives its standard output. @throws ExecaError */
  async exec(file: string, ...args: readonly string[]): Promise<string> {
    const [first = '', ...entrance] = this.entrance;
    return (await execa(first, [...entrance, file, ...args], { timeout: 120_000 })).stdout;
  }

  /** `exec('ip', …)`, with the command line as people write it: `ip('route add 192.0.2.0/24 dev eth0')`. */
  ip(line: string): Promise<string> {
    return this.exec('ip', ...line.split(' '));
  }

  /**
   * Lays a cable from a port of this machine, of this name, to `eth0` of another one. A machine that is installed anew keeps its network card: its
   * address is made of its name.
   */
  async connect(port: string, other: Machine): Promise<void> {
    // Only into the network: `ip` counts processes as this side does.
    const enter = ['--target', String(this.#pid), '--net', '--'];
    const card = ['address', hardwareAddress(other.name), 'netns', String(other.#pid)];
    await execa('nsenter', [
      ...enter,
      'ip',
      'link',
      'add',
      port,
      'type',
      'veth',
      'peer',
      'name',
      'eth0',
      ...card,
    ]);
  }

  /** A file of this machine, as programs outside reach it. */
  file(name: string): string {
    return path.join('/proc', String(this.#pid), 'root', name);
  }

  /** Starts a program that stays, its output in `NAME.log`. */
  start(name: string, argv: readonly string[]): Service {
    return new Service(this.entrance, argv, path.join(this.#directory, `${name}.log`));
  }

  /** Ends it, and everything that runs in it. */
  async halt(): Promise<void> {
    if (this.#init.exitCode !== null || this.#init.signalCode !== null) return;
    const exited = new Promise((resolve) => this.#init.once('exit', resolve));
    process.kill(this.#pid, 'SIGKILL');
    await exited;
  }
}

/** Locally administered, the same for the same name. */
const hardwareAddress = (name: string): string =>
  `02:${createHash('sha256')
    .update(name)
    .digest('hex')
    .slice(0, 10)
    .replace(/..(?=.)/g, '$&:')}`;

/** The program that an `nsenter` or `unshare` has forked; it appears a moment after its parent. */
function childOf(parent: number | undefined): number {
  const end = Date.now() + 5_000;
  while (Date.now() < end) {
    const child = Number.parseInt(fs.readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8'), 10);
    if (child > 0) return child;
  }
  throw new Error(`process ${parent} has started nothing`);
}

/** A program that stays. */
export class Service {
  readonly #entrance: readonly string[];
  readonly #argv: readonly string[];
  readonly #log: string;
  #process: ChildProcess;

  constructor(entrance: readonly string[], argv: readonly string[], log: string) {
    this.#entrance = entrance;
    this.#argv = argv;
    this.#log = log;
    this.#process = this.#spawn();
  }

  get isRunning(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    if (!this.isRunning) return;
    const exited = new Promise((resolve) => this.#process.once('exit', resolve));
    process.kill(childOf(this.#process.pid), signal);
    await exited;
  }

  /** Once more, with the same arguments. */
  start(): void {
    this.#process = this.#spawn();
  }

  /** The end of what it has said. */
  log(): string {
    return fs.readFileSync(this.#log, 'utf8').slice(-4000);
  }

  #spawn(): ChildProcess {
    const log = fs.openSync(this.#log, 'a');
    const [first = '', ...rest] = [...this.#entrance, ...this.#argv];
    const child = spawn(first, rest, { stdio: ['ignore', log, log] });
    fs.closeSync(log);
    return child;
  }
}
