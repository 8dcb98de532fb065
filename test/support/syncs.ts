import fs from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';
import { vi } from 'vitest';

/**
 * From now on every FileHandle.sync: the name of what is synced, and what `look` sees at that moment. It is carried out as usual;
 * `vi.restoreAllMocks` ends it.
 */
export async function watchSyncs<T>(look: () => T): Promise<readonly (readonly [string, T])[]> {
  const seen: (readonly [string, T])[] = [];
  await using probe = await open('/dev/null');
  const prototype = Object.getPrototypeOf(probe) as FileHandle;
  vi.spyOn(prototype, 'sync').mockImplementation(function (this: FileHandle) {
    seen.push([path.basename(fs.readlinkSync(`/proc/self/fd/${this.fd}`)), look()]);
    fs.fsyncSync(this.fd);
    return Promise.resolve();
  });
  return seen;
}
