import type { Command } from 'commander';
import type { CommandContext } from './context.ts';
import { addSettingOptions } from './setting-options.ts';

export function register(program: Command, context: CommandContext): void {
  const command = program
    .command('import')
    .description('objects of other networks as ours')
    .helpCommand(false);
  const calico = command
    .command('calico')
    .description(
      "prints Calico's BGPConfigurations, BGPPeers, BGPFilters and IPPools as objects of Gryphon, for kubectl apply",
    )
    .argument(
      '[file...]',
      'YAML or JSON as kubectl and calicoctl print it; - reads standard input; none reads the API server',
    );
  addSettingOptions(calico, ['config', 'kubeconfig']);
  calico.action(async (files: readonly string[], flags: Readonly<Record<string, string>>) => {
    // The other commands need none of it, and start faster without.
    const { importCalico } = await import('./import-calico.ts');
    await importCalico(files, flags, context);
  });
}
