import type { Command } from 'commander';
import type { HostPort } from '../api/address.ts';
import { type Peer, PeerList } from '../api/resources/peer.ts';
import { parseAddress } from '../net/address.ts';
import { GryphonError } from '../ports/error.ts';
import { apiOption, connect } from './client.ts';
import type { CommandContext } from './context.ts';
import { age, type Column, formatOption, type OutputFormat, printData, table } from './output.ts';
import { peerPage } from './peer-page.ts';
import { stateStyle } from './peer-state.ts';

interface Options {
  readonly output: OutputFormat;
  readonly api?: HostPort;
}

export function register(program: Command, context: CommandContext): void {
  program
    .command('peers')
    .description('BGP peers: state, prefixes, why a session is down; with a name everything about that peer')
    .argument('[name]', 'a peer by its name (mesh/node-b), the last part of it (node-b) or its address')
    .addOption(formatOption())
    .addOption(apiOption())
    .action(async (name: string | undefined, { output, api }: Options) => {
      const body = await connect(context, api).get('/v1/bgp/peers', PeerList);
      const now = context.now();
      if (name === undefined) {
        if (body.items.length === 0) context.stderr.write('no BGP peers\n');
        return printData(context, output, body, (text) => table(columns(body.items, now), body.items, text));
      }
      const items = body.items.filter((peer) => isNamed(peer, name));
      if (items.length === 0) throw unknownPeer(name);
      await printData(context, output, { items }, (text) =>
        items.map((peer) => peerPage(peer, now, text)).join('\n'),
      );
    });
}

const isNamed = ({ name, address }: Peer, wanted: string): boolean =>
  name === wanted || name.endsWith(`/${wanted}`) || address === parseAddress(wanted);

const unknownPeer = (name: string): GryphonError =>
  new GryphonError('GRY_BGP_PEER_UNKNOWN', `there is no BGP peer ${JSON.stringify(name)}`, {
    remedy: 'see `gryphon peers` for their names',
  });

const columns = (peers: readonly Peer[], now: number): readonly Column<Peer>[] => [
  { header: 'PEER', value: (peer) => peer.name },
  { header: 'ADDRESS', value: (peer) => peer.address },
  { header: 'AS', value: (peer) => String(peer.remoteAS) },
  { header: 'STATE', value: (peer) => peer.state, style: stateStyle },
  { header: 'SINCE', value: (peer) => age(peer.since, now) },
  { header: 'RECEIVED', value: (peer) => String(total(peer, 'received')) },
  { header: 'ACCEPTED', value: (peer) => String(total(peer, 'accepted')) },
  { header: 'ADVERTISED', value: (peer) => String(total(peer, 'advertised')) },
  ...(peers.some((peer) => total(peer, 'stale') > 0) ? [STALE] : []),
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
  { header: 'REASON', value: (peer) => reason(peer, now) },
];

const STALE: Column<Peer> = {
  header: 'STALE',
  value: (peer) => String(total(peer, 'stale')),
  style: (peer) => (total(peer, 'stale') > 0 ? 'yellow' : undefined),
};

/** Over both families. */
const total = ({ prefixes }: Peer, kind: keyof Peer['prefixes']['ipv4-unicast']): number =>
  (prefixes['ipv4-unicast'][kind] ?? 0) + (prefixes['ipv6-unicast'][kind] ?? 0);

/** Why it is down, then what took it down the last time, unless that says the same. */
function reason({ state, problem, lastError, lastDown }: Peer, now: number): string {
  const present = [problem, state === 'established' ? undefined : lastError].filter(
    (text) => text !== undefined,
  );
  const known = lastDown === undefined || present.includes(lastDown.reason);
  const down = known ? [] : [`down ${age(lastDown.at, now)} ago: ${lastDown.reason}`];
  return [...present, ...down].join('; ');
}
