import { execa } from 'execa';

/** What an executable tells of itself when it is run without CNI_COMMAND; parts that it does not tell are empty. */
export interface ExecutableVersion {
  /** `[1, 6, 0]` of `CNI portmap plugin v1.6.0`; distributions often print `version unknown`. */
  readonly release: readonly number[];
  /** The greatest version of the specification that it speaks: `[1, 0, 0]`. */
  readonly protocol: readonly number[];
}

/**
 * Runs the executable. One that cannot be run, or that says something else, tells nothing. Undefined: it has not answered within `patience`
 * milliseconds.
 */
export async function executableVersion(
  file: string,
  patience = 5000,
): Promise<ExecutableVersion | undefined> {
  const { stderr, timedOut } = await execa(file, [], {
    env: {},
    extendEnv: false,
    stdin: 'ignore',
    timeout: patience,
    maxBuffer: 65_536,
    reject: false,
  });
  return timedOut ? undefined : parseAbout(stderr ?? '');
}

/** The text of the reference library's "about" message, CNI skel: two lines on stderr. */
export function parseAbout(text: string): ExecutableVersion {
  const release = /^CNI \S+ plugin v(\d+(?:\.\d+){1,2})/m.exec(text)?.[1] ?? '';
  const spoken = /^CNI protocol versions supported: (.*)$/m.exec(text)?.[1] ?? '';
  const protocols = spoken.split(/,\s*/).map(numbers).sort(compareVersions);
  return { release: numbers(release), protocol: protocols.at(-1) ?? [] };
}

const numbers = (text: string): readonly number[] => (text.match(/\d+/g) ?? []).map(Number);

/** By their numbers, left to right; a missing one counts as 0. */
export function compareVersions(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * Whether `candidate` is newer for certain: by release where both tell theirs, else by what they speak; any plugin is newer than what is
 * none. In doubt it is not, for what is there may be somebody else's.
 */
export function isNewer(
  candidate: ExecutableVersion | undefined,
  present: ExecutableVersion | undefined,
): boolean {
  if (candidate === undefined || present === undefined) return false;
  if (candidate.release.length > 0 && present.release.length > 0) {
    return compareVersions(candidate.release, present.release) > 0;
  }
  return compareVersions(candidate.protocol, present.protocol) > 0;
}
