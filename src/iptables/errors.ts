import { GryphonError } from '../ports/error.ts';
import { RunError, type RunResult } from '../ports/runner.ts';

/** Something went wrong with iptables or ip6tables. Codes: the table below, and those of `names.ts`. */
export class IptablesError extends GryphonError {}

/** Something went wrong with ipset. */
export class IpsetError extends GryphonError {}

type ErrorClass = typeof IptablesError | typeof IpsetError;

interface Pattern {
  readonly code: string;
  readonly pattern: RegExp;
  readonly remedy: string;
}

const PERMISSION = /permission denied|operation not permitted|must be root/i;
const permissionRemedy = 'run the agent as root with the capabilities NET_ADMIN and NET_RAW';

/** What the programs say on stderr (always in English: they run with LC_ALL=C), first match wins. */
const iptablesPatterns: readonly Pattern[] = [
  {
    code: 'GRY_IPTABLES_LOCKED',
    pattern: /xtables lock/i,
    remedy: 'look who holds the lock with: fuser -v /run/xtables.lock',
  },
  { code: 'GRY_IPTABLES_PERMISSION', pattern: PERMISSION, remedy: permissionRemedy },
  {
    code: 'GRY_IPTABLES_FOREIGN_TABLE',
    pattern: /is incompatible, use 'nft' tool/,
    remedy:
      'move rules written with nft out of the tables named like those of iptables into a table of their own',
  },
  {
    code: 'GRY_IPTABLES_SET',
    pattern: /Set \S+ doesn't exist/,
    remedy: 'look at the failure of the ipset; the rule follows when its set is there',
  },
  {
    code: 'GRY_IPTABLES_KERNEL',
    pattern:
      /kernel module|can't initialize|unable to initialize|No chain\/target\/match|not supported|Could not fetch rule set/i,
    remedy: 'load the modules that the message names, or xt_set, xt_comment, xt_conntrack and xt_MASQUERADE',
  },
];

const ipsetPatterns: readonly Pattern[] = [
  {
    code: 'GRY_IPSET_IN_USE',
    pattern: /in use by a kernel component/,
    remedy: 'look which rule uses the set with: iptables-save; ip6tables-save',
  },
  { code: 'GRY_IPSET_PERMISSION', pattern: PERMISSION, remedy: permissionRemedy },
  {
    code: 'GRY_IPSET_KERNEL',
    pattern: /Cannot open session|set type not supported|kernel module|Invalid argument/i,
    remedy: 'load the kernel modules ip_set, ip_set_hash_net and ip_set_hash_ip',
  },
];

/** The error for a program that ended with a code other than 0. `input` lets the message quote the refused line. */
export function iptablesError(file: string, result: RunResult, input?: string): IptablesError {
  return classify(IptablesError, 'GRY_IPTABLES_REFUSED', iptablesPatterns, file, result, input);
}

export function ipsetError(result: RunResult, input?: string): IpsetError {
  return classify(IpsetError, 'GRY_IPSET_REFUSED', ipsetPatterns, 'ipset', result, input);
}

function classify(
  Class: ErrorClass,
  fallback: string,
  patterns: readonly Pattern[],
  file: string,
  result: RunResult,
  input: string | undefined,
): GryphonError {
  const said = `${result.stderr}\n${result.stdout.startsWith('# Table') ? result.stdout : ''}`;
  const known = patterns.find((p) => p.pattern.test(said));
  const line = refusedLine(result.stderr, input);
  const message = `${file}: ${firstLine(result.stderr) || `exit code ${result.exitCode}`}`;
  return new Class(known?.code ?? fallback, line === undefined ? message : `${message} (in: ${line})`, {
    ...(known === undefined ? {} : { remedy: known.remedy }),
    fields: { exitCode: result.exitCode, stderr: result.stderr.slice(0, 1000) },
  });
}

/** What the program says first, without warnings and without its own name and version. */
function firstLine(stderr: string): string {
  const line = stderr.split('\n').find((l) => l.trim() !== '' && !l.startsWith('#')) ?? '';
  return line.replace(/^\S+ v[\d.]+( \([a-z_]+\))?: /, '').slice(0, 300);
}

function refusedLine(stderr: string, input: string | undefined): string | undefined {
  const number = /(?:at line: |in line |line )(\d+)/.exec(stderr)?.[1];
  return number === undefined ? undefined : input?.split('\n')[Number(number) - 1]?.slice(0, 300);
}

/** What a program that did not run to its end means; anything else is passed through. */
export function runFailure(error: unknown, program: 'iptables' | 'ipset'): unknown {
  if (!(error instanceof RunError)) return error;
  const [Class, prefix] =
    program === 'ipset' ? ([IpsetError, 'GRY_IPSET'] as const) : ([IptablesError, 'GRY_IPTABLES'] as const);
  if (error.code === 'GRY_RUN_MISSING') {
    return new Class(`${prefix}_MISSING`, error.message, {
      remedy: `install ${program} where the agent runs (Debian and Alpine: package ${program})`,
      cause: error,
    });
  }
  const code = error.code === 'GRY_RUN_TIMEOUT' ? `${prefix}_TIMEOUT` : `${prefix}_BROKEN`;
  return new Class(code, error.message, {
    ...(error.remedy === undefined ? {} : { remedy: error.remedy }),
    fields: error.fields,
    cause: error,
  });
}
