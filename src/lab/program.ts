import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';

/** The root of the checkout (or of the installed package), from this file in `src/lab` or from the bundle in `dist`. */
const root = import.meta.filename.endsWith('.ts')
  ? resolve(import.meta.dirname, '../..')
  : resolve(import.meta.dirname, '..');

/** How this very program is started again, with the runtime and options that it itself was started with. */
export const programCommand: readonly string[] = [join(root, 'bin', 'gryphon')];

/** Changes whenever a source, the bundle or the CNI executable does: sizes and times of change, hashed. */
export async function programFingerprint(): Promise<string> {
  const hash = createHash('sha256');
  for (const folder of ['src', 'dist']) {
    const names = await readdir(join(root, folder), { recursive: true }).catch(() => []);
    for (const name of names.sort((a, b) => (a < b ? -1 : 1))) {
      const { size, mtimeMs } = await stat(join(root, folder, name));
      hash.update(`${name} ${size} ${mtimeMs}\n`);
    }
  }
  return hash.digest('hex').slice(0, 16);
}
