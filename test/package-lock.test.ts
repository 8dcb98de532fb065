import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

/** What this test reads of an entry of package-lock.json (version 3). */
type Entry = {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
};

const lock = readFileSync(join(import.meta.dirname, '../package-lock.json'), 'utf8');
const { packages } = JSON.parse(lock) as { packages: Readonly<Record<string, Entry>> };
const installed = Object.entries(packages).filter(([path]) => path !== '');

/** Where npm finds `name` from the package at `path`: beside it, or at any level above. */
function isLocked(name: string, path: string): boolean {
  if (packages[`${path === '' ? '' : `${path}/`}node_modules/${name}`] !== undefined) return true;
  return path !== '' && isLocked(name, path.slice(0, Math.max(0, path.lastIndexOf('/node_modules/'))));
}

const allows = (list: readonly string[] | undefined, value: string): boolean =>
  list === undefined || list.includes(value);

/** Gryphon runs and is built on Linux with glibc, x64 or arm64. */
const isOurPlatform = ({ os, cpu, libc }: Entry): boolean =>
  allows(os, 'linux') && allows(libc, 'glibc') && (allows(cpu, 'x64') || allows(cpu, 'arm64'));

describe('package-lock.json', () => {
  // npm leaves an optional package out when the registry of the moment lacks it, and then "npm ci" refuses the file.
  it('has every dependency, also those of other platforms', () => {
    const missing = Object.entries(packages).flatMap(([path, entry]) =>
      Object.keys({ ...entry.dependencies, ...entry.optionalDependencies })
        .filter((name) => !isLocked(name, path))
        .map((name) => `${path || 'package.json'} needs ${name}`),
    );
    expect(missing).toEqual([]);
  });

  it('names no registry', () => {
    expect(installed.filter(([, entry]) => entry.resolved !== undefined)).toEqual([]);
  });

  it('has the checksum of everything that our platforms install', () => {
    const unchecked = installed.filter(([, entry]) => entry.integrity === undefined && isOurPlatform(entry));
    expect(unchecked.map(([path]) => path)).toEqual([]);
  });
});
