import type { Command } from 'commander';
import { waitingClock } from '../agent/clock.ts';
import type { Settings } from '../agent/settings.ts';
import { type CleanupOptions, cleanUp } from '../cleanup/cleanup.ts';
import type { CleanupItem } from '../cleanup/item.ts';
import { leaveFile } from '../cleanup/leave.ts';
import { execRunner } from '../iptables/exec-runner.ts';
import { Rtnetlink } from '../netlink/rtnetlink.ts';
import { silentLog } from '../ports/log.ts';
import type { CommandContext } from './context.ts';
import { addSettingOptions, readSettings } from './setting-options.ts';

export function register(program: Command, context: CommandContext): void {
  const command = program
    .command('cleanup')
    .description('remove everything that Gryphon made on this node; the agent leaves and stays away')
    .option('--force', 'also while pods live here, which then lose their network', false);
  addSettingOptions(command, [
    'config',
    'runDir',
    'cniSocket',
    'cniConfDir',
    'cniBinDir',
    'stateDir',
    'routeProtocol',
  ]);
  command.action(async ({ force, ...flags }: { readonly force: boolean } & Record<string, string>) => {
    const { settings } = await readSettings(flags, context);
    using netlink = Rtnetlink.open();
    const options = cleanupOptions(settings, netlink, force);
    let found = 0;
    for await (const item of cleanUp(options, new AbortController().signal)) {
      // Where nothing is ours any more, these are not either.
      if (item.outcome === 'kept' && found === 0) continue;
      found++;
      context.stdout.write(line(item));
      if (item.outcome === 'failed') context.exitCode = 1;
    }
    if (found === 0) context.stdout.write('nothing of Gryphon on this node\n');
    context.stderr.write(
      `the agent of this node stays away while ${leaveFile(settings.cniSocket)} is there\n`,
    );
  });
}

function cleanupOptions(settings: Settings, netlink: Rtnetlink, force: boolean): CleanupOptions {
  const { cniConfDir, cniBinDir, cniSocket, stateDir } = settings;
  return {
    netlink,
    firewall: { runner: execRunner, clock: waitingClock, log: silentLog },
    paths: { cniConfDir, cniBinDir, cniSocket, stateDir },
    protocol: settings.routeProtocol,
    clock: waitingClock,
    force,
  };
}

function line({ kind, name, outcome, reason }: CleanupItem): string {
  const why = reason === undefined ? '' : `: ${reason}`;
  return `${outcome.padEnd(9)}${kind.padEnd(8)}${name}${why}\n`;
}
