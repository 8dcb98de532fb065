import { type Address, address, familyOf } from '../net/address.ts';
import { type Host, hostsOf, namespaceOf, placesOf, type Topology } from './topology.ts';

/** A command as its argument array. */
export type Argv = readonly string[];

/** Runs the rest of the line in a network namespace; the mount namespace stays, unlike with `ip netns exec`. */
export const inside = (topology: Pick<Topology, 'name'>, place: string): Argv => [
  'nsenter',
  `--net=/run/netns/${namespaceOf(topology, place)}`,
  '--',
];

/** All commands that turn nothing into the lab's wires, in order: namespaces, bridges, cables, addresses, routes. PURE. */
export function wiringCommands(topology: Topology): readonly Argv[] {
  return [
    ...placesOf(topology).map((place) => ['ip', 'netns', 'add', namespaceOf(topology, place)]),
    ...placesOf(topology).map((place) => loopbackUp(topology, place)),
    ...switchCommands(topology),
    ...hostsOf(topology).flatMap((host) => hostCommands(topology, host)),
  ];
}

const ip = (topology: Topology, place: string, ...rest: readonly string[]): Argv => [
  'ip',
  '-n',
  namespaceOf(topology, place),
  ...rest,
];

const loopbackUp = (topology: Topology, place: string): Argv =>
  ip(topology, place, 'link', 'set', 'lo', 'up');

/** Bridges that forward from their first moment and flood multicast, as a dumb switch does. */
function switchCommands(topology: Topology): readonly Argv[] {
  const place = topology.switch;
  return [
    [...inside(topology, place), 'sysctl', '-qw', 'net.ipv6.conf.default.disable_ipv6=1'],
    ...topology.segments.flatMap((segment) => [
      ip(
        topology,
        place,
        'link',
        'add',
        segment,
        'type',
        'bridge',
        'forward_delay',
        '0',
        'mcast_snooping',
        '0',
      ),
      ip(topology, place, 'link', 'set', segment, 'up'),
    ]),
  ];
}

function hostCommands(topology: Topology, host: Host): readonly Argv[] {
  const here = namespaceOf(topology, host.name);
  const there = namespaceOf(topology, topology.switch);
  // Nobody else is on these cables: without duplicate-address detection the addresses work at once.
  const sysctls = { 'net.ipv6.conf.default.accept_dad': '0', ...host.sysctls };
  return [
    [
      ...inside(topology, host.name),
      'sysctl',
      '-qw',
      ...Object.entries(sysctls).map(([key, value]) => `${key}=${value}`),
    ],
    ...host.interfaces.flatMap(({ name, port, segment, addresses }) => [
      // Both ends are made where they belong: no link ever appears on the machine itself.
      ['ip', 'link', 'add', name, 'netns', here, 'type', 'veth', 'peer', 'name', port, 'netns', there],
      ip(topology, topology.switch, 'link', 'set', port, 'master', segment, 'up'),
      ip(topology, host.name, 'link', 'set', name, 'up'),
      ...addresses.map((text) => ip(topology, host.name, 'address', 'add', text, 'dev', name)),
    ]),
    ...host.routes.map(({ to, via }) =>
      ip(topology, host.name, familyFlag(address(via)), 'route', 'add', to, 'via', via),
    ),
  ];
}

export const familyFlag = (value: Address): '-4' | '-6' => (familyOf(value) === 4 ? '-4' : '-6');
