import { existsSync, readdirSync } from 'node:fs';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../ports/clock.ts';
import { describeError } from '../ports/error.ts';
import type { Log } from '../ports/log.ts';
import { decodeFrame, requestFromFields, type ShimRequest } from './protocol/frame.ts';

/** More than a request can be: the shim bounds stdin to 1 MiB and the environment to a quarter of it. */
const MAX_FILE = 2 << 20;
/** Milliseconds after which a file that is being written is one that a dead shim left: it takes a moment. */
const MAX_WRITING = 60_000;

/**
 * DELs that the shim could not deliver, one file each: the request frame as it would have gone over the socket. The runtime has
 * been told that they succeeded, so they are carried out whatever it takes; only what cannot be understood is thrown away.
 */
export class DelQueue {
  readonly #directory: string;
  readonly #clock: Clock;
  readonly #log: Log;

  constructor(socketPath: string, clock: Clock, log: Log) {
    this.#directory = path.join(path.dirname(socketPath), 'del-queue');
    this.#clock = clock;
    this.#log = log;
  }

  /** Whether no DEL waits. Looks at once, because every ADD asks. */
  get empty(): boolean {
    try {
      // Mostly there is no directory, and an exception at each ADD would cost more than all the rest of it.
      return !existsSync(this.#directory) || readdirSync(this.#directory).length === 0;
    } catch (error) {
      return isMissing(error);
    }
  }

  /**
   * Gives every queued request to `carryOut`, all at once: each is of another attachment. Files whose DEL fails stay for the next
   * time. Never throws. Returns how many were done.
   */
  async drain(carryOut: (request: ShimRequest) => Promise<void>): Promise<number> {
    const all = await this.#names();
    await Promise.all(all.filter(isBeingWritten).map((name) => this.#removeAbandoned(name)));
    const names = all.filter((name) => !isBeingWritten(name));
    const done = await Promise.all(
      names.map((name) => this.#drainFile(path.join(this.#directory, name), carryOut)),
    );
    return done.filter(Boolean).length;
  }

  async #drainFile(file: string, carryOut: (request: ShimRequest) => Promise<void>): Promise<boolean> {
    try {
      const request = await this.#read(file);
      if (request !== undefined) await carryOut(request);
      await rm(file, { force: true });
      return true;
    } catch (error) {
      this.#log.warn('queued DEL failed, it is tried again', { file, reason: describeError(error) });
      return false;
    }
  }

  /** Its caller has heard of no success, so it comes again. */
  async #removeAbandoned(name: string): Promise<void> {
    const file = path.join(this.#directory, name);
    try {
      const { mtimeMs } = await stat(file);
      if (this.#clock.now() - mtimeMs > MAX_WRITING) await rm(file, { force: true });
    } catch {
      // Finished meanwhile, as it should be.
    }
  }

  async #names(): Promise<readonly string[]> {
    try {
      return (await readdir(this.#directory)).sort();
    } catch (error) {
      if (isMissing(error)) return [];
      this.#log.warn('DEL queue cannot be read', {
        directory: this.#directory,
        reason: describeError(error),
      });
      return [];
    }
  }

  async #read(file: string): Promise<ShimRequest | undefined> {
    const { size } = await stat(file);
    const decoded = size > MAX_FILE ? undefined : decodeFrame(await readFile(file));
    if (decoded?.kind === 'frame') return requestFromFields(decoded.fields);
    this.#log.warn('queued DEL is damaged and dropped', { file, size });
    return undefined;
  }
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';

const isBeingWritten = (name: string): boolean => name.startsWith('.');
