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

const BIRD = '/usr/sbin/bird';
const BIRDC = '/usr/sbin/birdc';

/** BIRD 2. It is configured anew as a whole for whatever changes, and keeps the sessions that are not touched. */
export const bird: DaemonKind = {
  name: 'BIRD',
  installed: existsSync(BIRD) && existsSync(BIRDC),
  forwards: true,
  version: async () => /version (\S+)/.exec((await execa(BIRD, ['--version'])).stderr)?.[1] ?? '',
  start: async (netns, config) => {
    const daemon = new Bird(netns, config);
    await daemon.start();
    return daemon;
  },
};

class Bird extends NetnsProcess implements Daemon {
  #config: DaemonConfig;

  constructor(netns: TestNetns, config: DaemonConfig) {
    super(netns, 'bird');
    this.#config = config;
  }

  async start(routes: readonly Announced[] = this.#config.routes): Promise<void> {
    this.#config = { ...this.#config, routes };
    this.write('bird.conf', birdConfig(this.#config));
    this.run([BIRD, '-f', '-c', this.file('bird.conf'), '-s', this.file('ctl'), '-P', this.file('pid')]);
    await this.ready('BIRD', () => this.#ask('show status'));
  }

  async announce(routes: readonly Announced[]): Promise<void> {
    this.#config = { ...this.#config, routes };
    this.write('bird.conf', birdConfig(this.#config));
    await this.#ask('configure');
  }

  async received(neighbor: string): Promise<readonly Received[]> {
    return parseRoutes(await this.#ask(`show route all protocol ${this.#protocol(neighbor)}`));
  }

  async refresh(neighbor: string): Promise<void> {
    await this.#ask(`reload in ${this.#protocol(neighbor)}`);
  }

  async updates(neighbor: string): Promise<number> {
    const counts = (await this.describe(neighbor)).matchAll(/Import updates:\s+(\d+)/g);
    return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
  }

  async shutdown(neighbor: string, text: string): Promise<void> {
    await this.#ask(`disable ${this.#protocol(neighbor)} "${text}"`);
  }

  async enable(neighbor: string): Promise<void> {
    await this.#ask(`enable ${this.#protocol(neighbor)}`);
  }

  async describe(neighbor: string): Promise<string> {
    return `${await this.#ask(`show protocols all ${this.#protocol(neighbor)}`)}\n${this.log}`;
  }

  async #ask(command: string): Promise<string> {
    return await this.exec(BIRDC, '-s', this.file('ctl'), ...command.split(' '));
  }

  #protocol(neighbor: string): string {
    return `peer${this.#config.neighbors.findIndex((n) => n.address === neighbor)}`;
  }
}

function birdConfig(config: DaemonConfig): string {
  const { routerID, neighbors, routes } = config;
  const list = (four: boolean): string =>
    routes
      .filter((r) => isIPv4(r.prefix) === four)
      .map((r) => `route ${r.prefix} blackhole;`)
      .join('\n  ');
  return `log stderr all;
router id ${routerID};
protocol device {}
protocol direct { ipv4; ipv6; }
protocol static static4 { ipv4;
  ${list(true)}
}
protocol static static6 { ipv6;
  ${list(false)}
}
${neighbors.map((neighbor, index) => protocol(config, neighbor, index)).join('\n')}
`;
}

/** BIRD takes a MED off towards another AS where no export filter sets it, so that is where all of them are set. */
function exportFilter(routes: readonly Announced[]): string {
  const cases = routes.map((r) => [r.prefix, attributes(r)] as const).filter(([, text]) => text !== '');
  const sets = cases.map(([prefix, text]) => `if net = ${prefix} then { ${text} }`);
  return `filter { if source !~ [RTS_STATIC, RTS_BGP] then reject; ${sets.join(' ')} accept; }`;
}

function attributes({ med, communities = [], largeCommunities = [] }: Announced): string {
  const tuple = (text: string): string => `(${text.replaceAll(':', ', ')})`;
  return [
    ...(med === undefined ? [] : [`bgp_med = ${med};`]),
    ...communities.map((c) => `bgp_community.add(${tuple(c)});`),
    ...largeCommunities.map((c) => `bgp_large_community.add(${tuple(c)});`),
  ].join(' ');
}

function protocol({ as, nextHops, routes }: DaemonConfig, neighbor: Neighbor, index: number): string {
  const channel = (family: 'ipv4' | 'ipv6'): string =>
    [
      `${family} { import all; export ${exportFilter(routes.filter((r) => isIPv4(r.prefix) === (family === 'ipv4')))};`,
      `next hop address ${nextHops[family]};`,
      neighbor.extendedNextHop === true && family === 'ipv4' ? 'extended next hop on;' : '',
      neighbor.addPath === true ? 'add paths on;' : '',
      neighbor.maxPrefixes !== undefined && family === 'ipv4'
        ? `receive limit ${neighbor.maxPrefixes} action disable;`
        : '',
      '};',
    ].join(' ');
  return `protocol bgp peer${index} {
  local ${neighbor.local} as ${as};
  neighbor ${neighbor.address} ${neighbor.twoOctetAS === true ? 'external' : `as ${neighbor.as}`};
  connect delay time 1; connect retry time 1; error wait time 1, 2;
  hold time ${neighbor.holdTime ?? 9};
  ${options(neighbor).join('\n  ')}
  ${channel('ipv4')}
  ${channel('ipv6')}
}`;
}

function options(n: Neighbor): readonly string[] {
  return [
    n.passive === true ? 'passive on;' : '',
    n.password === undefined ? '' : `password "${n.password}";`,
    n.ttlSecurity === true ? 'ttl security on;' : '',
    n.restartTime === undefined ? '' : `graceful restart on; graceful restart time ${n.restartTime};`,
    n.longLivedTime === undefined
      ? ''
      : `long lived graceful restart on; long lived stale time ${n.longLivedTime};`,
    n.reflectorClient === true ? 'rr client;' : '',
    n.extendedMessages === true ? 'enable extended messages on;' : '',
    n.twoOctetAS === true ? 'enable as4 off;' : '',
    n.role === undefined ? '' : `local role ${n.role};`,
  ].filter((line) => line !== '');
}

/** The routes of `show route all`. A route after the first of its prefix has no prefix in its line. */
function parseRoutes(text: string): readonly Received[] {
  const routes: Received[] = [];
  let prefix = '';
  for (const block of text.split(/^(?=\S.*\[|\s+(?:unicast|unreachable|blackhole)\s+\[)/m)) {
    const attribute = (name: string): string | undefined =>
      new RegExp(`^\\s+BGP\\.${name}: ?(.*)$`, 'm').exec(block)?.[1]?.trim();
    if (attribute('origin') === undefined) continue;
    prefix = /^([0-9a-f.:]+\/\d+)\s/.exec(block)?.[1] ?? prefix;
    routes.push(parseRoute(prefix, attribute));
  }
  return routes;
}

function parseRoute(prefix: string, attribute: (name: string) => string | undefined): Received {
  const [localPref, med] = [attribute('local_pref'), attribute('med')];
  const [originator, clusterList] = [attribute('originator_id'), attribute('cluster_list')];
  const communities = `${attribute('community') ?? ''} ${attribute('large_community') ?? ''}`;
  return {
    prefix,
    // A link-local address may stand behind a global one.
    nextHop: attribute('next_hop')?.split(' ')[0] ?? '',
    asPath: attribute('as_path') ?? '',
    ...(localPref !== undefined && { localPref: Number(localPref) }),
    ...(med !== undefined && { med: Number(med) }),
    communities: [...communities.matchAll(/\(([^)]+)\)/g)]
      .map(([, numbers]) => (numbers ?? '').replace(/,\s*/g, ':'))
      .toSorted(),
    ...(originator !== undefined && { originator }),
    ...(clusterList !== undefined && { clusterList: clusterList.split(' ') }),
  };
}
