import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from './error.ts';

/** Programs that the lab starts, and the Debian packages that bring them. */
const PROGRAMS: Readonly<Record<string, string>> = {
  ip: 'iproute2',
  nsenter: 'util-linux',
  sysctl: 'procps',
  iptables: 'iptables',
  ipset: 'ipset',
  bird: 'bird2',
  birdc: 'bird2',
  ping: 'iputils-ping',
  arping: 'arping',
  curl: 'curl',
};

/** Root's programs are there also when sudo or su left a user's PATH. */
export const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** One clear message for what is missing. @throws LabError `GRY_LAB_NOT_ROOT`, `GRY_LAB_PROGRAM_MISSING` */
export async function preflight(options: { readonly uid: number; readonly path: string }): Promise<void> {
  requireRoot(options.uid);
  const missing: string[] = [];
  for (const program of Object.keys(PROGRAMS))
    if (!(await isOnPath(program, options.path))) missing.push(program);
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((program) => PROGRAMS[program]))];
  throw new LabError('GRY_LAB_PROGRAM_MISSING', `the lab needs ${missing.join(', ')}`, {
    remedy: `run "make lab", which installs what is missing, or: apt-get install ${packages.join(' ')}`,
  });
}

/** @throws LabError `GRY_LAB_NOT_ROOT` */
export function requireRoot(uid: number): void {
  if (uid === 0) return;
  throw new LabError('GRY_LAB_NOT_ROOT', 'the lab makes network namespaces, which needs root', {
    remedy: 'run it with sudo',
  });
}

async function isOnPath(program: string, path: string): Promise<boolean> {
  for (const directory of path.split(':')) {
    const found = await access(join(directory, program), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return true;
  }
  return false;
}
