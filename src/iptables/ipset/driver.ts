import type { ApplyResult, Driver } from '../../dataplane/driver.ts';
import { equal } from '../../net/equal.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Runner } from '../../ports/runner.ts';
import { Attempts } from '../attempts.ts';
import { IpsetError, ipsetError, runFailure } from '../errors.ts';
import { isOurSet } from '../names.ts';
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
/** For how long a set may still be in use after its rules are gone, before that counts as a failure. */
const GRACE_MS = 3000;
const FIRST_SWEEP_AGAIN_MS = 200;

const itemOf = (set: string): string => `ipset ${set}`;

/**
 * The sets of both families, in two phases, because the kernel refuses a rule whose set is missing as well as the destruction of
 * a set that a rule uses: `apply` creates and updates, then the rules are written, then `sweep` destroys what is not wanted.
 * Sets that are not named like ours are never looked at.
 */
export class IpsetDriver implements Driver<readonly SetIntent[]> {
  readonly name = 'ipset';
  readonly #runner: Runner;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #attempts: Attempts;
  readonly #sweeps: Attempts;
  #wanted: readonly SetIntent[] | undefined;
  /** Grows whenever there is reason to look; the two others are those for which each phase did. */
  #generation = 1;
  #applied = 0;
  #swept = 0;
  /** Names of sets that were seen or made right for what is wanted now: if they differ later, it was somebody else. */
  readonly #confirmed = new Set<string>();
  #repaired = 0;

  constructor(options: IpsetDriverOptions) {
    this.#runner = options.runner;
    this.#log = options.log.component('ipset');
    this.#clock = options.clock;
    this.#attempts = new Attempts(options.clock);
    this.#sweeps = new Attempts(options.clock, { first: FIRST_SWEEP_AGAIN_MS });
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
    this.#attempts.hurry();
    this.#sweeps.hurry();
  }

  /** Phase one: every wanted set exists and holds its members. */
  async apply(signal: AbortSignal): Promise<ApplyResult> {
    const wanted = this.#wanted;
    const generation = this.#generation;
    if (wanted === undefined || (this.#applied === generation && this.#attempts.resting))
      return this.#attempts.result(0);
    const names = new Set(wanted.map((s) => itemOf(s.name)));
    this.#attempts.retain((item) => item === this.name || names.has(item));
    const written = await this.#attempts.try(this.name, signal, async () => {
      const there = new Set(wanted.length === 0 ? [] : await this.#names(signal));
      let changed = 0;
      for (const set of wanted) {
        const work = () => this.#applySet(set, there.has(set.name), signal);
        changed += await this.#attempts.try(itemOf(set.name), signal, work);
      }
      return changed;
    });
    this.#applied = generation;
    return this.#attempts.result(written);
  }

  /** Phase two: sets of ours that are not wanted are gone. To be called when no rule uses them any more. */
  async sweep(signal: AbortSignal): Promise<ApplyResult> {
    const wanted = this.#wanted;
    const generation = this.#generation;
    if (wanted === undefined || (this.#swept === generation && this.#sweeps.resting))
      return this.#sweepResult(0);
    const written = await this.#sweeps.try(this.name, signal, async () => {
      const keep = new Set(wanted.map((s) => s.name));
      const surplus = (await this.#surplus(keep, signal)).map((name) => ({ name, item: itemOf(name) }));
      const items = new Set(surplus.map((s) => s.item));
      this.#sweeps.retain((item) => item === this.name || items.has(item));
      let destroyed = 0;
      for (const { name, item } of surplus)
        destroyed += await this.#sweeps.try(item, signal, () => this.#destroy(name, signal));
      return destroyed;
    });
    this.#swept = generation;
    return this.#sweepResult(written);
  }

  /** nft lets go of a deleted rule, and of its sets, a moment after the transaction: at first that is no failure. */
  #sweepResult(written: number): ApplyResult {
    const result = this.#sweeps.result(written);
    const grace = this.#clock.now() - GRACE_MS;
    return {
      ...result,
      failures: result.failures.filter((f) => f.code !== 'GRY_IPSET_IN_USE' || f.since <= grace),
    };
  }

  async #surplus(keep: ReadonlySet<string>, signal: AbortSignal): Promise<readonly string[]> {
    try {
      return (await this.#names(signal)).filter((n) => isOurSet(n) && !keep.has(n));
    } catch (error) {
      if (keep.size === 0 && cannotBeThere(error)) return [];
      throw error;
    }
  }

  async #destroy(name: string, signal: AbortSignal): Promise<number> {
    await this.#run(['destroy', name], signal);
    return 1;
  }

  /** Tells how many sets were written: one or none. */
  async #applySet(set: SetIntent, exists: boolean, signal: AbortSignal): Promise<number> {
    const observed = exists ? parseSet(await this.#run(['save', set.name], signal)) : undefined;
    const lines = planSet(set, observed);
    if (lines.length > 0) {
      await this.#run(['-exist', 'restore'], signal, `${lines.join('\n')}\n`);
      this.#count(set.name, lines.length);
    }
    // Something else may have been set while we wrote.
    if (this.#wanted?.includes(set) === true) this.#confirmed.add(set.name);
    return lines.length > 0 ? 1 : 0;
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
