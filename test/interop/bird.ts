import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type { TestNetns } from '../support/netns.ts';

const BIRD = '/usr/sbin/bird';
const BIRDC = '/usr/sbin/birdc';

export const birdIsInstalled = existsSync(BIRD) && existsSync(BIRDC);

export interface BirdPeering {
  readonly birdAS: number;
  readonly ourAS: number;
  /** Addresses of the session. */
  readonly bird: string;
  readonly ours: string;
  /** Further lines of the bgp protocol. */
  readonly options?: string;
}

/** BIRD 2 in a namespace, in the foreground, with everything it owns in a temporary directory. */
export class Bird implements Disposable {
  readonly #directory = mkdtempSync(join(tmpdir(), 'gryphon-bird-'));
  readonly #socket = join(this.#directory, 'bird.ctl');
  readonly #config = join(this.#directory, 'bird.conf');
  readonly #child: ChildProcess;

  /** `flags` of the command line: `-R` for a run that follows another one. */
  constructor(netns: TestNetns, config: string, flags: readonly string[] = []) {
    writeFileSync(this.#config, config);
    const pid = join(this.#directory, 'bird.pid');
    const args = ['-f', ...flags, '-c', this.#config, '-s', this.#socket, '-P', pid];
    this.#child = spawn('nsenter', [`--net=${netns.path}`, BIRD, ...args], { stdio: 'ignore' });
  }

  /** One command of birdc, for example `show route`. */
  async ask(command: string): Promise<string> {
    const { stdout } = await execa(BIRDC, ['-s', this.#socket, ...command.split(' ')]);
    return stdout;
  }

  async configure(config: string): Promise<void> {
    writeFileSync(this.#config, config);
    await this.ask('configure');
  }

  /** Attributes of a route that we announced, as BIRD names them: `BGP.as_path` and so on. */
  async route(prefix: string): Promise<Readonly<Record<string, string>>> {
    const text = await this.ask(`show route all ${prefix} protocol gryphon`);
    const attributes = [...text.matchAll(/^\s+(BGP\.\w+): ?(.*)$/gm)];
    if (attributes.length === 0) throw new Error(`BIRD has no ${prefix}: ${text}`);
    return Object.fromEntries(attributes.map(([, name, value]) => [name, value?.trim() ?? '']));
  }

  /** Prefixes that we announced. */
  async prefixes(): Promise<readonly string[]> {
    const text = await this.ask('show route protocol gryphon');
    return [...text.matchAll(/^([0-9a-f.:]+\/\d+)\s/gm)].map(([, prefix]) => prefix ?? '').toSorted();
  }

  /** Stops the process, while the kernel goes on to take connections for it. */
  pause(): void {
    this.#child.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  [Symbol.dispose](): void {
    this.kill();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** A router that announces `static4` and `static6` and takes everything. */
export function birdConfig(
  { birdAS, ourAS, bird, ours, options = '' }: BirdPeering,
  static4: readonly string[] = ['10.50.0.0/24', '10.51.0.0/24'],
  static6: readonly string[] = ['fd50::/64'],
): string {
  const routes = (list: readonly string[]): string => list.map((p) => `route ${p} blackhole;`).join(' ');
  return `
router id 192.0.2.2;
protocol device {}
protocol direct { ipv4; ipv6; }
protocol static static4 { ipv4; ${routes(static4)} }
protocol static static6 { ipv6; ${routes(static6)} }
protocol bgp gryphon {
  local ${bird} as ${birdAS};
  neighbor ${ours} as ${ourAS};
  connect delay time 1; connect retry time 1; error wait time 1, 2;
  hold time 9; keepalive time 3;
  ${options}
  ipv4 { import all; export where source = RTS_STATIC; next hop address 192.0.2.2; };
  ipv6 { import all; export where source = RTS_STATIC; next hop address 2001:db8::2; };
}
`;
}
