import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type { TestNetns } from '../support/netns.ts';
import { eventually } from './eventually.ts';

/** Process groups that run. */
const running = new Set<number>();

// Also when the test process ends early; `exit` allows synchronous work only.
process.on('exit', () => {
  for (const group of running) signalGroup(group, 'SIGKILL');
});

function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // All of them have ended in the meantime.
  }
}

/** How much of its latest output is kept. */
const LOG_LENGTH = 65_536;

/**
 * A program with its children, as one process group in a namespace, and a directory for its configuration and sockets. The
 * program stays in the foreground. Both are gone when it is disposed of.
 */
export class NetnsProcess implements AsyncDisposable {
  readonly #netns: TestNetns;
  readonly #directory: string;
  #group: number | undefined;
  #ended: Promise<void> = Promise.resolve();
  #log = '';

  constructor(netns: TestNetns, name: string) {
    this.#netns = netns;
    this.#directory = mkdtempSync(join(tmpdir(), `gryphon-interop-${name}-`));
  }

  /** The path of a file of its directory. */
  protected file(name: string): string {
    return join(this.#directory, name);
  }

  /** Makes a file that only its owner can read: OpenBGPD asks for that. */
  protected write(name: string, text: string): void {
    writeFileSync(this.file(name), text, { mode: 0o600 });
  }

  protected run(argv: readonly string[], env: Readonly<Record<string, string>> = {}): void {
    const child = spawn('nsenter', [`--net=${this.#netns.path}`, ...argv], {
      cwd: this.#directory,
      detached: true,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    if (child.pid === undefined) throw new Error(`cannot start ${argv.join(' ')}`);
    this.#group = child.pid;
    this.#log = '';
    running.add(child.pid);
    this.#ended = end(child);
    const keep = (text: Buffer): void => {
      this.#log = (this.#log + text.toString()).slice(-LOG_LENGTH);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
  }

  /** Waits until the program answers; what it wrote tells why it does not. */
  protected async ready(name: string, attempt: () => unknown): Promise<void> {
    await eventually(`${name} to answer`, async () => {
      try {
        await attempt();
      } catch (error) {
        throw new Error(`it wrote: ${this.#log}`, { cause: error });
      }
    });
  }

  /** Standard output of a program in the namespace; throws when it fails. */
  protected async exec(file: string, ...args: readonly string[]): Promise<string> {
    return (await execa('nsenter', [`--net=${this.#netns.path}`, file, ...args])).stdout;
  }

  /** The latest that this run of the program wrote. */
  protected get log(): string {
    return this.#log;
  }

  pause(): void {
    this.#signal('SIGSTOP');
  }

  resume(): void {
    this.#signal('SIGCONT');
  }

  async kill(): Promise<void> {
    this.#signal('SIGKILL');
    await this.#ended;
    if (this.#group !== undefined) running.delete(this.#group);
    this.#group = undefined;
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.#group !== undefined) signalGroup(this.#group, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** `close`, not `exit`: its children have the same standard output, so with it all of them have ended. */
const end = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    child.once('close', () => resolve());
  });
