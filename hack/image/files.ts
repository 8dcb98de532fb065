import { lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Entry } from './entry.ts';

/** A file of this machine, at `path` in the image; what `source` links to is followed. */
export function fileEntry(path: string, source: string, mode?: number): Entry {
  const { size, mode: own } = statSync(source);
  return { kind: 'file', path, mode: mode ?? own & 0o777, size, read: () => readFileSync(source) };
}

/** As `fileEntry`, but a link stays one. */
export function entryAsIs(path: string, source: string): Entry {
  return lstatSync(source).isSymbolicLink()
    ? { kind: 'link', path, target: readlinkSync(source) }
    : fileEntry(path, source);
}

/** A file, or all files below a directory. */
export function treeEntries(path: string, source: string, mode?: number): readonly Entry[] {
  if (!statSync(source).isDirectory()) return [fileEntry(path, source, mode)];
  return readdirSync(source).flatMap((name) => treeEntries(`${path}/${name}`, join(source, name), mode));
}
