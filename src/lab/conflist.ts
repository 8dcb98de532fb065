import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from './error.ts';

/** One plugin's stanza, kept as it was written: everything but `type` is for the plugin. */
export interface PluginStanza {
  readonly type: string;
  readonly [key: string]: unknown;
}

/** A network configuration list, CNI specification 1.1.0 §1. */
export interface ConfList {
  readonly name: string;
  /** The version that we and the list agree on. */
  readonly cniVersion: string;
  readonly disableCheck: boolean;
  readonly plugins: readonly PluginStanza[];
}

/** What this caller speaks, oldest first. */
const VERSIONS = ['0.4.0', '1.0.0', '1.1.0'] as const;

/** A list from its text. @throws LabError `GRY_LAB_CONFLIST` */
export function parseConfList(text: string, path: string): ConfList {
  const value = parseObject(text, path);
  const { name, plugins } = value;
  if (typeof name !== 'string' || !/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name)) {
    throw conflistError(path, `its name ${JSON.stringify(name)} is not allowed`);
  }
  if (!Array.isArray(plugins) || plugins.length === 0) throw conflistError(path, 'it lists no plugins');
  return {
    name,
    cniVersion: chooseVersion(value, path),
    disableCheck: value['disableCheck'] === true,
    plugins: plugins.map((plugin: unknown) => {
      if (!isStanza(plugin)) throw conflistError(path, 'a plugin has no type');
      return plugin;
    }),
  };
}

/**
 * What libcni does with `cniVersions`: the highest that both know; without it `cniVersion` counts.
 */
function chooseVersion(value: Readonly<Record<string, unknown>>, path: string): string {
  const offered = Array.isArray(value['cniVersions']) ? value['cniVersions'] : [value['cniVersion']];
  const chosen = VERSIONS.findLast((version) => offered.includes(version));
  if (chosen === undefined)
    throw conflistError(path, `it offers ${JSON.stringify(offered)}, we speak ${VERSIONS.join(', ')}`);
  return chosen;
}

/** The default network of a directory: the first file by byte order, as containerd takes it. Undefined when there is none. */
export async function loadDefaultConfList(directory: string): Promise<ConfList | undefined> {
  const names = await readdir(directory).catch(() => []);
  const first = names
    .filter((name) => /\.(?:conf|conflist|json)$/.test(name))
    .toSorted((a, b) => (a < b ? -1 : 1))[0];
  if (first === undefined) return undefined;
  const path = join(directory, first);
  return parseConfList(await readFile(path, 'utf8'), path);
}

function parseObject(text: string, path: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw conflistError(path, `it is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!isObject(value)) throw conflistError(path, 'it is no JSON object');
  return value;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The type becomes a file name in the directory of executables, so it must be one. */
const isStanza = (value: unknown): value is PluginStanza =>
  isObject(value) && typeof value['type'] === 'string' && /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(value['type']);

const conflistError = (path: string, reason: string): LabError =>
  new LabError('GRY_LAB_CONFLIST', `${path} cannot be used: ${reason}`, {
    remedy: 'repair or remove the file',
  });
