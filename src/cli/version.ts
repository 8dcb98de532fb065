import type { Command } from 'commander';
import packageFile from '../../package.json' with { type: 'json' };
import type { CommandContext } from './context.ts';
import { formatOption, type OutputFormat, printData } from './output.ts';

/** The version of this Gryphon, as package.json says. */
export const version: string = packageFile.version;

export function register(program: Command, context: CommandContext): void {
  program
    .command('version')
    .description('the version of Gryphon and of its runtime')
    .addOption(formatOption())
    .action(async ({ output }: { readonly output: OutputFormat }) => {
      const data = { version, node: process.version, platform: `${process.platform}/${process.arch}` };
      await printData(
        context,
        output,
        data,
        () => `gryphon ${data.version} (node ${data.node}, ${data.platform})\n`,
      );
    });
}
