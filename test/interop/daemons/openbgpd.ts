import { existsSync, mkdirSync } from 'node:fs';
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

const BGPD = '/usr/sbin/bgpd';
const BGPCTL = '/usr/sbin/bgpctl';
/** Home of the user _openbgpd: its three unprivileged processes lock themselves into it. Its service would make it. */
const JAIL = '/run/openbgpd';

/** OpenBGPD, the portable one: it has no kernel routes to look at, so every next hop counts as reachable. */
export const openbgpd: DaemonKind = {
  name: 'OpenBGPD',
  installed: existsSync(BGPD) && existsSync(BGPCTL),
  forwards: true,
  version: async () => /OpenBGPD (\S+)/.exec((await execa(BGPD, ['-V'])).stderr)?.[1] ?? '',
  start: async (netns, config) => {
    const daemon = new OpenBgpd(netns, config);
    await daemon.start();
    return daemon;
  },
};

class OpenBgpd extends NetnsProcess implements Daemon {
  #config: DaemonConfig;

  constructor(netns: TestNetns, config: DaemonConfig) {
    super(netns, 'openbgpd');
    this.#config = config;
  }

  async start(routes: readonly Announced[] = this.#config.routes): Promise<void> {
    this.#config = { ...this.#config, routes };
    mkdirSync(JAIL, { recursive: true, mode: 0o755 });
    await this.#moveLoopback();
    this.write('bgpd.conf', openbgpdConfig(this.#config, this.file('socket')));
    this.run([BGPD, '-d', '-v', '-f', this.file('bgpd.conf')]);
    await this.ready('OpenBGPD', async () => {
      // Its control socket is there before it listens.
      if (!this.log.includes('SE reconfigured')) throw new Error('it has no configuration yet');
      await this.#ask('show');
    });
  }

  /**
   * Towards another AS its next hop in the family that is not the session's is the first address of that family which it
   * finds on the host, and the loopback link comes first: so that has to bear the right ones.
   */
  async #moveLoopback(): Promise<void> {
    const { ipv4, ipv6 } = this.#config.nextHops;
    await this.exec('ip', 'address', 'flush', 'dev', 'lo');
    await this.exec('ip', 'address', 'replace', `${ipv4}/32`, 'dev', 'lo');
    await this.exec('ip', 'address', 'replace', `${ipv6}/128`, 'dev', 'lo');
  }

  async announce(routes: readonly Announced[]): Promise<void> {
    this.#config = { ...this.#config, routes };
    this.write('bgpd.conf', openbgpdConfig(this.#config, this.file('socket')));
    await this.#ask('reload');
  }

  async received(neighbor: string): Promise<readonly Received[]> {
    const text = await this.#ask('-j', 'show', 'rib', 'in', 'detail', 'neighbor', neighbor);
    return ((JSON.parse(text) as OpenBgpdTable).rib ?? []).map(received);
  }

  async refresh(neighbor: string): Promise<void> {
    await this.#ask('neighbor', neighbor, 'refresh');
  }

  async updates(neighbor: string): Promise<number> {
    const text = await this.#ask('-j', 'show', 'neighbor', neighbor);
    return (JSON.parse(text) as OpenBgpdNeighbors).neighbors[0]?.stats.update.received.updates ?? 0;
  }

  async shutdown(neighbor: string, text: string): Promise<void> {
    await this.#ask('neighbor', neighbor, 'down', text);
  }

  async enable(neighbor: string): Promise<void> {
    await this.#ask('neighbor', neighbor, 'up');
  }

  async describe(neighbor: string): Promise<string> {
    return `${await this.#ask('show', 'neighbor', neighbor)}\n${this.log}`;
  }

  async #ask(...args: readonly string[]): Promise<string> {
    return await this.exec(BGPCTL, '-s', this.file('socket'), ...args);
  }
}

function openbgpdConfig(config: DaemonConfig, socket: string): string {
  const { as, routerID, neighbors, routes, nextHops } = config;
  return `AS ${as}
router-id ${routerID}
socket "${socket}"
fib-update no
connect-retry 1
${[...new Set(neighbors.map((n) => `listen on ${n.local}`))].join('\n')}
${routes.map((r) => network(r, nextHops)).join('\n')}
${neighbors.map(neighbor).join('\n')}
allow from any
allow to any
`;
}

function network(route: Announced, { ipv4, ipv6 }: DaemonConfig['nextHops']): string {
  const { prefix, med, communities = [], largeCommunities = [] } = route;
  const set = [
    `nexthop ${isIPv4(prefix) ? ipv4 : ipv6}`,
    ...(med === undefined ? [] : [`metric ${med}`]),
    ...communities.map((c) => `community ${c}`),
    ...largeCommunities.map((c) => `large-community ${c}`),
  ];
  return `network ${prefix} set { ${set.join(' ')} }`;
}

function neighbor(n: Neighbor): string {
  return `neighbor ${n.address} {
  remote-as ${n.as}
  local-address ${n.local}
  holdtime ${n.holdTime ?? 9}
  announce IPv4 unicast
  announce IPv6 unicast
  ${options(n).join('\n  ')}
}`;
}

const options = (n: Neighbor): readonly string[] =>
  [
    n.passive === true ? 'passive' : '',
    n.password === undefined ? '' : `tcp md5sig password "${n.password}"`,
    n.ttlSecurity === true ? 'ttl-security yes' : '',
    n.addPath === true ? 'announce add-path recv yes\n  announce add-path send all' : '',
    n.reflectorClient === true ? 'route-reflector' : '',
    n.enhancedRefresh === true ? 'announce enhanced refresh yes' : '',
    n.twoOctetAS === true ? 'announce as-4byte no' : '',
    n.role === undefined ? '' : `announce policy ${n.role}`,
    n.maxPrefixes === undefined ? '' : `max-prefix ${n.maxPrefixes}`,
  ].filter((line) => line !== '');

interface OpenBgpdTable {
  readonly rib?: readonly OpenBgpdRoute[];
}

interface OpenBgpdRoute {
  readonly prefix: string;
  readonly aspath: string;
  readonly exit_nexthop: string;
  readonly localpref?: number;
  readonly metric?: number;
  readonly communities?: readonly string[];
  readonly large_communities?: readonly string[];
  readonly attributes?: readonly OpenBgpdAttribute[];
}

interface OpenBgpdAttribute {
  readonly type: string;
  readonly originator?: string;
  readonly cluster_list?: readonly string[];
}

interface OpenBgpdNeighbors {
  readonly neighbors: readonly {
    readonly stats: { readonly update: { readonly received: { readonly updates: number } } };
  }[];
}

function received(route: OpenBgpdRoute): Received {
  const { prefix, aspath, exit_nexthop, localpref, metric, attributes = [] } = route;
  const { communities = [], large_communities: large = [] } = route;
  const originator = attributes.find((a) => a.originator !== undefined)?.originator;
  const clusterList = attributes.find((a) => a.cluster_list !== undefined)?.cluster_list;
  return {
    prefix,
    nextHop: exit_nexthop,
    asPath: aspath,
    ...(localpref !== undefined && { localPref: localpref }),
    ...(metric !== undefined && { med: metric }),
    communities: [...communities, ...large].toSorted(),
    ...(originator !== undefined && { originator }),
    ...(clusterList !== undefined && { clusterList }),
  };
}
