import { readFileSync } from 'node:fs';

/** What tells a process from a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat, proc(5): clock ticks since boot. */
  readonly startTime: string;
  /** The boot those ticks count from. */
  readonly bootID: string;
}

/** State and start time out of the text of /proc/PID/stat, proc(5). The name in brackets may hold anything. */
export function parseStat(stat: string): { readonly state: string; readonly startTime: string } | undefined {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, startTime] = [fields[0], fields[19]];
  return state === undefined || startTime === undefined ? undefined : { state, startTime };
}

/** Who has this number now; undefined when nobody has, or only a zombie. */
export function identify(pid: number): ProcessIdentity | undefined {
  const found = look(pid);
  return found === undefined || found.state === 'Z' ? undefined : found.identity;
}

/** Synchronous, so that a child that ends at once can still be seen: it stays a zombie until the event loop runs again. */
export function look(
  pid: number,
): { readonly state: string; readonly identity: ProcessIdentity } | undefined {
  try {
    const stat = parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    const bootID = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return stat === undefined
      ? undefined
      : { state: stat.state, identity: { pid, startTime: stat.startTime, bootID } };
  } catch {
    return undefined;
  }
}

/** The process of the record is still there (and is not another one that got its number). */
export function isAlive(record: ProcessIdentity): boolean {
  const now = identify(record.pid);
  return now !== undefined && now.startTime === record.startTime && now.bootID === record.bootID;
}
