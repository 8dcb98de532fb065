import type { Command } from 'commander';
import type { HostPort } from '../api/address.ts';
import { type Pod, PodList } from '../api/resources/pod.ts';
import { apiOption, connect } from './client.ts';
import type { CommandContext } from './context.ts';
import { age, type Column, formatOption, type OutputFormat, printData, table } from './output.ts';

interface Options {
  readonly output: OutputFormat;
  readonly api?: HostPort;
}

export function register(program: Command, context: CommandContext): void {
  program
    .command('pods')
    .description('pods on this node: addresses and links')
    .addOption(formatOption())
    .addOption(apiOption())
    .action(async ({ output, api }: Options) => {
      const body = await connect(context, api).get('/v1/pods', PodList);
      if (body.items.length === 0) context.stderr.write('no pods on this node\n');
      await printData(context, output, body, (text) => table(columns(context.now()), body.items, text));
    });
}

const columns = (now: number): readonly Column<Pod>[] => [
  { header: 'NAMESPACE/NAME', value: podName },
  { header: 'ADDRESSES', value: (pod) => pod.addresses.join(',') },
  { header: 'LINK', value: (pod) => pod.hostLink },
  { header: 'AGE', value: (pod) => age(pod.createdAt, now) },
  { header: 'INTERFACE', value: (pod) => pod.ifname, wide: true },
  { header: 'NETWORK', value: (pod) => pod.network, wide: true },
  { header: 'CONTAINER', value: (pod) => pod.containerID, wide: true },
  {
    header: 'STATE',
    value: (pod) => pod.state,
    style: (pod) => (pod.state === 'configured' ? 'green' : 'yellow'),
  },
];

/** A runtime other than a kubelet's names no pod; then the container stands for it, as short as runtimes print it. */
function podName({ pod, containerID }: Pod): string {
  return pod === undefined ? `container ${containerID.slice(0, 12)}` : `${pod.namespace}/${pod.name}`;
}
