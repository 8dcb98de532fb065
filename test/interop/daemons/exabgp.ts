import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
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

const EXABGP = '/usr/sbin/exabgp';

/**
 * ExaBGP, which keeps no table: what it receives goes as JSON lines to one helper program, its commands come from another.
 * Helpers of two words do: `sed` writes the lines to a file (and keeps its standard output, which ExaBGP
 * insists on), `cat` reads commands from a pipe.
 */
export const exabgp: DaemonKind = {
  name: 'ExaBGP',
  installed: existsSync(EXABGP),
  forwards: false,
  version: async () => /ExaBGP : ([\d.]+)/.exec((await execa(EXABGP, ['--version'])).stdout)?.[1] ?? '',
  start: async (netns, config) => {
    const daemon = new ExaBgp(netns, config);
    await daemon.start();
    return daemon;
  },
};

export class ExaBgp extends NetnsProcess implements Daemon {
  #config: DaemonConfig;
  #commands: number | undefined;

  constructor(netns: TestNetns, config: DaemonConfig) {
    super(netns, 'exabgp');
    this.#config = config;
    execFileSync('mkfifo', [this.file('commands')]);
  }

  async start(routes: readonly Announced[] = this.#config.routes): Promise<void> {
    this.#config = { ...this.#config, routes };
    writeFileSync(this.file('events'), '');
    this.write('exabgp.conf', exabgpConfig(this.#config, this.file('events'), this.file('commands')));
    this.run([EXABGP, this.file('exabgp.conf')], {
      'exabgp.api.ack': 'false',
      'exabgp.api.cli': 'false',
      'exabgp.daemon.user': 'root',
      'exabgp.log.destination': 'stdout',
      'exabgp.tcp.bind': [...new Set(this.#config.neighbors.map((n) => n.local))].join(' '),
    });
    // Both ends in one: opening it waits for nobody, and `cat` sees its end only when it is closed here.
    this.#commands = openSync(this.file('commands'), 'r+');
    await this.ready('ExaBGP', () => {
      if (!this.log.includes('loaded new configuration successfully')) throw new Error(this.log);
    });
  }

  async announce(routes: readonly Announced[]): Promise<void> {
    const gone = this.#config.routes.filter((b) => !routes.some((r) => r.prefix === b.prefix));
    this.#config = { ...this.#config, routes };
    for (const route of gone) this.command(`withdraw ${routeText(route, this.#config)}`);
    for (const route of routes) this.command(`announce ${routeText(route, this.#config)}`);
  }

  /** A line of its API. */
  command(line: string): void {
    if (this.#commands !== undefined) writeSync(this.#commands, `${line}\n`);
  }

  async received(neighbor: string): Promise<readonly Received[]> {
    const table = new Map<string, Received>();
    for (const event of this.#events(neighbor)) {
      // The end of a session takes its routes along; ExaBGP tells that as one event.
      if (event.type === 'state' && event.neighbor.state === 'down') table.clear();
      applyUpdate(table, event.neighbor.message?.update);
    }
    return [...table.values()];
  }

  async refresh(neighbor: string): Promise<void> {
    for (const family of ['ipv4', 'ipv6'])
      this.command(`neighbor ${neighbor} announce route-refresh ${family} unicast`);
  }

  async updates(neighbor: string): Promise<number> {
    return this.#events(neighbor).filter(({ type }) => type === 'update').length;
  }

  /** It sends the subcode alone, without a text, and dials again at once. */
  async shutdown(neighbor: string): Promise<void> {
    this.command(`neighbor ${neighbor} teardown 2`);
  }

  async enable(): Promise<void> {}

  async describe(neighbor: string): Promise<string> {
    const events = this.#events(neighbor).filter(({ type }) => type !== 'update');
    return `${events.map((event) => JSON.stringify(event)).join('\n')}\n${this.log}`;
  }

  #events(neighbor: string): readonly ExaBgpEvent[] {
    // The last line may be half there.
    const lines = readFileSync(this.file('events'), 'utf8').split('\n').slice(0, -1);
    return lines
      .map((line) => JSON.parse(line) as ExaBgpEvent)
      .filter((event) => event.neighbor?.address.peer === neighbor);
  }

  /**
   * Its helpers are groups of their own and end with what they read from. ExaBGP goes first: it would replace one, and that
   * would wait for ever for somebody to write.
   */
  override async kill(): Promise<void> {
    const ended = super.kill();
    if (this.#commands !== undefined) closeSync(this.#commands);
    this.#commands = undefined;
    await ended;
  }
}

function exabgpConfig(config: DaemonConfig, events: string, commands: string): string {
  return `process events { run /usr/bin/sed -n -u w${events}; encoder json; }
process commands { run /usr/bin/cat ${commands}; encoder json; }
${config.neighbors.map((n) => neighbor(config, n)).join('\n')}
`;
}

function neighbor(config: DaemonConfig, n: Neighbor): string {
  return `neighbor ${n.address} {
  router-id ${config.routerID};
  local-address ${n.local};
  local-as ${config.as};
  peer-as ${peerAS(n)};
  hold-time ${n.holdTime ?? 9};
  ${options(n).join('\n  ')}
  family { ipv4 unicast; ipv6 unicast; }
  capability {
    ${capabilities(n).join('\n    ')}
  }
  ${n.extendedNextHop === true ? 'nexthop { ipv4 unicast ipv6; }' : ''}
  ${n.addPath === true ? 'add-path { ipv4 unicast; ipv6 unicast; }' : ''}
  api { processes [ events commands ]; neighbor-changes; receive { parsed; update; } }
  static {
    ${config.routes.map((r) => `${routeText(r, config)};`).join('\n    ')}
  }
}`;
}

/** RFC 6793 §3: without the capability it sees AS_TRANS in the OPEN of an AS of four octets. */
const peerAS = ({ as, twoOctetAS }: Neighbor): number => (twoOctetAS === true && as > 0xffff ? 23_456 : as);

const options = (n: Neighbor): readonly string[] =>
  [
    n.passive === true ? 'passive true;' : '',
    n.password === undefined ? '' : `md5-password "${n.password}";`,
    n.ttlSecurity === true ? 'outgoing-ttl 255;\n  incoming-ttl 255;' : '',
  ].filter((line) => line !== '');

const capabilities = (n: Neighbor): readonly string[] => [
  'route-refresh enable;',
  `extended-message ${n.extendedMessages === true ? 'enable' : 'disable'};`,
  `nexthop ${n.extendedNextHop === true ? 'enable' : 'disable'};`,
  `asn4 ${n.twoOctetAS === true ? 'disable' : 'enable'};`,
  `add-path ${n.addPath === true ? 'send/receive' : 'disable'};`,
  ...(n.restartTime === undefined ? [] : [`graceful-restart ${n.restartTime};`]),
];

function routeText(route: Announced, { nextHops }: DaemonConfig): string {
  const { prefix, med, communities = [], largeCommunities = [], pathID } = route;
  const nextHop = isIPv4(prefix) ? nextHops.ipv4 : nextHops.ipv6;
  return [
    `route ${prefix}${pathID === undefined ? '' : ` path-information ${pathID}`} next-hop ${nextHop}`,
    ...(med === undefined ? [] : [`med ${med}`]),
    ...(communities.length === 0 ? [] : [`community [${communities.join(' ')}]`]),
    ...(largeCommunities.length === 0 ? [] : [`large-community [${largeCommunities.join(' ')}]`]),
  ].join(' ');
}

interface ExaBgpEvent {
  readonly type: string;
  readonly neighbor: {
    readonly address: { readonly peer: string };
    readonly state?: string;
    readonly message?: { readonly update?: ExaBgpUpdate };
  };
}

interface ExaBgpNlri {
  readonly nlri: string;
  readonly 'path-information'?: string;
}

interface ExaBgpUpdate {
  readonly attribute?: {
    readonly 'as-path'?: readonly number[];
    readonly 'local-preference'?: number;
    readonly med?: number;
    readonly community?: readonly (readonly number[])[];
    readonly 'large-community'?: readonly (readonly number[])[];
    readonly 'originator-id'?: string;
    readonly 'cluster-list'?: readonly string[];
  };
  readonly announce?: Readonly<Record<string, Readonly<Record<string, readonly ExaBgpNlri[]>>>>;
  readonly withdraw?: Readonly<Record<string, readonly ExaBgpNlri[]>>;
}

const key = (route: ExaBgpNlri): string => `${route.nlri} ${route['path-information'] ?? ''}`;

function applyUpdate(table: Map<string, Received>, update: ExaBgpUpdate | undefined): void {
  for (const route of Object.values(update?.withdraw ?? {}).flat()) table.delete(key(route));
  for (const byNextHop of Object.values(update?.announce ?? {})) {
    for (const [nextHop, routes] of Object.entries(byNextHop)) {
      // An End-of-RIB is told as an announcement that has no `nlri`.
      for (const route of routes)
        if (route.nlri !== undefined) table.set(key(route), received(route.nlri, nextHop, update?.attribute));
    }
  }
}

function received(prefix: string, nextHop: string, attribute: ExaBgpUpdate['attribute'] = {}): Received {
  const { med } = attribute;
  const { 'local-preference': localPref, 'originator-id': originator } = attribute;
  const clusterList = attribute['cluster-list'];
  return {
    prefix,
    nextHop,
    asPath: (attribute['as-path'] ?? []).join(' '),
    ...(localPref !== undefined && { localPref }),
    ...(med !== undefined && { med }),
    communities: [...(attribute.community ?? []), ...(attribute['large-community'] ?? [])]
      .map((numbers) => numbers.join(':'))
      .toSorted(),
    ...(originator !== undefined && { originator }),
    ...(clusterList !== undefined && { clusterList }),
  };
}
