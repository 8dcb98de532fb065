import type { BigIntStats } from 'node:fs';
import { type FileHandle, lstat, open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Identity and version of a file or directory: equal as long as nobody touched it. */
export type Fingerprint = string;

export const limits = {
  /** Files per directory. */
  files: 1000,
  /** Bytes of a JSON file. */
  jsonBytes: 32 * 1024 * 1024,
  /** Bytes of a YAML file: parsing one megabyte takes about a third of a second, during which nothing else runs. */
  yamlBytes: 4 * 1024 * 1024,
} as const;

/** Extensions that are read; hidden files (also `..data` of a mounted ConfigMap) and editors' leftovers are not. */
export const isManifestName = (name: string): boolean => /^[^.#~].*\.(ya?ml|json)$/i.test(name);

/** The fingerprint of the directory itself, and whether its path is a symbolic link. @throws system errors */
export async function identifyDirectory(
  directory: string,
): Promise<{ readonly identity: Fingerprint; readonly isLink: boolean }> {
  const [target, link] = await Promise.all([stat(directory, { bigint: true }), lstat(directory)]);
  // A directory that is made right after another was removed often gets its inode number, but never its time of birth.
  const identity = `${target.dev}:${target.ino}:${target.birthtimeNs}`;
  return { identity, isLink: link.isSymbolicLink() };
}

/**
 * The names of the manifest files in order, each with its fingerprint; symbolic links are followed, nothing is read.
 * @throws system errors of the directory
 */
export async function listManifests(directory: string): Promise<ReadonlyMap<string, Fingerprint>> {
  const names = (await readdir(directory)).filter(isManifestName).sort();
  const files = new Map<string, Fingerprint>();
  for (const name of names) {
    const fingerprint = await fingerprintOf(join(directory, name));
    if (fingerprint !== undefined) files.set(name, fingerprint);
  }
  return files;
}

/** Undefined for what is no regular file, or vanished meanwhile. */
async function fingerprintOf(path: string): Promise<Fingerprint | undefined> {
  try {
    const stats = await stat(path, { bigint: true });
    return stats.isFile() ? fingerprint(stats) : undefined;
  } catch {
    return undefined;
  }
}

const fingerprint = ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): Fingerprint =>
  `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`;

export type ReadResult =
  | { readonly kind: 'text'; readonly text: string }
  /** The file is not what was looked at any more: look again. */
  | { readonly kind: 'changed' }
  | { readonly kind: 'unreadable'; readonly reason: string; readonly remedy: string };

/** Reads a file of which `expected` was seen. */
export async function readManifest(path: string, expected: Fingerprint): Promise<ReadResult> {
  try {
    await using file = await open(path, 'r');
    return await readOpened(file, path, expected);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT') return { kind: 'changed' };
    const reason = error instanceof Error ? error.message : String(error);
    return { kind: 'unreadable', reason, remedy: 'let the agent read the file' };
  }
}

async function readOpened(file: FileHandle, path: string, expected: Fingerprint): Promise<ReadResult> {
  const stats = await file.stat({ bigint: true });
  if (fingerprint(stats) !== expected) return { kind: 'changed' };
  const limit = isJson(path) ? limits.jsonBytes : limits.yamlBytes;
  if (stats.size > limit) {
    return {
      kind: 'unreadable',
      reason: `the file has ${stats.size} bytes, more than ${limit}`,
      remedy: isJson(path)
        ? 'split it into several files'
        : 'split it, or write it as JSON, which may be larger',
    };
  }
  const bytes = await file.readFile();
  if (fingerprint(await file.stat({ bigint: true })) !== expected) return { kind: 'changed' };
  const text = decodeText(bytes);
  return text === undefined
    ? { kind: 'unreadable', reason: 'the file is not UTF-8 text', remedy: 'save it as UTF-8' }
    : { kind: 'text', text };
}

export const isJson = (name: string): boolean => /\.json$/i.test(name);

function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
