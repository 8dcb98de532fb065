import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from './error.ts';
import type { Lab } from './lab.ts';
import { readProcessRecord } from './process.ts';
import { identify, isAlive } from './process-identity.ts';

/** What the lab directory says about itself. */
export interface Marker {
  readonly name: string;
  readonly fingerprint: string;
  /** True once `up` has come to its end. */
  readonly complete: boolean;
}

/** The marker of the directory; undefined when there is none that can be read. */
export async function readMarker(lab: Lab): Promise<Marker | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(lab.layout.marker, 'utf8'));
    return isMarker(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export async function writeMarker(lab: Lab, complete: boolean): Promise<void> {
  const marker: Marker = { name: lab.topology.name, fingerprint: lab.fingerprint, complete };
  const draft = `${lab.layout.marker}${DRAFT}`;
  await writeFile(draft, `${JSON.stringify(marker)}\n`);
  await rename(draft, lab.layout.marker);
}

const DRAFT = '.tmp';

const isMarker = (value: unknown): value is Marker =>
  typeof value === 'object' &&
  value !== null &&
  'name' in value &&
  typeof value.name === 'string' &&
  'fingerprint' in value &&
  typeof value.fingerprint === 'string' &&
  'complete' in value &&
  typeof value.complete === 'boolean';

/**
 * Makes the directory ours, or finds that it is. A directory with anything else in it is refused: everything below the lab
 * directory is removed with the lab. @throws LabError `GRY_LAB_DIRECTORY`
 */
export async function claimDirectory(lab: Lab): Promise<void> {
  const { root } = lab.layout;
  await mkdir(root, { recursive: true, mode: 0o755 });
  const marker = await readMarker(lab);
  const strangers = (await readdir(root)).filter((name) => !name.endsWith(DRAFT));
  if (marker === undefined && strangers.length > 0) {
    throw new LabError('GRY_LAB_DIRECTORY', `${root} holds something that is no lab`, {
      remedy: 'name an empty or new directory (--dir or GRYPHON_LAB_DIR)',
    });
  }
  if (marker !== undefined && marker.name !== lab.topology.name) {
    throw new LabError('GRY_LAB_DIRECTORY', `${root} belongs to the lab ${JSON.stringify(marker.name)}`, {
      remedy: 'name another directory for this lab (--dir or GRYPHON_LAB_DIR)',
    });
  }
  if (marker === undefined) await writeMarker(lab, false);
}

/** Removes all files of the lab but those that keep others out: the mark and the lock. */
export async function emptyDirectory(lab: Lab): Promise<void> {
  const { root, marker, lock } = lab.layout;
  await writeMarker(lab, false);
  for (const name of await readdir(root)) {
    const path = join(root, name);
    if (path !== marker && path !== lock) await rm(path, { recursive: true, force: true });
  }
}

/** Removes the directory where it is marked as this lab's; says whether it was there. */
export async function removeDirectory(lab: Lab): Promise<boolean> {
  const marker = await readMarker(lab);
  if (marker === undefined || marker.name !== lab.topology.name) return false;
  await rm(lab.layout.root, { recursive: true, force: true });
  return true;
}

/**
 * Runs `work` while no other command changes this lab. A lock whose owner has died is taken over.
 * @throws LabError `GRY_LAB_BUSY`
 */
export async function withLock<T>(lab: Lab, pid: number, work: () => Promise<T>): Promise<T> {
  await claimDirectory(lab);
  const path = lab.layout.lock;
  const self = JSON.stringify({ name: 'lab', argv: ['gryphon', 'lab'], ...identify(pid) });
  if (!(await createOnce(path, self))) {
    const owner = await readProcessRecord(path);
    if (owner !== undefined && isAlive(owner)) {
      throw new LabError('GRY_LAB_BUSY', `process ${owner.pid} is changing this lab just now`, {
        remedy: 'wait until it has ended',
      });
    }
    await writeFile(path, self);
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

/** False when the file exists already. */
async function createOnce(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}
