import type { BigIntStats } from 'node:fs';
import { constants, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { equal } from '../net/equal.ts';
import { Secret } from '../net/secret.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import { DirectoryWatch } from './manifests/watch.ts';
import type { PasswordFile } from './records/password-source.ts';

export interface PasswordFilesOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Called with the files of all paths that are wanted and have been read, after each change. */
  readonly onChange: (files: ReadonlyMap<string, PasswordFile>) => void;
}

/** Milliseconds. Two looks this far apart must agree before a change counts: nobody sees half a password. */
const SETTLE = 100;
/** Milliseconds between looks while the kernel notifies us of changes, and where it does not. */
const SLOW_POLL = 5000;
const FAST_POLL = 1000;
/** Longest file that is read: many times the longest password. */
const LONGEST_FILE = 4096;

/** The files that hold passwords of BGP, read again whenever they change; what they hold is never logged. */
export class PasswordFiles {
  readonly #options: PasswordFilesOptions;
  #paths: ReadonlySet<string> = new Set();
  readonly #watches = new Map<string, DirectoryWatch>();
  readonly #files = new Map<string, PasswordFile>();
  /** What the last look saw where that is not in force yet. */
  readonly #sightings = new Map<string, PasswordFile>();
  #looking = false;
  #again = false;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(options: PasswordFilesOptions) {
    this.#options = options;
  }

  /** Every wanted file has been looked at once. */
  get read(): boolean {
    return [...this.#paths].every((path) => this.#files.has(path));
  }

  /** These paths, absolute and clean, and no others. The same set twice changes nothing. */
  set(paths: ReadonlySet<string>): void {
    if (this.#stopped || equal(paths, this.#paths)) return;
    this.#paths = new Set(paths);
    for (const path of this.#files.keys()) if (!paths.has(path)) this.#forget(path);
    this.#watch();
    this.#lookIn(0);
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    for (const watch of this.#watches.values()) watch.close();
    this.#watches.clear();
  }

  #forget(path: string): void {
    this.#files.delete(path);
    this.#sightings.delete(path);
  }

  /** One watch per directory: files that are replaced, as those of mounted Secrets are, cannot be watched themselves. */
  #watch(): void {
    const directories = new Set([...this.#paths].map((path) => dirname(path)));
    for (const [directory, watch] of this.#watches) {
      if (directories.has(directory)) continue;
      watch.close();
      this.#watches.delete(directory);
    }
    for (const directory of directories) {
      if (this.#watches.has(directory)) continue;
      this.#watches.set(directory, new DirectoryWatch(directory, () => this.#lookIn(SETTLE)));
    }
    for (const watch of this.#watches.values()) watch.follow('wanted');
  }

  #lookIn(ms: number): void {
    if (this.#stopped) return;
    if (this.#looking) {
      this.#again = true;
      return;
    }
    this.#timer?.cancel();
    this.#timer = this.#options.clock.setTimer(ms, () => void this.#look());
  }

  /** Never rejects: whatever goes wrong with a file is its result. */
  async #look(): Promise<void> {
    this.#looking = true;
    const found: (readonly [string, PasswordFile])[] = [];
    for (const path of this.#paths) found.push([path, await readPasswordFile(path)]);
    this.#looking = false;
    if (this.#stopped) return;
    let changed = false;
    for (const [path, file] of found) changed = this.#take(path, file) || changed;
    if (changed) this.#options.onChange(new Map(this.#files));
    this.#watch();
    this.#lookIn(this.#pause());
    this.#again = false;
  }

  /** Takes over what was seen, at once where nothing was known, else when two looks agree. */
  #take(path: string, file: PasswordFile): boolean {
    const known = this.#files.get(path);
    if (!this.#paths.has(path) || equal(known, file)) {
      this.#sightings.delete(path);
      return false;
    }
    if (known !== undefined && !equal(this.#sightings.get(path), file)) {
      this.#sightings.set(path, file);
      return false;
    }
    this.#sightings.delete(path);
    this.#files.set(path, file);
    this.#options.log.info('password file read', { path, result: file.kind });
    return true;
  }

  #pause(): number {
    if (this.#again || this.#sightings.size > 0) return SETTLE;
    if (this.#paths.size === 0) return SLOW_POLL;
    return [...this.#watches.values()].every((watch) => watch.active) ? SLOW_POLL : FAST_POLL;
  }
}

/** Reads a regular file of at most 4 KiB of UTF-8; a device or a pipe is never waited for. */
async function readPasswordFile(path: string): Promise<PasswordFile> {
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = await file.stat({ bigint: true });
    const reason = objection(stats);
    if (reason !== undefined) return { kind: 'unusable', reason };
    const buffer = Buffer.alloc(LONGEST_FILE + 1);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    if (bytesRead > LONGEST_FILE) return { kind: 'unusable', reason: tooLong };
    const text = new TextDecoder('utf-8', { fatal: true }).decode(buffer.subarray(0, bytesRead));
    return { kind: 'read', text: new Secret(text) };
  } catch (error) {
    return { kind: 'unusable', reason: explain(error) };
  }
}

const tooLong = `is longer than ${LONGEST_FILE} octets`;

function objection(stats: BigIntStats): string | undefined {
  if (!stats.isFile()) return 'is not a regular file';
  return stats.size > LONGEST_FILE ? tooLong : undefined;
}

/** Never the text of an error that might quote what was read. */
function explain(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'does not exist';
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return 'is not UTF-8 text';
  return `cannot be read (${code === '' ? 'unknown error' : code})`;
}
