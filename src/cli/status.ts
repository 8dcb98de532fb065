import type { Command } from 'commander';
import type { HostPort } from '../api/address.ts';
import { Status } from '../api/resources/status.ts';
import { apiOption, connect } from './client.ts';
import type { CommandContext } from './context.ts';
import { formatOption, type OutputFormat, printData } from './output.ts';
import { statusPage } from './status-page.ts';

interface Options {
  readonly output: OutputFormat;
  readonly api?: HostPort;
}

export function register(program: Command, context: CommandContext): void {
  program
    .command('status')
    .description('how this node is: readiness, sources, BGP, routes, problems; exit code 1 when not ready')
    .addOption(formatOption())
    .addOption(apiOption())
    .action(async ({ output, api }: Options) => {
      const body = await connect(context, api).get('/v1/status', Status);
      await printData(context, output, body, (text) => statusPage(body, context.now(), text));
      if (!body.ready) context.exitCode = 1;
    });
}
