import type { ApplyResult, Driver } from '../../dataplane/driver.ts';
import { equal } from '../../net/equal.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Runner } from '../../ports/runner.ts';
import { IpsetError, ipsetError, runFailure } from '../errors.ts';
import { isOurSet } from '../names.ts';
import { Retry } from '../retry.ts';
import type { SetIntent } from './model.ts';
import { parseNames, parseSet } from './parse-save.ts';
import { planSet } from './render.ts';

export interface IpsetDriverOptions {
  readonly runner: Runner;
  readonly clock: Clock;
  readonly log: Log;
}

const TIMEOUT_MS = 60_000;
/** A full set of IPv6 networks with its longest lines. */
const SAVE_OUTPUT = 128 << 20;
/** How often, and how many milliseconds apart, a set that is still in use is tried again before that counts as a failure. */
const PATIENCE = 5;
const PATIENCE_WAIT_MS = 200;

/**
 * The sets of both families, in two phases, because the kernel refuses a rule whose set is missing as well as the destruction of
 * a set that a rule uses: `apply` creates and updates, then the rules are written, then `sweep` destroys what is not wanted.
 * Sets that are not named like ours are never looked at.
 */
export class IpsetDriver implements Driver<readonly SetIntent[]> {
  readonly name = 'ipset';
  readonly #runner: Runner;
  readonly #log: Log;
  readonly #retry: Retry;
  readonly #sweepRetry: Retry;
  #wanted: readonly SetIntent[] | undefined;
  /** Grows whenever something has to be looked at; the two others are those for which all was right, by phase. */
  #generation = 1;
  #settled = 0;
  #swept = 0;
  #patience = PATIENCE;
  /** Names of sets that were seen or made right for what is wanted now: if they differ later, it was somebody else. */
  readonly #confirmed = new Set<string>();
  #repaired = 0;

  constructor(options: IpsetDriverOptions) {
    this.#runner = options.runner;
    this.#log = options.log.component('ipset');
    this.#retry = new Retry(options.clock);
    this.#sweepRetry = new Retry(options.clock);
  }

  /** Sets that somebody else had changed and that were put right, since the start. */
  get repaired(): number {
    return this.#repaired;
  }

  set(wanted: readonly SetIntent[]): void {
    const before = this.#wanted;
    this.#wanted = wanted;
    if (before !== undefined && equal(before, wanted)) return;
    const unchanged = new Set(wanted.filter((s) => before?.some((b) => equal(b, s))).map((s) => s.name));
    for (const name of this.#confirmed) if (!unchanged.has(name)) this.#confirmed.delete(name);
    this.invalidate();
  }

  invalidate(): void {
    this.#generation++;
  }

  /** Phase one: every wanted set exists and holds its members. */
  async apply(signal: AbortSignal): Promise<ApplyResult> {
    const wanted = this.#wanted;
    const generation = this.#generation;
    if (wanted === undefined || this.#settled === generation) return { written: 0, failures: [] };
    const failed = new Map<string, unknown>();
    let written = 0;
    try {
      const there = new Set(wanted.length === 0 ? [] : await this.#names(signal));
      for (const set of wanted) {
        try {
          if (await this.#applySet(set, there.has(set.name), signal)) written++;
        } catch (error) {
          signal.throwIfAborted();
          failed.set(`ipset ${set.name}`, error);
        }
      }
    } catch (error) {
      signal.throwIfAborted();
      failed.set('ipset', error);
    }
    if (failed.size === 0) this.#settled = generation;
    return this.#retry.result(written, failed);
  }

  /** Phase two: sets of ours that are not wanted are gone. To be called when no rule uses them any more. */
  async sweep(signal: AbortSignal): Promise<ApplyResult> {
    const wanted = this.#wanted;
    const generation = this.#generation;
    if (wanted === undefined || this.#swept === generation) return { written: 0, failures: [] };
    const failed = new Map<string, unknown>();
    let written = 0;
    try {
      const keep = new Set(wanted.map((s) => s.name));
      for (const name of (await this.#names(signal)).filter((n) => isOurSet(n) && !keep.has(n))) {
        try {
          await this.#run(['destroy', name], signal);
          written++;
        } catch (error) {
          signal.throwIfAborted();
          failed.set(`ipset ${name}`, error);
        }
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!(wanted.length === 0 && cannotBeThere(error))) failed.set('ipset', error);
    }
    if (failed.size === 0) this.#swept = generation;
    return this.#sweepResult(written, failed);
  }

  /** nft lets go of a deleted rule, and of its sets, a moment after the transaction: that is no failure yet. */
  #sweepResult(written: number, failed: ReadonlyMap<string, unknown>): ApplyResult {
    const inUseOnly = [...failed.values()].every(
      (e) => e instanceof IpsetError && e.code === 'GRY_IPSET_IN_USE',
    );
    if (failed.size > 0 && inUseOnly && this.#patience > 0) {
      this.#patience--;
      return { written, failures: [], retryAfter: PATIENCE_WAIT_MS };
    }
    if (failed.size === 0) this.#patience = PATIENCE;
    return this.#sweepRetry.result(written, failed);
  }

  /** Tells whether anything had to be written. */
  async #applySet(set: SetIntent, exists: boolean, signal: AbortSignal): Promise<boolean> {
    const observed = exists ? parseSet(await this.#run(['save', set.name], signal)) : undefined;
    const lines = planSet(set, observed);
    if (lines.length > 0) {
      await this.#run(['-exist', 'restore'], signal, `${lines.join('\n')}\n`);
      this.#count(set.name, lines.length);
    }
    this.#confirmed.add(set.name);
    return lines.length > 0;
  }

  #count(set: string, commands: number): void {
    const repair = this.#confirmed.has(set);
    if (repair) this.#repaired++;
    if (repair) this.#log.warn('set changed by somebody else is repaired', { set, commands });
    else this.#log.info('set written', { set, commands });
  }

  /** All names of the machine's sets, also those of others. */
  async #names(signal: AbortSignal): Promise<readonly string[]> {
    return parseNames(await this.#run(['list', '-name'], signal));
  }

  async #run(args: readonly string[], signal: AbortSignal, input?: string): Promise<string> {
    const request = { file: 'ipset', args, timeoutMs: TIMEOUT_MS, maxOutput: SAVE_OUTPUT, signal };
    const result = await this.#runner
      .run(input === undefined ? request : { ...request, input })
      .catch((error: unknown) => {
        throw runFailure(error, 'ipset');
      });
    if (result.exitCode !== 0) throw ipsetError(result, input);
    return result.stdout;
  }
}

/** A machine without the program or the kernel part cannot have sets of ours. */
const cannotBeThere = (error: unknown): boolean =>
  error instanceof IpsetError && (error.code === 'GRY_IPSET_MISSING' || error.code === 'GRY_IPSET_KERNEL');
