import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { ApplyResult, Driver } from '../dataplane/driver.ts';
import { makeDirectories } from '../ipam/directory.ts';
import { equal } from '../net/equal.ts';
import type { Clock } from '../ports/clock.ts';
import { describeError, GryphonError } from '../ports/error.ts';
import type { Log } from '../ports/log.ts';
import type { Problem } from '../ports/problem.ts';
import { replaceFile } from './atomic-file.ts';
import { type Conflist, commonVersions, filesBefore, pluginType, renderConflist } from './conflist.ts';
import { ExecutableError, PluginVersions } from './plugin-versions.ts';

export interface ConflistDriverOptions {
  /** `/etc/cni/net.d`. */
  readonly directory: string;
  /** `/opt/cni/bin`: which executables of the chain are present and what versions they speak. */
  readonly binDirectory: string;
  /** `05-gryphon.conflist`, before the 10-... of others. */
  readonly fileName?: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Undefined: not wanted yet. A file that is there stays all the same: without it runtimes cannot tear a pod down. */
export type DesiredConflist = Pick<Conflist, 'socketPath' | 'mtu' | 'allowIpForwarding'> | undefined;

/** How often the file is looked at, in milliseconds: somebody may remove it. */
const REPAIR_INTERVAL = 10_000;

/**
 * Writes the file that makes the node ready: last of all, after the executables it names. It is never removed; stopping the agent
 * leaves it, because a runtime without configuration leaves pods in Terminating.
 */
export class ConflistDriver implements Driver<DesiredConflist> {
  readonly name = 'conflist';
  readonly #file: string;
  readonly #options: ConflistDriverOptions;
  readonly #versions: PluginVersions;
  #desired: DesiredConflist;
  #written = false;
  /** What the last good look was for, and until when it counts, in milliseconds of the monotonic clock. */
  #found: DesiredConflist;
  #foundUntil = Number.NEGATIVE_INFINITY;
  #failingSince: number | undefined;
  #before: readonly string[] = [];

  constructor(options: ConflistDriverOptions) {
    this.#options = options;
    this.#file = path.join(options.directory, options.fileName ?? '05-gryphon.conflist');
    this.#versions = new PluginVersions(options.binDirectory);
  }

  /** Whether the last look found the wanted file, or put it there. */
  get written(): boolean {
    return this.#written;
  }

  set(desired: DesiredConflist): void {
    this.#desired = desired;
  }

  /** The next `apply` reads the file. */
  invalidate(): void {
    this.#foundUntil = Number.NEGATIVE_INFINITY;
  }

  /** Reads the file, its executables and its neighbours, but not at every pass: it would be a good part of what attaching a pod costs. */
  async apply(signal: AbortSignal): Promise<ApplyResult> {
    const { clock } = this.#options;
    if (this.#desired === undefined) return { written: 0, failures: [] };
    const left = this.#foundUntil - clock.monotonic();
    if (left > 0 && equal(this.#desired, this.#found)) return { written: 0, failures: [], retryAfter: left };
    try {
      const changed = await this.#write(this.#desired, signal);
      this.#written = true;
      this.#failingSince = undefined;
      this.#found = this.#desired;
      this.#foundUntil = clock.monotonic() + REPAIR_INTERVAL;
      return { written: changed ? 1 : 0, failures: [], retryAfter: REPAIR_INTERVAL };
    } catch (error) {
      signal.throwIfAborted();
      this.#written = false;
      this.invalidate();
      this.#failingSince ??= this.#options.clock.now();
      const code = error instanceof GryphonError ? error.code : 'GRY_CNI_CONFLIST';
      const failure = { item: this.#file, code, reason: describeError(error), since: this.#failingSince };
      return { written: 0, failures: [failure], retryAfter: REPAIR_INTERVAL };
    }
  }

  async #write(desired: NonNullable<DesiredConflist>, signal: AbortSignal): Promise<boolean> {
    const own = await this.#versions.of(pluginType, signal);
    if (own === undefined) {
      const file = path.join(this.#options.binDirectory, pluginType);
      throw new ExecutableError('GRY_CNI_EXECUTABLE', `${file} is missing or not executable`, {
        remedy: `run "gryphon install-cni"`,
      });
    }
    const portmap = await this.#portmapVersions(signal);
    const cniVersions = commonVersions(portmap === undefined ? [own] : [own, portmap]);
    const text = renderConflist({ ...desired, cniVersions, portmap: portmap !== undefined });
    makeDirectories(this.#options.directory, 0o755);
    const changed = await replaceFile(this.#file, Buffer.from(text), 0o644);
    if (changed)
      this.#options.log.info('conflist written', {
        file: this.#file,
        cniVersions,
        portmap: portmap !== undefined,
      });
    this.#before = filesBefore(path.basename(this.#file), await readdir(this.#options.directory));
    return changed;
  }

  /** A broken portmap must not cost the node its network: then pods merely have no host ports. */
  async #portmapVersions(signal: AbortSignal): Promise<readonly string[] | undefined> {
    try {
      const versions = await this.#versions.of('portmap', signal);
      return versions !== undefined && commonVersions([versions]).length > 0 ? versions : undefined;
    } catch (error) {
      signal.throwIfAborted();
      this.#options.log.warn('portmap is left out of the chain', { reason: describeError(error) });
      return undefined;
    }
  }

  problems(): readonly Problem[] {
    return this.#before.map((name) => ({
      code: 'GRY_CNI_CONFLIST_SHADOWED',
      severity: 'error' as const,
      subject: path.join(this.#options.directory, name),
      message: `the container runtime takes ${name}, because it sorts before ${path.basename(this.#file)}`,
      remedy: 'remove the file, or give it a name that sorts behind ours',
    }));
  }
}
