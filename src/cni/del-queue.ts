import { readdir, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { describeError } from '../ports/error.ts';
import type { Log } from '../ports/log.ts';
import { decodeFrame, requestFromFields, type ShimRequest } from './protocol/frame.ts';

/** More than a request can be: the shim bounds stdin to 1 MiB and the environment to a quarter of it. */
const MAX_FILE = 2 << 20;

/**
 * DELs that the shim could not deliver, one file each: the request frame as it would have gone over the socket. The runtime has
 * been told that they succeeded, so they are carried out whatever it takes; only what cannot be understood is thrown away.
 */
export class DelQueue {
  readonly #directory: string;
  readonly #log: Log;

  constructor(socketPath: string, log: Log) {
    this.#directory = path.join(path.dirname(socketPath), 'del-queue');
    this.#log = log;
  }

  /**
   * Gives every queued request to `carryOut`, all at once: each is of another attachment. Files whose DEL fails stay for the next
   * time. Never throws. Returns how many were done.
   */
  async drain(carryOut: (request: ShimRequest) => Promise<void>): Promise<number> {
    const names = await this.#names();
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

  /** Names that begin with a dot are being written. */
  async #names(): Promise<readonly string[]> {
    try {
      return (await readdir(this.#directory)).filter((name) => !name.startsWith('.')).sort();
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
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
