import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { installExecutables } from '../cni/installer.ts';
import type { CommandContext } from './context.ts';
import { addSettingOptions, readSettings } from './setting-options.ts';

export function register(program: Command, context: CommandContext): void {
  const command = program
    .command('install-cni')
    .description('place the CNI executable where the container runtime looks for it');
  addSettingOptions(command, ['config', 'cniBinDir']);
  command.action(async (flags: Readonly<Record<string, string>>) => {
    const { settings } = await readSettings(flags, context);
    const installed = await installExecutables({ source: shimFile(), binDirectory: settings.cniBinDir });
    for (const { path, changed } of installed) {
      context.stdout.write(`${path}  ${changed ? 'installed' : 'unchanged'}\n`);
    }
  });
}

/** Beside the bundle, or in dist/ of a checkout. */
function shimFile(): string {
  const candidates = [
    join(import.meta.dirname, 'gryphon-cni'),
    join(import.meta.dirname, '../../dist/gryphon-cni'),
  ];
  return candidates.find((file) => existsSync(file)) ?? candidates[1] ?? '';
}
