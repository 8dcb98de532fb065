import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { execa } from 'execa';
import type { PodNetworkConfig } from '../../src/cni/pod-network.ts';
import type { CniAgentCommand, CniAgentOptions, CniAgentSize } from './cni-agent.ts';
import { nodeFlags } from './launcher.ts';
import { createNetns, type TestNetns } from './netns.ts';

const root = path.resolve(import.meta.dirname, '../..');
export const shim = path.join(root, 'dist/gryphon-cni');

/** Builds the shim when it is older than its sources. */
export async function buildShim(): Promise<void> {
  const directory = path.join(root, 'src/cni/shim');
  const changes = fs.readdirSync(directory).map((name) => fs.statSync(path.join(directory, name)).mtimeMs);
  const built = fs.statSync(shim, { throwIfNoEntry: false });
  if (built === undefined || built.mtimeMs < Math.max(...changes))
    await execa(path.join(root, 'hack/build-shim'));
}

/** One execution of the plugin, as a runtime does it. */
export interface PluginCall {
  readonly command: string;
  readonly containerID?: string;
  readonly netns?: string;
  readonly ifname?: string;
  readonly args?: string;
  /** Laid over the usual configuration; undefined values take keys away. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** In place of the configuration. */
  readonly stdin?: string;
}

export interface PluginAnswer {
  readonly exit: number | undefined;
  readonly stdout: string;
  /** stdout as JSON; empty when stdout is. */
  readonly json: Partial<PluginDocument>;
}

/** What a plugin prints: a result, an error, or its versions. */
export interface PluginDocument {
  readonly cniVersion: string;
  readonly interfaces: readonly {
    readonly name: string;
    readonly mac: string;
    readonly sandbox?: string;
    readonly mtu?: number;
  }[];
  readonly ips: readonly { readonly address: string; readonly interface: number }[];
  readonly supportedVersions: readonly string[];
  readonly code: number;
  readonly msg: string;
  readonly details: string;
}

export const runShim = (socketPath: string, call: PluginCall): Promise<PluginAnswer> =>
  startShim(socketPath, call).answer;

/** A call under way: its caller may be killed, as runtimes do at the end of their patience. */
export interface RunningShim {
  readonly answer: Promise<PluginAnswer>;
  kill(): void;
}

export function startShim(socketPath: string, call: PluginCall): RunningShim {
  const config = {
    cniVersion: '1.1.0',
    name: 'gryphon',
    type: 'gryphon',
    socket: socketPath,
    ...call.config,
  };
  const env = {
    CNI_COMMAND: call.command,
    CNI_CONTAINERID: call.containerID ?? '',
    CNI_NETNS: call.netns ?? '',
    CNI_IFNAME: call.ifname ?? 'eth0',
    CNI_ARGS: call.args ?? '',
    CNI_PATH: '/opt/cni/bin',
  };
  const child = spawn(shim, [], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.on('error', () => {});
  child.stdin.end(call.stdin ?? JSON.stringify(config));
  return { answer: answerOf(child), kill: () => void child.kill('SIGKILL') };
}

/** A shim that was killed has no exit code, and may have said half of what it had to say. */
async function answerOf(child: ChildProcess): Promise<PluginAnswer> {
  let stdout = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  const exit = await new Promise<number | undefined>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? undefined));
  });
  if (stdout === '' || exit === undefined) return { exit, stdout, json: {} };
  return { exit, stdout: stdout.trimEnd(), json: JSON.parse(stdout) as PluginDocument };
}

/** A node: a namespace with an uplink address but no default route, and the pod network as a process in it. */
export class CniNode implements AsyncDisposable {
  readonly netns: TestNetns;
  readonly directory: string;
  readonly #pods: TestNetns[] = [];
  #agent: ChildProcess | undefined;
  readonly #agents: ChildProcess[] = [];
  #lines: AsyncIterator<string> | undefined;
  #options: CniAgentOptions;

  private constructor(netns: TestNetns, directory: string, options: CniAgentOptions) {
    this.netns = netns;
    this.directory = directory;
    this.#options = options;
  }

  static async create(config: PodNetworkConfig, coolDown = 30_000, haste = 1): Promise<CniNode> {
    await buildShim();
    using cleanup = new DisposableStack();
    const netns = cleanup.use(await createNetns());
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'gry-cni-'));
    await netns.ip('link add uplink type veth peer name wire');
    await netns.ip('address add 192.0.2.10/24 dev uplink');
    await netns.ip('address add 2001:db8::10/64 dev uplink nodad');
    await netns.ip('link set uplink up');
    await netns.ip('link set wire up');
    await netns.exec('sysctl', '-q', '-w', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1');
    const socketPath = path.join(directory, 'run/cni.sock');
    const journal = path.join(directory, 'ipam.journal');
    cleanup.move();
    return new CniNode(netns, directory, { socketPath, journal, bootID: 'test', coolDown, config, haste });
  }

  get socketPath(): string {
    return this.#options.socketPath;
  }

  get journal(): string {
    return this.#options.journal;
  }

  /** Directory of the DELs that wait. */
  get queue(): string {
    return path.join(path.dirname(this.socketPath), 'del-queue');
  }

  /** What is given overrides what `create` was told, from now on. */
  async start(change: Partial<CniAgentOptions> = {}): Promise<void> {
    if (!(await this.launch(change))) throw new Error(`the agent did not start: ${this.log()}`);
  }

  /** As `start`, for an agent that may be stopped before it is ready: tells whether it ever was. */
  async launch(change: Partial<CniAgentOptions> = {}): Promise<boolean> {
    this.#options = { ...this.#options, ...change };
    const script = path.join(import.meta.dirname, 'cni-agent.ts');
    const node = [process.execPath, ...nodeFlags(), '--expose-gc', script];
    const args = [`--net=${this.netns.path}`, ...node, JSON.stringify(this.#options)];
    const stderr = fs.openSync(path.join(this.directory, 'agent.log'), 'a');
    const env = { ...process.env, NODE_COMPILE_CACHE: path.join(this.directory, 'compiled') };
    const agent = spawn('nsenter', args, { stdio: ['pipe', 'pipe', stderr], env });
    agent.stdin!.on('error', () => {});
    this.#agents.push(agent);
    this.#agent = agent;
    fs.closeSync(stderr);
    const lines = readline.createInterface({ input: agent.stdout! })[Symbol.asyncIterator]();
    this.#lines = lines;
    return (await lines.next()).value === 'ready';
  }

  /** Process ID of the agent that was started last. */
  get pid(): number {
    return this.#agents.at(-1)?.pid ?? 0;
  }

  /** What the agent has logged so far. */
  log(): string {
    return fs.readFileSync(path.join(this.directory, 'agent.log'), 'utf8');
  }

  /** Gives a command to the agent and waits until it is carried out; gives the agent's answer. */
  async tell(command: CniAgentCommand): Promise<unknown> {
    this.#agent!.stdin!.write(`${JSON.stringify(command)}\n`);
    return JSON.parse((await this.#lines!.next()).value as string);
  }

  async measure(): Promise<CniAgentSize> {
    return (await this.tell({ measure: true })) as CniAgentSize;
  }

  /** `SIGKILL`: dies on the spot; undefined: stops in order. */
  async stop(kill?: 'SIGKILL'): Promise<void> {
    const agent = this.#agent;
    this.#agent = undefined;
    if (agent === undefined || agent.exitCode !== null || agent.signalCode !== null) return;
    const exited = new Promise((resolve) => agent.once('exit', resolve));
    if (kill === undefined) agent.stdin!.end();
    else agent.kill(kill);
    await exited;
  }

  /** A sandbox: a namespace as a runtime makes it. */
  async pod(): Promise<TestNetns> {
    const pod = await createNetns();
    this.#pods.push(pod);
    return pod;
  }

  call(call: PluginCall): Promise<PluginAnswer> {
    return runShim(this.socketPath, call);
  }

  add(containerID: string, pod: TestNetns, more: Partial<PluginCall> = {}): Promise<PluginAnswer> {
    return this.call({ command: 'ADD', containerID, netns: pod.path, ...more });
  }

  del(containerID: string, netns = '', more: Partial<PluginCall> = {}): Promise<PluginAnswer> {
    return this.call({ command: 'DEL', containerID, netns, ...more });
  }

  /** Names of the pod links that are there. */
  async links(): Promise<readonly string[]> {
    const links = JSON.parse(await this.netns.exec('ip', '-json', 'link')) as { ifname: string }[];
    return links.map((link) => link.ifname).filter((name) => name.startsWith('gryp'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SIGKILL');
    for (const agent of this.#agents) agent.kill('SIGKILL');
    for (const pod of this.#pods) pod.remove();
    this.netns.remove();
    // Shims that nobody waits for may still write there.
    fs.rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }
}
