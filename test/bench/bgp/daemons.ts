import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PeerConfig, SpeakerConfig } from '../../../src/bgp/config.ts';
import { address } from '../../../src/net/address.ts';
import { nodeFlags } from '../../support/launcher.ts';
import type { TestNetns } from '../../support/netns.ts';
import { Program } from './program.ts';

/** Of all daemons in all runs; peers dial. */
export const AS = 64_512;
export const ROUTER_ID = '10.0.0.1';
export const HOLD = 240;

export interface Neighbour {
  readonly as: number;
  readonly address: string;
  /** The daemon's own address towards it. */
  readonly local: string;
}

/** Where a daemon is started, and what it may write to. */
export interface Site {
  readonly netns: TestNetns;
  readonly directory: string;
  /** Our bundles and compiled programs. */
  readonly build: string;
  /** Whether the event loop of ours is watched (`loop-watch.ts`), which costs it some percent of its speed. */
  readonly watch: boolean;
}

/** One that forwards everything between its neighbours and writes nothing to the kernel. */
export interface Daemon {
  readonly name: string;
  readonly installed: boolean;
  start(site: Site, neighbours: readonly Neighbour[]): Program;
}

const write = (site: Site, name: string, text: string): string => {
  const file = join(site.directory, name);
  writeFileSync(file, text);
  return file;
};

/** As bin/gryphon starts it. */
export const NODE = [process.execPath, ...nodeFlags()];

/** What makes a process of ours be watched. */
export const watching = ({ watch, build }: Site): readonly string[] =>
  watch ? ['--import', join(build, 'loop-watch.mjs')] : [];

export function nodeEnvironment(site: Pick<Site, 'directory'>): Readonly<Record<string, string>> {
  return { MALLOC_ARENA_MAX: '1', LOOP_WATCH: join(site.directory, 'loop.json') };
}

/** Our speaker with this configuration. */
export function startSpeaker(site: Site, config: SpeakerConfig): Program {
  const file = write(site, 'speaker.json', JSON.stringify(config));
  const command = [...NODE, ...watching(site), join(site.build, 'speaker.mjs'), file];
  return new Program(site.netns, command, nodeEnvironment(site));
}

/** What all neighbours of ours have in common. */
export const peerConfig = ({ as, address: peer, local }: Neighbour): PeerConfig => ({
  name: `peer/${peer}`,
  address: address(peer),
  port: 179,
  localAddress: address(local),
  localAS: AS,
  remoteAS: as,
  families: ['ipv4-unicast'],
  holdTime: HOLD,
  keepaliveTime: HOLD / 3,
  passive: true,
  import: { kind: 'all' },
  export: { kind: 'all' },
});

const startGryphon = (site: Site, neighbours: readonly Neighbour[]): Program =>
  startSpeaker(site, {
    routerID: address(ROUTER_ID),
    localAS: AS,
    listen: neighbours.map(({ local }) => ({ address: address(local), port: 179 })),
    originated: [],
    nextHops: { ipv4: address(neighbours[0]?.local ?? ROUTER_ID) },
    peers: neighbours.map(peerConfig),
  });

const birdPeer = ({ as, address: peer, local }: Neighbour): string => `
protocol bgp {
  local ${local} as ${AS}; neighbor ${peer} as ${as}; passive; hold time ${HOLD};
  ipv4 { import all; export all; };
}`;

/** `kernel`: whether routes go to the kernel too. */
export function birdConfig(neighbours: readonly Neighbour[], kernel: boolean): string {
  return `
router id ${ROUTER_ID};
protocol device {}
${kernel ? 'protocol kernel { ipv4 { import none; export all; }; }' : ''}
${neighbours.map(birdPeer).join('\n')}
`;
}

export function startBird(site: Site, config: string): Program {
  const file = write(site, 'bird.conf', config);
  return new Program(site.netns, [
    '/usr/sbin/bird',
    '-f',
    '-c',
    file,
    '-s',
    join(site.directory, 'bird.ctl'),
  ]);
}

const each = (neighbours: readonly Neighbour[], line: (n: Neighbour) => string): string =>
  neighbours.map(line).join('\n');

export const frrConfig = (neighbours: readonly Neighbour[]): string => `
frr defaults datacenter
router bgp ${AS}
 bgp router-id ${ROUTER_ID}
 no bgp ebgp-requires-policy
${each(neighbours, (n) => ` neighbor ${n.address} remote-as ${n.as}\n neighbor ${n.address} passive\n neighbor ${n.address} timers ${HOLD / 3} ${HOLD}`)}
`;

/** FRR's daemons give up root for the user frr; in a directory of ours they need not. */
export function startBgpd(site: Site, config: string, more: readonly string[]): Program {
  const file = write(site, 'bgpd.conf', config);
  const sockets = join(site.directory, 'frr');
  mkdirSync(sockets, { recursive: true });
  const paths = ['-i', join(site.directory, 'bgpd.pid'), '--vty_socket', sockets, '-P', '0'];
  return new Program(site.netns, ['/usr/lib/frr/bgpd', '-f', file, ...paths, '-S', ...more]);
}

function startOpenBgpd(site: Site, neighbours: readonly Neighbour[]): Program {
  const text = `
AS ${AS}
router-id ${ROUTER_ID}
fib-update no
socket "${join(site.directory, 'bgpd.sock')}"
${each(neighbours, (n) => `listen on ${n.local}`)}
${each(neighbours, (n) => `neighbor ${n.address} {\n  remote-as ${n.as}\n  passive\n  holdtime ${HOLD}\n  announce IPv6 none\n}`)}
allow from any
allow to any
`;
  const file = write(site, 'openbgpd.conf', text);
  chmodSync(file, 0o600);
  return new Program(site.netns, ['/usr/sbin/bgpd', '-d', '-f', file]);
}

function startGobgpd(site: Site, neighbours: readonly Neighbour[]): Program {
  const text = `
[global.config]
  as = ${AS}
  router-id = "${ROUTER_ID}"
${each(
  neighbours,
  (n) => `[[neighbors]]
  [neighbors.config]
    neighbor-address = "${n.address}"
    peer-as = ${n.as}
  [neighbors.transport.config]
    passive-mode = true
  [neighbors.timers.config]
    hold-time = ${HOLD}`,
)}
`;
  const file = write(site, 'gobgpd.toml', text);
  return new Program(site.netns, ['/usr/bin/gobgpd', '-f', file, '--pprof-disable', '--log-level=error']);
}

export const relay: Daemon = {
  name: 'null relay',
  installed: true,
  start: (site) => new Program(site.netns, [join(site.build, 'relay'), '179']),
};

export const daemons: readonly Daemon[] = [
  { name: 'Gryphon', installed: true, start: startGryphon },
  {
    name: 'BIRD',
    installed: existsSync('/usr/sbin/bird'),
    start: (site, neighbours) => startBird(site, birdConfig(neighbours, false)),
  },
  {
    name: 'FRR',
    installed: existsSync('/usr/lib/frr/bgpd'),
    start: (site, neighbours) => startBgpd(site, frrConfig(neighbours), ['-Z']),
  },
  { name: 'OpenBGPD', installed: existsSync('/usr/sbin/bgpd'), start: startOpenBgpd },
  { name: 'GoBGP', installed: existsSync('/usr/bin/gobgpd'), start: startGobgpd },
];
