import { type Backend, installedBackends } from '../iptables/backend.ts';
import { FirewallDriver } from '../iptables/firewall-driver.ts';
import { emptyFirewallIntent } from '../iptables/model.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Runner } from '../ports/runner.ts';
import { type CleanupItem, failed, removed } from './item.ts';

export interface CleanupFirewall {
  readonly runner: Runner;
  readonly clock: Clock;
  readonly log: Log;
}

/** nft lets go of sets a moment after their rules: tried again so often. */
const ATTEMPTS = 10;

/** Chains, jumps and sets of ours, in each of the kernel's packet filters whose programs are installed. */
export async function removeFirewall(
  options: CleanupFirewall,
  signal: AbortSignal,
): Promise<readonly CleanupItem[]> {
  const items: CleanupItem[] = [];
  for (const backend of await installedBackends(options.runner, signal))
    items.push(...(await removeFrom(backend, options, signal)));
  return items;
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
