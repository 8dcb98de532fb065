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

const GOBGPD = '/usr/bin/gobgpd';
const GOBGP = '/usr/bin/gobgp';

/** GoBGP. Its configuration file has no routes: they are added by the client. */
export const gobgp: DaemonKind = {
  name: 'GoBGP',
  installed: existsSync(GOBGPD) && existsSync(GOBGP),
  forwards: true,
  version: async () => /version (\S+)/.exec((await execa(GOBGPD, ['--version'])).stdout)?.[1] ?? '',
  start: async (netns, config) => {
    const daemon = new GoBgp(netns, config);
    await daemon.start();
    return daemon;
  },
};

class GoBgp extends NetnsProcess implements Daemon {
  #config: DaemonConfig;
  #runs = 0;

  constructor(netns: TestNetns, config: DaemonConfig) {
    super(netns, 'gobgp');
    this.#config = config;
  }

  async start(routes: readonly Announced[] = this.#config.routes): Promise<void> {
    this.#config = { ...this.#config, routes };
    this.write('gobgp.json', JSON.stringify(gobgpConfig(this.#config)));
    // A second run is a graceful restart (RFC 4724 §3, the R bit): GoBGP has to be told.
    const restart = this.#runs++ > 0 ? ['--graceful-restart'] : [];
    const config = ['--config-file', this.file('gobgp.json'), '--config-type', 'json'];
    const rest = ['--log-plain', '--pprof-disable', '--api-hosts', '127.0.0.1:50051'];
    this.run([GOBGPD, ...config, ...rest, ...restart]);
    await this.ready('GoBGP', () => this.#ask('global'));
    await Promise.all(this.#config.routes.map((route) => this.#add(route)));
  }

  async announce(routes: readonly Announced[]): Promise<void> {
    const gone = this.#config.routes.filter((b) => !routes.some((r) => r.prefix === b.prefix));
    this.#config = { ...this.#config, routes };
    for (const { prefix } of gone) await this.#ask('global', 'rib', 'del', prefix, '-a', family(prefix));
    for (const route of routes) await this.#add(route);
  }

  /** Of its global table, because that of a neighbour is told only while its session is up. */
  async received(neighbor: string): Promise<readonly Received[]> {
    const tables = ['ipv4', 'ipv6'].map(async (name) => {
      const text = await this.#ask('-j', 'global', 'rib', '-a', name);
      return Object.values(JSON.parse(text) as GoBgpTable).flat();
    });
    const paths = (await Promise.all(tables)).flat();
    return paths.filter((path) => path['neighbor-ip'] === neighbor).map(received);
  }

  async refresh(neighbor: string): Promise<void> {
    for (const name of ['ipv4', 'ipv6']) await this.#ask('neighbor', neighbor, 'softresetin', '-a', name);
  }

  async updates(neighbor: string): Promise<number> {
    const peer = JSON.parse(await this.#ask('-j', 'neighbor', neighbor)) as GoBgpNeighbor;
    return peer.state.messages.received.update ?? 0;
  }

  async shutdown(neighbor: string, text: string): Promise<void> {
    await this.#ask('neighbor', neighbor, 'disable', '--reason', text);
  }

  async enable(neighbor: string): Promise<void> {
    await this.#ask('neighbor', neighbor, 'enable');
  }

  async describe(neighbor: string): Promise<string> {
    return `${await this.#ask('neighbor', neighbor)}\n${this.log}`;
  }

  async #add({ prefix, med, communities = [], largeCommunities = [] }: Announced): Promise<void> {
    const attributes = [
      ['nexthop', this.#config.nextHops[family(prefix)], 'origin', 'igp'],
      med === undefined ? [] : ['med', String(med)],
      communities.length === 0 ? [] : ['community', communities.join(',')],
      largeCommunities.length === 0 ? [] : ['large-community', largeCommunities.join(',')],
    ].flat();
    await this.#ask('global', 'rib', 'add', prefix, '-a', family(prefix), ...attributes);
  }

  async #ask(...args: readonly string[]): Promise<string> {
    return await this.exec(GOBGP, ...args);
  }
}

const family = (prefix: string): 'ipv4' | 'ipv6' => (isIPv4(prefix) ? 'ipv4' : 'ipv6');

function gobgpConfig({ as, routerID, neighbors }: DaemonConfig): unknown {
  return {
    global: {
      config: {
        as,
        'router-id': routerID,
        'local-address-list': [...new Set(neighbors.map((n) => n.local))],
      },
    },
    neighbors: neighbors.map((n) => ({
      config: {
        'neighbor-address': n.address,
        'peer-as': n.as,
        ...(n.password !== undefined && { 'auth-password': n.password }),
      },
      timers: {
        config: {
          'connect-retry': 1,
          'hold-time': n.holdTime ?? 9,
          'keepalive-interval': Math.floor((n.holdTime ?? 9) / 3),
          'idle-hold-time-after-reset': 1,
        },
      },
      transport: { config: { 'local-address': n.local, 'passive-mode': n.passive === true } },
      ...(n.ttlSecurity === true && { 'ttl-security': { config: { enabled: true, 'ttl-min': 255 } } }),
      ...(n.reflectorClient === true && {
        'route-reflector': {
          config: { 'route-reflector-client': true, 'route-reflector-cluster-id': routerID },
        },
      }),
      ...(n.restartTime !== undefined && { 'graceful-restart': gracefulRestart(n) }),
      'afi-safis': ['ipv4-unicast', 'ipv6-unicast'].map((name) => afiSafi(n, name)),
    })),
  };
}

const gracefulRestart = ({ restartTime, longLivedTime }: Neighbor): unknown => ({
  config: {
    enabled: true,
    'restart-time': restartTime,
    'notification-enabled': true,
    'long-lived-enabled': longLivedTime !== undefined,
  },
});

const afiSafi = (n: Neighbor, name: string): unknown => ({
  config: { 'afi-safi-name': name },
  ...(n.addPath === true && { 'add-paths': { config: { receive: true, 'send-max': 8 } } }),
  ...(n.restartTime !== undefined && { 'mp-graceful-restart': { config: { enabled: true } } }),
  ...(n.longLivedTime !== undefined && {
    'long-lived-graceful-restart': { config: { enabled: true, 'restart-time': n.longLivedTime } },
  }),
  ...(n.maxPrefixes !== undefined &&
    name === 'ipv4-unicast' && { 'prefix-limit': { config: { 'max-prefixes': n.maxPrefixes } } }),
});

type GoBgpTable = Readonly<Record<string, readonly GoBgpPath[]>>;

interface GoBgpPath {
  readonly nlri: { readonly prefix: string };
  readonly 'neighbor-ip'?: string;
  readonly attrs: readonly GoBgpAttribute[];
}

/** `type` is the code of the attribute; what it holds has many names. */
interface GoBgpAttribute {
  readonly type: number;
  readonly value?: number | string | readonly (string | GoBgpLarge)[];
  readonly nexthop?: string;
  readonly metric?: number;
  readonly as_paths?: readonly { readonly asns: readonly number[] }[];
  readonly communities?: readonly number[];
}

interface GoBgpLarge {
  readonly ASN: number;
  readonly LocalData1: number;
  readonly LocalData2: number;
}

interface GoBgpNeighbor {
  readonly state: { readonly messages: { readonly received: { readonly update?: number } } };
}

/** Codes of the attributes, RFC 4271 and others. */
const CODE = { asPath: 2, nextHop: 3, med: 4, localPref: 5, communities: 8, originator: 9, clusterList: 10 };
const CODE_MP_REACH = 14;
const CODE_LARGE = 32;

function received({ nlri, attrs }: GoBgpPath): Received {
  const find = (code: number): GoBgpAttribute | undefined => attrs.find((a) => a.type === code);
  const localPref = find(CODE.localPref)?.value;
  const med = find(CODE.med)?.metric;
  const originator = find(CODE.originator)?.value;
  const clusterList = find(CODE.clusterList)?.value;
  const segments = find(CODE.asPath)?.as_paths ?? [];
  return {
    prefix: nlri.prefix,
    nextHop: find(CODE.nextHop)?.nexthop ?? find(CODE_MP_REACH)?.nexthop ?? '',
    asPath: segments.flatMap(({ asns }) => asns).join(' '),
    ...(typeof localPref === 'number' && { localPref }),
    ...(med !== undefined && { med }),
    communities: communities(find(CODE.communities), find(CODE_LARGE)),
    ...(typeof originator === 'string' && { originator }),
    ...(Array.isArray(clusterList) && { clusterList: clusterList.map(String) }),
  };
}

function communities(standard?: GoBgpAttribute, large?: GoBgpAttribute): readonly string[] {
  const values = standard?.communities ?? [];
  return [
    ...values.map((c) => `${c >>> 16}:${c & 0xffff}`),
    ...(Array.isArray(large?.value) ? (large.value as readonly GoBgpLarge[]) : []).map(
      (c) => `${c.ASN}:${c.LocalData1}:${c.LocalData2}`,
    ),
  ].toSorted();
}
