import { type Backend, installedBackends, programName } from '../iptables/backend.ts';
import { FirewallDriver } from '../iptables/firewall-driver.ts';
import { emptyFirewallIntent } from '../iptables/model.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import { RunError, type Runner } from '../ports/runner.ts';
import { type CleanupItem, failed, removed } from './item.ts';

export interface CleanupFirewall {
  readonly runner: Runner;
  readonly clock: Clock;
  readonly log: Log;
}

/** nft lets go of sets a moment after their rules: tried again so often. */
const ATTEMPTS = 10;

/** Milliseconds within which a program has told its version. */
const VERSION_TIMEOUT = 10_000;

/**
 * Chains, jumps and sets of ours, in each of the kernel's packet filters whose programs are installed. A program that is not here leaves
 * things of ours unseen, and so counts as a failure: an agent in a container brings its own, and the node may have none.
 */
export async function removeFirewall(
  options: CleanupFirewall,
  signal: AbortSignal,
): Promise<readonly CleanupItem[]> {
  const items: CleanupItem[] = [];
  const backends = await installedBackends(options.runner, signal);
  for (const backend of backends) items.push(...(await removeFrom(backend, options, signal)));
  for (const program of programsOf(backends))
    if (!(await isInstalled(program, options.runner, signal))) items.push(failed('rules', program, unseen));
  return items;
}

const unseen =
  'there is no such program, so what it would show may be left; try again where it is, as in the image of the agent';

const programsOf = (backends: readonly Backend[]): readonly string[] => [
  ...backends.flatMap((backend) => ([4, 6] as const).map((family) => programName(backend, family, 'save'))),
  'ipset',
];

async function isInstalled(file: string, runner: Runner, signal: AbortSignal): Promise<boolean> {
  try {
    await runner.run({ file, args: ['--version'], timeoutMs: VERSION_TIMEOUT, signal });
    return true;
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    return error.code !== 'GRY_RUN_MISSING';
  }
}

async function removeFrom(
  backend: Backend,
  options: CleanupFirewall,
  signal: AbortSignal,
): Promise<readonly CleanupItem[]> {
  const driver = new FirewallDriver({ ...options, backend: { detect: () => Promise.resolve(backend) } });
  driver.set(emptyFirewallIntent);
  let written = 0;
  for (let attempt = 1; ; attempt++) {
    const result = await driver.apply(signal);
    written += result.written;
    if (result.retryAfter === undefined || attempt === ATTEMPTS) {
      const what = `${written} chains, jumps and sets of iptables (${backend})`;
      return [
        ...(written > 0 ? [removed('rules', what)] : []),
        ...result.failures.map(({ item, reason }) => failed('rules', `${item} (${backend})`, reason)),
      ];
    }
    await wait(result.retryAfter, options.clock);
  }
}

const wait = (milliseconds: number, clock: Clock): Promise<void> =>
  new Promise((resolve) => {
    clock.setTimer(milliseconds, resolve);
  });
