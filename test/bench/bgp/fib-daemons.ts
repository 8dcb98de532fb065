import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  AS,
  birdConfig,
  frrConfig,
  type Neighbour,
  NODE,
  nodeEnvironment,
  type Site,
  startBgpd,
  startBird,
  watching,
} from './daemons.ts';
import { Program } from './program.ts';

/** One that writes what it learns from one neighbour to the kernel. */
export interface FibDaemon {
  readonly name: string;
  readonly installed: boolean;
  /** The programs that it is made of. */
  start(site: Site, neighbour: Neighbour): readonly Program[];
}

const bundle = join(import.meta.dirname, '../../../dist/gryphon.mjs');

/** The whole agent, with one external peer of which everything is taken. */
const manifests = ({ as, address, local }: Neighbour): string => `
apiVersion: v1
kind: Node
metadata: { name: node-a }
spec: { podCIDR: 10.244.1.0/24, podCIDRs: [10.244.1.0/24] }
status: { addresses: [{ address: ${local}, type: InternalIP }] }
---
apiVersion: gryphon.dev/v1alpha1
kind: BGPConfiguration
metadata: { name: default }
spec: { asNumber: ${AS} }
---
apiVersion: gryphon.dev/v1alpha1
kind: BGPFilter
metadata: { name: everything }
spec: { importV4: [{ action: Accept }] }
---
apiVersion: gryphon.dev/v1alpha1
kind: BGPPeer
metadata: { name: sender }
spec: { peerIP: ${address}, asNumber: ${as}, passive: true, filters: [everything] }
`;

function startAgent(site: Site, neighbour: Neighbour): readonly Program[] {
  const { directory, netns } = site;
  const folders = {
    manifests: 'manifests',
    'run-dir': 'run',
    'state-dir': 'state',
    'cni-bin-dir': 'bin',
    'cni-conf-dir': 'net.d',
  };
  const flags = Object.entries(folders).flatMap(([flag, name]) => {
    mkdirSync(join(directory, name));
    return [`--${flag}`, join(directory, name)];
  });
  writeFileSync(join(directory, 'manifests', 'all.yaml'), manifests(neighbour));
  const command = [
    ...NODE,
    ...watching(site),
    bundle,
    'agent',
    '--source',
    'manifests',
    '--node-name',
    'node-a',
  ];
  return [new Program(netns, [...command, ...flags], nodeEnvironment(site))];
}

function startFrr(site: Site, neighbour: Neighbour): readonly Program[] {
  const { directory, netns } = site;
  const sockets = join(directory, 'zebra');
  const file = join(directory, 'zebra.conf');
  const socket = join(directory, 'zserv.api');
  mkdirSync(sockets);
  writeFileSync(file, '');
  // zebra insists on becoming the user frr, who must be able to write its socket.
  for (const place of [directory, sockets]) chmodSync(place, 0o777);
  const paths = ['-f', file, '-i', join(directory, 'zebra.pid'), '-z', socket, '--vty_socket', sockets];
  const zebra = new Program(netns, ['/usr/lib/frr/zebra', ...paths, '-P', '0']);
  return [zebra, startBgpd(site, frrConfig([neighbour]), ['-z', socket])];
}

export const fibDaemons: readonly FibDaemon[] = [
  { name: 'Gryphon', installed: existsSync(bundle), start: startAgent },
  {
    name: 'BIRD',
    installed: existsSync('/usr/sbin/bird'),
    start: (site, neighbour) => [startBird(site, birdConfig([neighbour], true))],
  },
  { name: 'FRR', installed: existsSync('/usr/lib/frr/zebra'), start: startFrr },
];
