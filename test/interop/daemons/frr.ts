import { existsSync } from 'node:fs';
import { execa } from 'execa';
import type { TestNetns } from '../../support/netns.ts';
import {
  type Announced,
  type Daemon,
  type DaemonConfig,
  type DaemonKind,
  isIPv4,
  type Neighbor,
  type Received,
} from '../daemon.ts';
import { NetnsProcess } from '../process.ts';

const BGPD = '/usr/lib/frr/bgpd';
const VTYSH = '/usr/bin/vtysh';

/** FRR: bgpd alone, without zebra, so nothing goes to the kernel and every next hop counts as reachable. */
export const frr: DaemonKind = {
  name: 'FRR',
  installed: existsSync(BGPD) && existsSync(VTYSH),
  forwards: true,
  version: async () => /version (\S+)/.exec((await execa(BGPD, ['--version'])).stdout)?.[1] ?? '',
  start: async (netns, config) => {
    const daemon = new Frr(netns, config);
    await daemon.start();
    return daemon;
  },
};

class Frr extends NetnsProcess implements Daemon {
  #config: DaemonConfig;

  constructor(netns: TestNetns, config: DaemonConfig) {
    super(netns, 'frr');
    this.#config = config;
  }

  async start(routes: readonly Announced[] = this.#config.routes): Promise<void> {
    this.#config = { ...this.#config, routes };
    this.write('bgpd.conf', frrConfig(this.#config));
    const alone = ['--no_zebra', '--no_kernel', '--skip_runas', '--log', 'stdout', '--vty_port', '0'];
    const paths = ['-f', this.file('bgpd.conf'), '-i', this.file('pid'), '-z', this.file('zserv')];
    this.run([BGPD, ...alone, '--vty_socket', this.file('.'), ...paths]);
    await this.ready('FRR', () => this.#ask('show version'));
  }

  async announce(routes: readonly Announced[]): Promise<void> {
    const before = this.#config.routes;
    this.#config = { ...this.#config, routes };
    const gone = before.filter((b) => !routes.some((r) => r.prefix === b.prefix));
    await this.#ask(
      'configure terminal',
      ...routes.flatMap(routeMap),
      `router bgp ${this.#config.as}`,
      ...[true, false].flatMap((four) => [
        `address-family ipv${four ? 4 : 6} unicast`,
        ...gone.filter((r) => isIPv4(r.prefix) === four).map((r) => `no network ${r.prefix}`),
        ...routes.filter((r) => isIPv4(r.prefix) === four).map(network),
        'exit-address-family',
      ]),
    );
  }

  async received(neighbor: string): Promise<readonly Received[]> {
    const tables = ['ipv4', 'ipv6'].map(async (family) => {
      const text = await this.#ask(`show bgp ${family} unicast json detail`);
      return Object.entries((JSON.parse(text) as FrrTable).routes ?? {});
    });
    return (await Promise.all(tables))
      .flat()
      .flatMap(([prefix, paths]) =>
        paths.filter(({ peer }) => peer?.peerId === neighbor).map((path) => received(prefix, path)),
      );
  }

  async refresh(neighbor: string): Promise<void> {
    for (const family of ['ipv4', 'ipv6']) await this.#ask(`clear bgp ${family} unicast ${neighbor} soft in`);
  }

  async updates(neighbor: string): Promise<number> {
    const peers = JSON.parse(await this.#ask(`show bgp neighbors ${neighbor} json`)) as FrrNeighbors;
    return peers[neighbor]?.messageStats.updatesRecv ?? 0;
  }

  async shutdown(neighbor: string, text: string): Promise<void> {
    await this.#router(`neighbor ${neighbor} shutdown message ${text}`);
  }

  async enable(neighbor: string): Promise<void> {
    await this.#router(`no neighbor ${neighbor} shutdown`);
  }

  async describe(neighbor: string): Promise<string> {
    return `${await this.#ask(`show bgp neighbors ${neighbor}`)}\n${this.log}`;
  }

  async #router(line: string): Promise<void> {
    await this.#ask('configure terminal', `router bgp ${this.#config.as}`, line);
  }

  async #ask(...commands: readonly string[]): Promise<string> {
    const each = commands.flatMap((command) => ['-c', command]);
    return await this.exec(VTYSH, '--vty_socket', this.file('.'), '-d', 'bgpd', ...each);
  }
}

function frrConfig({ as, routerID, neighbors, routes, nextHops }: DaemonConfig): string {
  const all = (line: (n: Neighbor) => readonly string[]): string =>
    neighbors.flatMap((n) => line(n).map((text) => ` neighbor ${n.address} ${text}`)).join('\n');
  const family = (four: boolean): string => ` address-family ipv${four ? 4 : 6} unicast
 ${routes
   .filter((r) => isIPv4(r.prefix) === four)
   .map(network)
   .join('\n ')}
${all((n) => channel(n, four))}
 exit-address-family`;
  const restart = neighbors.find((n) => n.restartTime !== undefined);
  const longLived = neighbors.find((n) => n.longLivedTime !== undefined);
  // Without zebra it does not know its own address in the family that is not the session's.
  return `route-map nexthop4 permit 1
 match ip address prefix-list own4
 ${isIPv4(nextHops.ipv4) ? `set ip next-hop ${nextHops.ipv4}` : ''}
route-map nexthop4 permit 2
route-map nexthop6 permit 1
 match ipv6 address prefix-list own6
 set ipv6 next-hop global ${nextHops.ipv6}
route-map nexthop6 permit 2
${routes.flatMap(routeMap).join('\n')}
router bgp ${as}
 bgp router-id ${routerID}
 bgp log-neighbor-changes
 no bgp default ipv4-unicast
 no bgp ebgp-requires-policy
 no bgp network import-check
 ${restart === undefined ? '' : `bgp graceful-restart\n bgp graceful-restart restart-time ${restart.restartTime}\n bgp graceful-restart preserve-fw-state`}
 ${longLived === undefined ? '' : `bgp long-lived-graceful-restart stale-time ${longLived.longLivedTime}`}
${all(options)}
${family(true)}
${family(false)}
`;
}

function options(n: Neighbor): readonly string[] {
  const hold = n.holdTime ?? 9;
  return [
    `remote-as ${n.as}`,
    `update-source ${n.local}`,
    `timers ${Math.floor(hold / 3)} ${hold}`,
    'timers connect 1',
    'timers delayopen 1',
    'advertisement-interval 0',
    ...(n.passive === true ? ['passive'] : []),
    ...(n.password === undefined ? [] : [`password ${n.password}`]),
    ...(n.ttlSecurity === true ? ['ttl-security hops 1'] : []),
    ...(n.extendedNextHop === true ? ['capability extended-nexthop'] : []),
    ...(n.twoOctetAS === true ? ['dont-capability-negotiate'] : []),
    ...(n.role === undefined ? [] : [`local-role ${n.role}`]),
  ];
}

function channel(n: Neighbor, four: boolean): readonly string[] {
  return [
    'activate',
    // Without zebra it knows no subnet, and would put a next hop of its own making in the place of the route map's.
    'attribute-unchanged next-hop',
    `route-map nexthop${four ? 4 : 6} out`,
    ...(n.reflectorClient === true ? ['route-reflector-client'] : []),
    ...(n.addPath === true ? ['addpath-tx-all-paths'] : []),
    ...(n.maxPrefixes !== undefined && four ? [`maximum-prefix ${n.maxPrefixes}`] : []),
  ];
}

const mapName = ({ prefix }: Announced): string => `route-${prefix.replace(/[^0-9a-f]/g, '-')}`;

const network = (route: Announced): string => `network ${route.prefix} route-map ${mapName(route)}`;

/** The attributes of an announced route, and its entry in the list of own routes. */
function routeMap(route: Announced): readonly string[] {
  const { prefix, med, communities = [], largeCommunities = [] } = route;
  return [
    isIPv4(prefix) ? `ip prefix-list own4 permit ${prefix}` : `ipv6 prefix-list own6 permit ${prefix}`,
    `route-map ${mapName(route)} permit 1`,
    ...(med === undefined ? [] : [` set metric ${med}`]),
    ...(communities.length === 0 ? [] : [` set community ${communities.join(' ')}`]),
    ...(largeCommunities.length === 0 ? [] : [` set large-community ${largeCommunities.join(' ')}`]),
    'exit',
  ];
}

interface FrrNeighbors {
  readonly [address: string]: { readonly messageStats: { readonly updatesRecv: number } };
}

/** The first of the paths is none: it tells of the prefix. */
interface FrrTable {
  readonly routes?: Readonly<Record<string, readonly Partial<FrrPath>[]>>;
}

interface FrrPath {
  readonly aspath: { readonly string: string };
  readonly metric?: number;
  readonly locPrf?: number;
  readonly community?: { readonly string: string };
  readonly largeCommunity?: { readonly string: string };
  readonly originatorId?: string;
  readonly clusterList?: { readonly list: readonly string[] };
  readonly nexthops: readonly { readonly ip: string; readonly scope?: string }[];
  readonly peer: { readonly peerId: string };
}

/** FRR writes well-known communities by their names. */
const NUMBERS: ReadonlyMap<string, string> = new Map([
  ['graceful-shutdown', '65535:0'],
  ['llgr-stale', '65535:6'],
  ['no-llgr', '65535:7'],
  ['no-export', '65535:65281'],
]);

function received(prefix: string, path: Partial<FrrPath>): Received {
  const communities = `${path.community?.string ?? ''} ${path.largeCommunity?.string ?? ''}`;
  return {
    prefix,
    nextHop: path.nexthops?.find(({ scope }) => scope !== 'link-local')?.ip ?? '',
    asPath: path.aspath?.string === 'Local' ? '' : (path.aspath?.string ?? ''),
    ...(path.locPrf !== undefined && { localPref: path.locPrf }),
    ...(path.metric !== undefined && { med: path.metric }),
    communities: communities
      .split(' ')
      .filter((c) => c !== '')
      .map((c) => NUMBERS.get(c) ?? c)
      .toSorted(),
    ...(path.originatorId !== undefined && { originator: path.originatorId }),
    ...(path.clusterList !== undefined && { clusterList: path.clusterList.list }),
  };
}
