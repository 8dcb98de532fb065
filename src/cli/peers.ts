import type { Command } from 'commander';
import type { HostPort } from '../api/address.ts';
import { type Peer, PeerList } from '../api/resources/peer.ts';
import { apiOption, connect } from './client.ts';
import type { CommandContext } from './context.ts';
import { age, type Column, formatOption, type OutputFormat, printData, type Style, table } from './output.ts';

interface Options {
  readonly output: OutputFormat;
  readonly api?: HostPort;
}

export function register(program: Command, context: CommandContext): void {
  program
    .command('peers')
    .description('BGP peers: state, prefixes, why a session is down')
    .addOption(formatOption())
    .addOption(apiOption())
    .action(async ({ output, api }: Options) => {
      const body = await connect(context, api).get('/v1/bgp/peers', PeerList);
      if (body.items.length === 0) context.stderr.write('no BGP peers\n');
      await printData(context, output, body, (text) => table(columns(context.now()), body.items, text));
    });
}

const columns = (now: number): readonly Column<Peer>[] => [
  { header: 'NAME', value: (peer) => peer.name },
  { header: 'PEER', value: (peer) => peer.address },
  { header: 'AS', value: (peer) => String(peer.remoteAS) },
  { header: 'STATE', value: (peer) => peer.state, style: stateStyle },
  { header: 'SINCE', value: (peer) => age(peer.since, now) },
  { header: 'RECEIVED', value: (peer) => total(peer, 'received') },
  { header: 'ACCEPTED', value: (peer) => total(peer, 'accepted') },
  { header: 'ADVERTISED', value: (peer) => total(peer, 'advertised') },
  { header: 'PORT', value: (peer) => String(peer.port), wide: true },
  { header: 'LOCAL AS', value: (peer) => String(peer.localAS), wide: true },
  { header: 'ROUTER ID', value: (peer) => peer.remoteRouterID ?? '', wide: true },
  { header: 'HOLD', value: (peer) => (peer.holdTime === undefined ? '' : `${peer.holdTime}s`), wide: true },
  { header: 'FLAPS', value: (peer) => String(peer.flaps), wide: true },
  {
    header: 'UPDATES IN/OUT',
    value: ({ messages: m }) => `${m.received.update}/${m.sent.update}`,
    wide: true,
  },
  { header: 'CAPABILITIES', value: (peer) => peer.capabilities.join(','), wide: true },
  { header: 'INFO', value: (peer) => info(peer, now) },
];

function stateStyle({ state }: Peer): Style | undefined {
  if (state === 'established') return 'green';
  return state === 'disabled' ? undefined : 'red';
}

/** Over both families. */
function total({ prefixes }: Peer, kind: 'received' | 'accepted' | 'advertised'): string {
  return String(prefixes['ipv4-unicast'][kind] + prefixes['ipv6-unicast'][kind]);
}

/** Why it is down, or what took it down the last time. */
function info({ state, problem, lastError, lastDown }: Peer, now: number): string {
  const down = lastDown === undefined ? [] : [`down ${age(lastDown.at, now)} ago: ${lastDown.reason}`];
  // What keeps it down now, then what took it down.
  const present = [problem, state === 'established' ? undefined : lastError].filter(
    (text) => text !== undefined,
  );
  return [...present, ...down].join('; ');
}
