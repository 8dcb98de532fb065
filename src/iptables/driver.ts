import type { ApplyResult, Driver } from '../dataplane/driver.ts';
import type { Family } from '../net/address.ts';
import { equal } from '../net/equal.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Runner, RunResult } from '../ports/runner.ts';
import { Attempts } from './attempts.ts';
import { type BackendProbe, programName } from './backend.ts';
import { IptablesError, iptablesError, runFailure } from './errors.ts';
import type { RulesIntent, TableIntent, TableName } from './model.ts';
import { type ObservedTables, parseSave } from './parse-save.ts';
import { planTable } from './plan.ts';
import { renderTable } from './render.ts';

export interface IptablesDriverOptions {
  readonly family: Family;
  readonly runner: Runner;
  readonly backend: Pick<BackendProbe, 'detect'>;
  readonly clock: Clock;
  readonly log: Log;
  /** How long the program itself waits for the lock that others hold (legacy backend only; nft has none). Default 5. */
  readonly lockWaitSeconds?: number;
}

const tableNames = ['raw', 'mangle', 'nat', 'filter'] as const satisfies readonly TableName[];
const emptyTable: TableIntent = { chains: [], jumps: [] };

const LOCK_WAIT_SECONDS = 5;
const LOCK_POLL_MICROSECONDS = 50_000;
const SAVE_TIMEOUT_MS = 30_000;
/** Besides the wait for the lock. */
const RESTORE_TIMEOUT_MS = 30_000;
/** The rules of all programs of the node together; 100,000 services give some 100 MB. */
const SAVE_OUTPUT = 256 << 20;

/**
 * The rules of one family. Whatever is written was read just before, so a new agent finds the rules of the old one and writes
 * nothing when they are right. Each table is a transaction of its own: one that the kernel refuses does not hold up the others.
 */
export class IptablesDriver implements Driver<RulesIntent> {
  readonly name: string;
  readonly #family: Family;
  readonly #options: IptablesDriverOptions;
  readonly #log: Log;
  readonly #attempts: Attempts;
  /** Undefined until the first `set`: before that nothing is known to be wanted, which is not the same as nothing. */
  #wanted: RulesIntent | undefined;
  /** Grows whenever there is reason to look; `#looked` is the one for which we did. */
  #generation = 1;
  #looked = 0;
  /** Tables that were seen or made right for what is wanted now: if they differ later, it was somebody else. */
  readonly #confirmed = new Set<TableName>();
  #repaired = 0;

  constructor(options: IptablesDriverOptions) {
    this.#family = options.family;
    this.name = options.family === 4 ? 'iptables' : 'ip6tables';
    this.#options = options;
    this.#log = options.log.component('iptables');
    this.#attempts = new Attempts(options.clock);
  }

  /** Chains and jumps that somebody else had changed and that were put right, since the start. */
  get repaired(): number {
    return this.#repaired;
  }

  set(wanted: RulesIntent): void {
    const before = this.#wanted;
    for (const table of tableNames) {
      if (before !== undefined && equal(before[table], wanted[table])) continue;
      this.#confirmed.delete(table);
      this.invalidate();
    }
    this.#wanted = wanted;
  }

  invalidate(): void {
    this.#generation++;
    this.#attempts.hurry();
  }

  async apply(signal: AbortSignal): Promise<ApplyResult> {
    const wanted = this.#wanted;
    const generation = this.#generation;
    if (wanted === undefined || (this.#looked === generation && this.#attempts.resting))
      return this.#attempts.result(0);
    const written = await this.#attempts.try(this.name, signal, async () => {
      const save = await this.#read(wanted, signal);
      let changes = 0;
      for (const table of tableNames) {
        const work = () => this.#applyTable(table, wanted[table] ?? emptyTable, save, signal);
        changes += await this.#attempts.try(`${this.name} table ${table}`, signal, work);
      }
      return changes;
    });
    this.#looked = generation;
    return this.#attempts.result(written);
  }

  async #applyTable(
    table: TableName,
    wanted: TableIntent,
    save: ObservedTables,
    signal: AbortSignal,
  ): Promise<number> {
    if (save.incompatible.has(table) && wanted !== emptyTable) throw foreignTable(this.name, table);
    const plan = planTable(renderTable(wanted), save.tables.get(table) ?? new Map());
    if (plan.changes > 0) {
      await this.#restore(`*${table}\n${plan.lines.join('\n')}\nCOMMIT\n`, signal);
      this.#count(table, plan.changes);
    }
    // Something else may have been set while we wrote.
    if ((this.#wanted?.[table] ?? emptyTable) === wanted) this.#confirmed.add(table);
    return plan.changes;
  }

  #count(table: TableName, changes: number): void {
    const repair = this.#confirmed.has(table);
    if (repair) this.#repaired += changes;
    const fields = { family: this.#family, table, changes };
    if (repair) this.#log.warn('rules changed by somebody else are repaired', fields);
    else this.#log.info('rules written', fields);
  }

  /**
   * All tables in one read and without naming any, because naming a table makes the kernel create it. A machine without the
   * program cannot have rules of ours: there an empty intent is already true.
   */
  async #read(wanted: RulesIntent, signal: AbortSignal): Promise<ObservedTables> {
    const request = { args: [], timeoutMs: SAVE_TIMEOUT_MS, maxOutput: SAVE_OUTPUT, signal };
    try {
      const result = await this.#run('save', request);
      return parseSave(result.stdout);
    } catch (error) {
      const missing = error instanceof IptablesError && error.code === 'GRY_IPTABLES_MISSING';
      if (!missing || tableNames.some((t) => wanted[t] !== undefined)) throw error;
      return parseSave('');
    }
  }

  async #restore(input: string, signal: AbortSignal): Promise<void> {
    const seconds = this.#options.lockWaitSeconds ?? LOCK_WAIT_SECONDS;
    const wait = ['--wait', `${seconds}`, '--wait-interval', `${LOCK_POLL_MICROSECONDS}`];
    await this.#run('restore', {
      args: ['--noflush', ...wait],
      input,
      timeoutMs: RESTORE_TIMEOUT_MS + seconds * 1000,
      signal,
    });
  }

  async #run(
    verb: 'save' | 'restore',
    request: Omit<Parameters<Runner['run']>[0], 'file'>,
  ): Promise<RunResult> {
    const file = programName(await this.#options.backend.detect(request.signal), this.#family, verb);
    const result = await this.#options.runner.run({ ...request, file }).catch((error: unknown) => {
      throw runFailure(error, 'iptables');
    });
    if (result.exitCode !== 0) throw iptablesError(file, result, request.input);
    return result;
  }
}

const foreignTable = (program: string, table: TableName) =>
  new IptablesError(
    'GRY_IPTABLES_FOREIGN_TABLE',
    `${program}: table ${table} holds rules that only nft understands`,
    {
      remedy: `move the rules that were written with nft out of the table ${table} into a table of their own`,
    },
  );
