import type { Command } from 'commander';
import type { CommandContext } from './context.ts';
import { addSettingOptions, readSettings } from './setting-options.ts';

export function register(program: Command, context: CommandContext): void {
  const command = program.command('agent').description('run the agent of this node');
  addSettingOptions(command);
  command.action(async (flags: Readonly<Record<string, string>>) => {
    const resolved = await readSettings(flags, context);
    // The other commands need none of it, and start faster without.
    const { runAgent } = await import('./run-agent.ts');
    await runAgent(resolved);
  });
}
