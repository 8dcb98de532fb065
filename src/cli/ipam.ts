import type { Command } from 'commander';
import type { HostPort } from '../api/address.ts';
import { Ipam, type IpamAddress, type IpamBlock } from '../api/resources/ipam.ts';
import { apiOption, connect } from './client.ts';
import type { CommandContext } from './context.ts';
import { age, type Column, formatOption, type OutputFormat, printData, table } from './output.ts';

interface Options {
  readonly output: OutputFormat;
  readonly api?: HostPort;
}

export function register(program: Command, context: CommandContext): void {
  program
    .command('ipam')
    .description('pod addresses of this node: how full its blocks are, and who has each address')
    .addOption(formatOption())
    .addOption(apiOption())
    .action(async ({ output, api }: Options) => {
      const body = await connect(context, api).get('/v1/ipam', Ipam);
      if (body.blocks.length === 0) context.stderr.write('this node has no podCIDR\n');
      await printData(context, output, body, (text) => {
        const blocks = table(blockColumns, body.blocks, text);
        const addresses = table(addressColumns(context.now()), body.addresses, text);
        return body.addresses.length === 0 ? blocks : `${blocks}\n${addresses}`;
      });
    });
}

const blockColumns: readonly Column<IpamBlock>[] = [
  { header: 'BLOCK', value: (block) => block.cidr },
  { header: 'POOL', value: (block) => block.pool ?? '-' },
  { header: 'USED', value: (block) => String(block.used) },
  { header: 'COOLING', value: (block) => String(block.cooling) },
  {
    header: 'FREE',
    value: (block) => block.free,
    style: (block) => (block.free === '0' ? 'red' : undefined),
  },
  { header: 'TOTAL', value: (block) => block.total, wide: true },
];

const addressColumns = (now: number): readonly Column<IpamAddress>[] => [
  { header: 'ADDRESS', value: ({ address }) => address },
  { header: 'NAMESPACE/NAME', value: owner },
  {
    header: 'STATE',
    value: ({ state }) => state,
    style: ({ state }) => (state === 'configured' ? 'green' : 'yellow'),
  },
  { header: 'AGE', value: ({ since }) => (since === undefined ? '-' : age(since, now)) },
  { header: 'BLOCK', value: ({ block }) => block ?? '-', wide: true },
  { header: 'POOL', value: ({ pool }) => pool ?? '-', wide: true },
  { header: 'HANDLE', value: ({ handle }) => handle ?? '-', wide: true },
];

/** A runtime other than a kubelet's names no pod; then the container stands for it. */
function owner({ pod, handle }: IpamAddress): string {
  if (pod !== undefined) return `${pod.namespace}/${pod.name}`;
  return handle === undefined ? '-' : `container ${handle.split('/')[1]?.slice(0, 12) ?? ''}`;
}
