import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { TestNetns } from '../../support/netns.ts';

/** A program that lives in a namespace until it is disposed of; what it says on standard error comes with a failure. */
export class Program implements Disposable {
  readonly #child: ChildProcess;
  readonly #answers: string[] = [];
  #errors = '';
  #wake: () => void = () => {};

  constructor(
    netns: TestNetns,
    command: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ) {
    this.#child = spawn('nsenter', [`--net=${netns.path}`, ...command], {
      stdio: 'pipe',
      env: { ...process.env, ...environment },
    });
    const note = (text: Buffer): void => {
      this.#errors = (this.#errors + text.toString()).slice(-2000);
    };
    this.#child.stderr?.on('data', note);
    if (this.#child.stdout === null) throw new Error('no output');
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      this.#answers.push(line);
      this.#wake();
    });
    this.#child.on('exit', () => this.#wake());
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  say(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Whether it has said so, ever. */
  said(word: string): boolean {
    return this.#answers.some((line) => line.startsWith(word));
  }

  /** The first answer `word NUMBER` from now on or unread, and gives the number; what it said before that is forgotten. */
  async answer(word: string, seconds = 60): Promise<number> {
    const deadline = performance.now() + seconds * 1000;
    for (;;) {
      const at = this.#answers.findIndex((line) => line.startsWith(`${word} `));
      if (at >= 0)
        return Number(
          this.#answers
            .splice(0, at + 1)
            .at(-1)
            ?.split(' ')[1],
        );
      const left = deadline - performance.now();
      if (left <= 0 || this.#child.exitCode !== null || this.#child.signalCode !== null)
        throw new Error(`${this.#child.spawnargs.slice(2, 6).join(' ')}: no "${word}"\n${this.#errors}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        setTimeout(resolve, Math.min(left, 1000)).unref();
      });
    }
  }

  /** It and its descendants. */
  #processes(): readonly number[] {
    const parents = new Map<number, number>();
    for (const name of readdirSync('/proc')) {
      const pid = Number(name);
      if (Number.isNaN(pid)) continue;
      try {
        parents.set(pid, Number(statFields(pid)[1]));
      } catch {
        // It has ended meanwhile.
      }
    }
    const found = new Set([this.pid]);
    for (let before = 0; before !== found.size; ) {
      before = found.size;
      for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid);
    }
    return [...found];
  }

  /** Resident memory now, or at its highest, of all its processes, MB. */
  memory(which: 'VmRSS' | 'VmHWM'): number {
    const of = (pid: number): number =>
      Number(
        new RegExp(`^${which}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ??
          0,
      );
    return this.#processes().reduce((sum, pid) => sum + of(pid), 0) / 1024;
  }

  /** Processor time that all its processes have used, seconds. */
  processor(): number {
    const of = (pid: number): number => Number(statFields(pid)[11]) + Number(statFields(pid)[12]);
    return this.#processes().reduce((sum, pid) => sum + of(pid), 0) / 100;
  }

  /** Ends it and waits for that; a daemon gets the chance to end its children. */
  async end(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = new Promise((resolve) => {
      this.#child.once('exit', resolve);
    });
    this.kill(signal);
    await exit;
  }

  [Symbol.dispose](): void {
    this.kill('SIGKILL');
  }
}

/** From the state (1 is the parent, 11 and 12 the ticks of 10 ms in user and kernel mode), after the name. */
const statFields = (pid: number): readonly string[] =>
  readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
