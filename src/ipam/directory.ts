import { mkdirSync } from 'node:fs';
import path from 'node:path';

/**
 * Makes a directory and those above it that are missing. Node's own recursive mkdir never ends where the kernel answers ENOENT
 * for ever, as below /proc; here every directory is tried twice at most.
 * @throws NodeJS.ErrnoException
 */
export function makeDirectories(directory: string, mode: number): void {
  try {
    mkdirSync(directory, { mode });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Whether it is a directory that exists, whoever uses it will see.
    if (code === 'EEXIST') return;
    const parent = path.dirname(directory);
    if (code !== 'ENOENT' || parent === directory) throw error;
    makeDirectories(parent, mode);
    mkdirSync(directory, { mode });
  }
}
