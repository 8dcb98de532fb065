import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { BgpRoute } from '../../src/api/resources/bgp-route.ts';
import type { Peer } from '../../src/api/resources/peer.ts';
import { connect, createNetns, type TestNetns } from './netns.ts';

const gryphon = path.join(import.meta.dirname, '../../bin/gryphon');

/** What `/v1/status` says, as far as tests look at it. */
export interface Status {
  readonly ready: boolean;
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail: string }[];
  readonly problems: readonly {
    readonly code: string;
    readonly subject: string;
    readonly message: string;
    readonly remedy: string;
  }[];
  readonly drivers: readonly {
    readonly name: string;
    readonly written: number;
    readonly repaired: number;
    readonly failures: readonly { readonly item: string; readonly code: string; readonly reason: string }[];
  }[];
  readonly routes: { readonly desired: number; readonly installed: number };
}

/** One machine of a test: a namespace with an uplink `eth0`, directories of its own, and an agent process. */
export class AgentNode implements AsyncDisposable {
  readonly netns: TestNetns;
  readonly directory = fs.mkdtempSync(path.join(tmpdir(), 'grytest-agent-'));
  #process: ChildProcess | undefined;

  private constructor(netns: TestNetns) {
    this.netns = netns;
    for (const name of ['manifests', 'run', 'state', 'bin', 'net.d']) fs.mkdirSync(this.path(name));
  }

  /** The uplink is a cable to `outside`; addresses as `192.0.2.1/24`. */
  static async create(
    outside: TestNetns,
    addresses: readonly string[],
    neighbour: readonly string[] = [],
  ): Promise<AgentNode> {
    const netns = await createNetns();
    await connect(
      { netns, name: 'eth0', addresses },
      { netns: outside, name: farEnd(netns), addresses: neighbour },
    );
    return new AgentNode(netns);
  }

  /** As `create`, beside others on one switch (`createSwitch`). */
  static async plug(lan: TestNetns, addresses: readonly string[]): Promise<AgentNode> {
    const node = await AgentNode.create(lan, addresses);
    await lan.ip(`link set ${farEnd(node.netns)} master br0`);
    return node;
  }

  path(...parts: readonly string[]): string {
    return path.join(this.directory, ...parts);
  }

  /** Writes a manifest in one step, as an editor would. */
  write(file: string, text: string): void {
    fs.writeFileSync(this.path('manifests', `.${file}.tmp`), text);
    fs.renameSync(this.path('manifests', `.${file}.tmp`), this.path('manifests', file));
  }

  /** Starts the agent and gives its process ID; flags come last, so they can override. */
  start(nodeName: string, ...flags: readonly string[]): number {
    return this.#spawn([], nodeName, flags);
  }

  /** As `start`, without one capability. */
  startWithout(capability: string, nodeName: string, ...flags: readonly string[]): void {
    this.#spawn(
      ['setpriv', `--bounding-set=-${capability.replace('cap_', '')}`, '--inh-caps=-all'],
      nodeName,
      flags,
    );
  }

  /** As `start`, by way of another program, such as `nsenter`. */
  startBy(wrapper: readonly string[], nodeName: string, ...flags: readonly string[]): void {
    this.#spawn(wrapper, nodeName, flags);
  }

  #spawn(wrapper: readonly string[], nodeName: string, flags: readonly string[]): number {
    const log = fs.openSync(this.path('agent.log'), 'a');
    const directories = {
      manifests: 'manifests',
      'run-dir': 'run',
      'state-dir': 'state',
      'cni-bin-dir': 'bin',
      'cni-conf-dir': 'net.d',
    };
    const paths = Object.entries(directories).flatMap(([flag, name]) => [`--${flag}`, this.path(name)]);
    const argv = [gryphon, 'agent', '--source', 'manifests', '--node-name', nodeName, ...paths, ...flags];
    this.#process = spawn('nsenter', [`--net=${this.netns.path}`, ...wrapper, ...argv], {
      stdio: ['ignore', log, log],
    });
    fs.closeSync(log);
    return this.#process.pid ?? 0;
  }

  /** Ends the agent; gives its exit code, null after a signal that it did not handle. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.#process?.exitCode === null) this.#process.kill(signal);
    return this.ended();
  }

  /** Waits until the agent has ended, by itself or by `stop`. */
  async ended(): Promise<number | null> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null)
      return child?.exitCode ?? null;
    return await new Promise((resolve) => {
      child.once('exit', resolve);
    });
  }

  /** Runs one of the reading commands of this checkout inside. */
  gryphon(...args: readonly string[]): Promise<string> {
    return this.netns.exec(gryphon, ...args);
  }

  async status(): Promise<Status> {
    return JSON.parse(
      await this.netns.exec('curl', '-s', '--max-time', '2', 'http://127.0.0.1:17179/v1/status'),
    ) as Status;
  }

  /** `gryphon peers -o json`. */
  async peers(): Promise<readonly Peer[]> {
    return (JSON.parse(await this.gryphon('peers', '-o', 'json')) as { items: Peer[] }).items;
  }

  /** `gryphon routes --bgp -o json`. */
  async bgpRoutes(): Promise<readonly BgpRoute[]> {
    return (JSON.parse(await this.gryphon('routes', '--bgp', '-o', 'json')) as { items: BgpRoute[] }).items;
  }

  log(): string {
    return fs.readFileSync(this.path('agent.log'), 'utf8');
  }

  /** Looks again and again until `look` gives something true; fails with what the agent said. */
  async until<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
    const end = Date.now() + 20_000;
    let last: unknown;
    for (;;) {
      try {
        const seen = await look();
        if (seen !== undefined && seen !== false) return seen;
        last = seen;
      } catch (error) {
        last = error;
      }
      if (Date.now() > end)
        throw new Error(`not seen in 20 s: ${what} (last: ${String(last)})\n${this.log().slice(-3000)}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** The routes with our mark, IPv4 then IPv6, as `ip` prints them. */
  async routes(): Promise<readonly string[]> {
    const lines: string[] = [];
    for (const family of ['-4', '-6'])
      lines.push(...(await this.netns.ip(`${family} route show proto 71`)).split('\n'));
    return lines.map((line) => line.trim()).filter((line) => line !== '');
  }

  /** The routes of `routes` that lead to other machines. */
  async remoteRoutes(): Promise<readonly string[]> {
    return (await this.routes()).filter((line) => line.includes(' via '));
  }

  /** Everything that `ip monitor route` says about routes with our mark while it is open. */
  watchRoutes(): RouteWatch {
    const lines: string[] = [];
    const child = spawn('nsenter', [`--net=${this.netns.path}`, 'ip', 'monitor', 'route'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.includes('proto 71')) lines.push(line);
    });
    const upToNow = async (): Promise<readonly string[]> => {
      await this.netns.ip('route add blackhole 198.51.100.0/24 proto 71');
      const mark = (): number => lines.findIndex((line) => line.startsWith('blackhole 198.51.100.0/24'));
      await this.until('the mark', () => Promise.resolve(mark() >= 0));
      return lines.slice(0, mark());
    };
    return { lines, upToNow, [Symbol.dispose]: () => void child.kill('SIGKILL') };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SIGKILL');
    this.netns.remove();
    fs.rmSync(this.directory, { recursive: true, force: true });
  }
}

/** What a node's kernel says about its routes. */
export interface RouteWatch extends Disposable {
  readonly lines: string[];
  /** All lines about what has happened until now, none of them under way any more. It leaves a route behind as its mark. */
  upToNow(): Promise<readonly string[]>;
}

/** The name of the uplink's other end. */
const farEnd = (netns: TestNetns): string => `n${netns.name.split('-').at(-1)}`;

/** A Node object as kubectl prints it, with more fields than anybody needs. */
export function nodeManifest(
  name: string,
  podCIDRs: readonly string[],
  addresses: readonly string[],
): string {
  return `apiVersion: v1
kind: Node
metadata:
  name: ${name}
  uid: 5c0f3b3c-0000-4000-8000-000000000000
  labels:
    kubernetes.io/os: linux
spec:
${podCIDRs.length === 0 ? '  taints: []' : `  podCIDR: ${podCIDRs[0]}\n  podCIDRs:\n${podCIDRs.map((c) => `  - ${c}`).join('\n')}`}
status:
  addresses:
${addresses.map((a) => `  - address: ${a}\n    type: InternalIP`).join('\n')}
  - address: ${name}
    type: Hostname
  conditions:
  - status: "True"
    type: Ready
  nodeInfo:
    kubeletVersion: v1.36.2
---
`;
}
