import { constants } from 'node:fs';
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';

/**
 * Makes sure that `file` has exactly these bytes and this mode, so that a reader sees the old file or the new one, whole, also
 * after a power failure. Unchanged content is not written again. Tells whether anything was written.
 *
 * The temporary name stands in the same directory: containerd reads a configuration again on IN_MOVED_FROM, which a rename within the
 * directory raises, and ignores IN_CREATE, which is all that a rename from elsewhere gives. It begins with a dot and ends in
 * `.tmp`, so no runtime loads it. Renaming over an executable that runs is allowed, writing to it is not ("text file busy").
 */
export async function replaceFile(file: string, bytes: Uint8Array, mode: number): Promise<boolean> {
  if (await holds(file, bytes, mode)) return false;
  const directory = path.dirname(file);
  const temporary = path.join(directory, `.${path.basename(file)}.${process.pid}.tmp`);
  await rm(temporary, { force: true });
  try {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    await using handle = await open(temporary, flags, 0o600);
    await handle.writeFile(bytes);
    await handle.chmod(mode);
    await handle.sync();
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await rename(temporary, file);
  await using handle = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  await handle.sync();
  return true;
}

async function holds(file: string, bytes: Uint8Array, mode: number): Promise<boolean> {
  try {
    const there = await stat(file);
    if (!there.isFile() || there.size !== bytes.length || (there.mode & 0o7777) !== mode) return false;
    return (await readFile(file)).equals(bytes);
  } catch {
    // Whatever keeps us from reading it, writing will tell.
    return false;
  }
}
