import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { GryphonError } from '../ports/error.ts';
import { isObject, listOf } from './protocol/json.ts';

/** An executable that does not answer VERSION as CNI 1.1.0 §VERSION demands: `GRY_CNI_EXECUTABLE`. */
export class ExecutableError extends GryphonError {}

/** Asks executables which versions of the specification they speak; asked again only when the file has changed. */
export class PluginVersions {
  readonly #directory: string;
  readonly #answers = new Map<string, { readonly identity: string; readonly versions: readonly string[] }>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Undefined when there is no such executable. @throws ExecutableError */
  async of(name: string, signal: AbortSignal): Promise<readonly string[] | undefined> {
    const file = path.join(this.#directory, name);
    const identity = await identityOf(file);
    if (identity === undefined) return undefined;
    const known = this.#answers.get(name);
    if (known?.identity === identity) return known.versions;
    const versions = await ask(file, signal);
    this.#answers.set(name, { identity, versions });
    return versions;
  }
}

async function identityOf(file: string): Promise<string | undefined> {
  try {
    await access(file, constants.X_OK);
    const there = await stat(file);
    return there.isFile() ? [there.dev, there.ino, there.size, there.mtimeMs].join(':') : undefined;
  } catch {
    return undefined;
  }
}

async function ask(file: string, signal: AbortSignal): Promise<readonly string[]> {
  const { stdout, failed, shortMessage } = await execa(file, [], {
    env: {
      CNI_COMMAND: 'VERSION',
      CNI_CONTAINERID: '',
      CNI_NETNS: 'dummy',
      CNI_IFNAME: 'dummy',
      CNI_PATH: 'dummy',
    },
    input: '{"cniVersion":"1.0.0"}',
    cancelSignal: signal,
    timeout: 5000,
    maxBuffer: 65_536,
    reject: false,
  });
  signal.throwIfAborted();
  const versions = failed ? [] : parseVersions(stdout);
  if (versions.length > 0) return versions;
  throw new ExecutableError(
    'GRY_CNI_EXECUTABLE',
    `${file} does not answer VERSION: ${failed ? shortMessage : stdout}`,
    {
      remedy: 'install the executable again',
      fields: { file },
    },
  );
}

function parseVersions(text: string): readonly string[] {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? listOf(value, 'supportedVersions').filter((v) => typeof v === 'string') : [];
  } catch {
    return [];
  }
}
