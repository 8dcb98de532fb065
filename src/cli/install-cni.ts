import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { type InstalledExecutable, installExecutables } from '../cni/installer.ts';
import type { CommandContext } from './context.ts';
import { addSettingOptions, readSettings } from './setting-options.ts';

export function register(program: Command, context: CommandContext): void {
  const command = program
    .command('install-cni')
    .description('place the CNI executables where the container runtime looks for them');
  addSettingOptions(command, ['config', 'cniBinDir', 'cniPluginDir']);
  command.action(async (flags: Readonly<Record<string, string>>) => {
    const { settings } = await readSettings(flags, context);
    const installed = await installExecutables({
      source: shimFile(),
      pluginDirectory: settings.cniPluginDir,
      binDirectory: settings.cniBinDir,
    });
    const width = Math.max(...installed.map(({ path }) => path.length));
    for (const { path, outcome } of installed) {
      context.stdout.write(`${path.padEnd(width)}  ${OUTCOMES[outcome]}\n`);
    }
  });
}

const OUTCOMES: Readonly<Record<InstalledExecutable['outcome'], string>> = {
  installed: 'installed',
  unchanged: 'unchanged',
  kept: 'kept, as new or newer',
};

/** Beside the bundle, or in dist/ of a checkout. */
function shimFile(): string {
  const candidates = [
    join(import.meta.dirname, 'gryphon-cni'),
    join(import.meta.dirname, '../../dist/gryphon-cni'),
  ];
  return candidates.find((file) => existsSync(file)) ?? candidates[1] ?? '';
}
