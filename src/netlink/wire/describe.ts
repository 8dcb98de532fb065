import { familyOf } from '../../net/address.ts';
import { defaultPrefix, isHostPrefix, prefixAddress, prefixFamily } from '../../net/prefix.ts';
import { IFA_F, MAIN_TABLE } from './constants.ts';
import type { LinkAddressRecord, NeighbourRecord, NextHopRecord, RouteRecord } from './records.ts';
import {
  type CreateVeth,
  type DeleteLink,
  type NetlinkRequest,
  routeRequest,
  type SetLink,
  type VethEnd,
} from './requests.ts';

/** Gives the name of a link index; undefined when it is not known. */
export type LinkNames = (index: number) => string | undefined;

const unnamed: LinkNames = () => undefined;
const linkName = (index: number, names: LinkNames): string => names(index) ?? `if${index}`;

/** /etc/iproute2/rt_protos as it is everywhere; others stay numbers. */
const PROTOCOLS: Readonly<Record<number, string>> = {
  0: 'unspec',
  1: 'redirect',
  2: 'kernel',
  3: 'boot',
  4: 'static',
  8: 'gated',
  9: 'ra',
  11: 'zebra',
  12: 'bird',
  16: 'dhcp',
  18: 'keepalived',
  42: 'babel',
  186: 'bgp',
  187: 'isis',
  188: 'ospf',
  189: 'rip',
  192: 'eigrp',
};
const SCOPES: Readonly<Record<number, string>> = { 200: 'site', 253: 'link', 254: 'host', 255: 'nowhere' };

/** `bird`, `static`, or the number. */
export const protocolName = (protocol: number): string => PROTOCOLS[protocol] ?? String(protocol);

/** One line as `ip -o route` prints it, links as `if3` unless `names` knows them. */
export function describeRoute(route: RouteRecord, names: LinkNames = unnamed): string {
  const single = route.nextHops.length === 1 ? route.nextHops[0] : undefined;
  return words(
    route.kind !== 'unicast' && route.kind,
    destination(route),
    single !== undefined && describeHop(single, route, names),
    route.table !== MAIN_TABLE && `table ${route.table}`,
    `proto ${protocolName(route.protocol)}`,
    route.scope !== 0 && `scope ${SCOPES[route.scope] ?? route.scope}`,
    route.source !== undefined && `src ${route.source}`,
    route.metric !== 0 && `metric ${route.metric}`,
    single !== undefined && hopFlags(single),
    ...(single === undefined ? route.nextHops.map((hop) => describeLeg(hop, route, names)) : []),
  );
}

function destination({ prefix }: RouteRecord): string {
  if (prefix === defaultPrefix(prefixFamily(prefix))) return 'default';
  return isHostPrefix(prefix) ? prefixAddress(prefix) : prefix;
}

/** A gateway of another family is marked: `via inet6 fe80::1`. */
function describeHop(hop: NextHopRecord, route: RouteRecord, names: LinkNames): string {
  const foreign = hop.gateway !== undefined && familyOf(hop.gateway) !== prefixFamily(route.prefix);
  return words(
    hop.gateway !== undefined &&
      `via ${foreign ? `inet${familyOf(hop.gateway) === 6 ? '6' : ''} ` : ''}${hop.gateway}`,
    hop.link !== undefined && `dev ${linkName(hop.link, names)}`,
  );
}

const hopFlags = (hop: NextHopRecord): string =>
  words(hop.dead === true && 'dead', hop.onlink === true && 'onlink');

const describeLeg = (hop: NextHopRecord, route: RouteRecord, names: LinkNames): string =>
  words('nexthop', describeHop(hop, route, names), `weight ${(hop.weight ?? 0) + 1}`, hopFlags(hop));

/** The `ip` command that would do the same. */
export function describeRequest(request: NetlinkRequest, names: LinkNames = unnamed): string {
  switch (request.kind) {
    case 'route.create':
      return `route add ${describeRoute(request.route, names)}`;
    case 'route.replace':
      return `route replace ${describeRoute(request.route, names)}`;
    case 'route.append':
      return `route append ${describeRoute(request.route, names)}`;
    case 'route.delete':
      return `route del ${describeRoute(request.route, names)}`;
    case 'route.write':
      return describeRequest(routeRequest(request), names);
    case 'link.createVeth':
      return describeVeth(request);
    case 'link.create':
      return words('link add', request.name, request.up === true && 'up', `type ${request.linkKind}`);
    case 'link.set':
      return describeSetLink(request, names);
    case 'link.delete':
      return `link del ${selector(request.link, names)}`;
    case 'address.replace':
      return `address replace ${describeAddress(request.address, names)}`;
    case 'address.delete':
      return `address del ${describeAddress(request.address, names)}`;
    case 'neighbour.replace':
      return `neigh replace ${describeNeighbour(request.neighbour, names)}`;
    case 'neighbour.delete':
      return `neigh del ${describeNeighbour(request.neighbour, names)}`;
  }
}

function selector(link: DeleteLink['link'], names: LinkNames): string {
  if ('group' in link) return `group ${link.group}`;
  return `dev ${'name' in link ? link.name : linkName(link.index, names)}`;
}

const vethEnd = (end: VethEnd): string =>
  words(
    `name ${end.name}`,
    end.mac !== undefined && `address ${end.mac}`,
    end.mtu !== undefined && `mtu ${end.mtu}`,
  );

const describeVeth = (request: CreateVeth): string =>
  words(
    'link add',
    vethEnd(request.end),
    request.up === true && 'up',
    request.group !== undefined && `group ${request.group}`,
    'type veth peer',
    vethEnd(request.peer),
    request.peer.netns !== undefined && `netns fd ${request.peer.netns}`,
  );

const describeSetLink = (request: SetLink, names: LinkNames): string =>
  words(
    `link set ${selector(request.link, names)}`,
    request.name !== undefined && `name ${request.name}`,
    request.mac !== undefined && `address ${request.mac}`,
    request.mtu !== undefined && `mtu ${request.mtu}`,
    request.alias !== undefined && `alias ${JSON.stringify(request.alias)}`,
    request.group !== undefined && `group ${request.group}`,
    request.master !== undefined &&
      (request.master === 0 ? 'nomaster' : `master ${linkName(request.master, names)}`),
    request.netns !== undefined && `netns fd ${request.netns}`,
    request.addressGeneration !== undefined && `addrgenmode ${request.addressGeneration}`,
    describeIpv4(request.ipv4),
    request.up !== undefined && (request.up ? 'up' : 'down'),
  );

/** `ip` has no words for these: as `sysctl` tells them. */
const describeIpv4 = (settings: SetLink['ipv4']): string =>
  words(
    settings?.forwarding !== undefined && `forwarding=${settings.forwarding ? 1 : 0}`,
    settings?.rpFilter !== undefined && `rp_filter=${settings.rpFilter}`,
    settings?.arpIgnore !== undefined && `arp_ignore=${settings.arpIgnore}`,
  );

const describeAddress = (record: LinkAddressRecord, names: LinkNames): string =>
  words(
    `${record.address}/${record.prefixLength}`,
    `dev ${linkName(record.link, names)}`,
    record.scope !== 0 && `scope ${SCOPES[record.scope] ?? record.scope}`,
    (record.flags & IFA_F.NODAD) !== 0 && 'nodad',
    (record.flags & IFA_F.NOPREFIXROUTE) !== 0 && 'noprefixroute',
  );

const describeNeighbour = (record: NeighbourRecord, names: LinkNames): string =>
  words(
    record.proxy && 'proxy',
    record.address,
    record.mac !== undefined && `lladdr ${record.mac}`,
    `dev ${linkName(record.link, names)}`,
    record.state === 0x80 && 'nud permanent',
  );

const words = (...parts: readonly (string | false)[]): string =>
  parts.filter((p) => p !== false && p !== '').join(' ');
