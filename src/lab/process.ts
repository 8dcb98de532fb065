import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../ports/clock.ts';
import { LabError } from './error.ts';
import { isAlive, look, type ProcessIdentity } from './process-identity.ts';
import { type Patience, until } from './wait.ts';
import type { Argv } from './wiring.ts';

export interface NamedProcess extends ProcessIdentity {
  readonly name: string;
}

export interface ProcessRecord extends NamedProcess {
  readonly argv: Argv;
}

export interface StartOptions {
  readonly name: string;
  readonly argv: Argv;
  readonly env: Readonly<Record<string, string>>;
  /** Standard output and error are appended here. */
  readonly log: string;
}

const KILL_PATIENCE: Patience = { timeoutMs: 2000, everyMs: 20 };

/** The lab's long-running processes: they outlive the command that started them, and are found again by their records. */
export class ProcessTable {
  readonly #directory: string;
  readonly #clock: Clock;
  readonly #termPatience: Patience;

  /** `termPatience`: how long a process may take to end by itself after SIGTERM, before SIGKILL. */
  constructor(directory: string, clock: Clock, termPatience: Patience = { timeoutMs: 4000, everyMs: 50 }) {
    this.#directory = directory;
    this.#clock = clock;
    this.#termPatience = termPatience;
  }

  /** Starts it in a session of its own, so that Ctrl-C in the terminal does not reach it. @throws LabError `GRY_LAB_START` */
  async start(options: StartOptions): Promise<ProcessRecord> {
    const { name, argv, env, log } = options;
    await mkdir(dirname(log), { recursive: true });
    const [file = '', ...args] = argv;
    const output = openSync(log, 'a', 0o600);
    try {
      // Not execa: it would stay in between, and this process is to live on without us.
      const child = spawn(file, args, { env: { ...env }, stdio: ['ignore', output, output], detached: true });
      // A program that is not there leaves the child without a number, which is reported below.
      child.on('error', () => {});
      child.unref();
      const identity = child.pid === undefined ? undefined : look(child.pid)?.identity;
      if (identity === undefined) {
        throw new LabError('GRY_LAB_START', `${name} did not start: ${argv.join(' ')}`, {
          remedy: `read ${log}`,
        });
      }
      const record: ProcessRecord = { name, argv, ...identity };
      await mkdir(this.#directory, { recursive: true });
      await writeFile(this.#path(name), `${JSON.stringify(record)}\n`);
      return record;
    } finally {
      closeSync(output);
    }
  }

  /** All records, dead or alive, by name. A record that cannot be read says nothing about any process and is left out. */
  async list(): Promise<readonly ProcessRecord[]> {
    const names = await readdir(this.#directory).catch(() => []);
    const records: ProcessRecord[] = [];
    for (const name of names.toSorted((a, b) => (a < b ? -1 : 1))) {
      const record = await readProcessRecord(join(this.#directory, name));
      if (record !== undefined) records.push(record);
    }
    return records;
  }

  /** Ends those that live: SIGTERM, some patience, SIGKILL; then forgets them all. @throws LabError `GRY_LAB_STUCK` */
  async stop(processes: readonly NamedProcess[], signal: AbortSignal): Promise<void> {
    await Promise.all(processes.map((each) => this.#stop(each, signal)));
  }

  async #stop(record: NamedProcess, signal: AbortSignal): Promise<void> {
    const gone = async (): Promise<true | undefined> => (isAlive(record) ? undefined : true);
    for (const [kind, patience] of [
      ['SIGTERM', this.#termPatience],
      ['SIGKILL', KILL_PATIENCE],
    ] as const) {
      if (!isAlive(record)) break;
      sendSignal(record.pid, kind);
      if ((await until(this.#clock, signal, patience, gone)) === true) break;
    }
    if (isAlive(record)) {
      throw new LabError('GRY_LAB_STUCK', `${record.name} (process ${record.pid}) does not end`, {
        remedy: 'look at what it waits for (cat /proc/PID/stack) and run the command again',
      });
    }
    await rm(this.#path(record.name), { force: true });
  }

  #path(name: string): string {
    return join(this.#directory, `${name}.json`);
  }
}

/** ESRCH between the look and the signal is what we wanted anyway. */
function sendSignal(pid: number, kind: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, kind);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** The record in a file; undefined when it is missing, torn or made by hand. */
export async function readProcessRecord(path: string): Promise<ProcessRecord | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    return isProcessRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A record made by hand must not make us signal process 0 or -1, which stand for whole groups. */
export function isProcessRecord(value: unknown): value is ProcessRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { name, pid, startTime, bootID, argv } = value as Partial<Record<keyof ProcessRecord, unknown>>;
  return (
    typeof name === 'string' &&
    /^[a-z0-9-]+$/.test(name) &&
    typeof pid === 'number' &&
    Number.isSafeInteger(pid) &&
    pid > 1 &&
    typeof startTime === 'string' &&
    typeof bootID === 'string' &&
    Array.isArray(argv)
  );
}
