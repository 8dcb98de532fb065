import { expect, test } from 'vitest';
import { labTopology, namespacePrefix } from '../../src/lab/topology.ts';
import { inside, wiringCommands } from '../../src/lab/wiring.ts';

const topology = labTopology('lab');
const commands = wiringCommands(topology);
const lines = commands.map((argv) => argv.join(' '));

test('nothing of the machine itself is touched: every command names one of our namespaces for all that it makes', () => {
  const ours = namespacePrefix(topology);
  const allowed = [
    new RegExp(`^ip netns add ${ours}\\S+$`),
    new RegExp(`^ip -n ${ours}\\S+ `),
    new RegExp(`^ip link add \\S+ netns ${ours}\\S+ type veth peer name \\S+ netns ${ours}\\S+$`),
    new RegExp(`^nsenter --net=/run/netns/${ours}\\S+ -- sysctl -qw `),
  ];
  expect(lines.filter((line) => !allowed.some((pattern) => pattern.test(line)))).toEqual([]);
});

test('node-a: its cable, its addresses, its default routes', () => {
  expect(lines.filter((line) => line.includes('node-a'))).toMatchInlineSnapshot(`
    [
      "ip netns add gry-lab-node-a",
      "ip -n gry-lab-node-a link set lo up",
      "nsenter --net=/run/netns/gry-lab-node-a -- sysctl -qw net.ipv6.conf.default.accept_dad=0",
      "ip link add eth0 netns gry-lab-node-a type veth peer name node-a netns gry-lab-switch",
      "ip -n gry-lab-switch link set node-a master rack-1 up",
      "ip -n gry-lab-node-a link set eth0 up",
      "ip -n gry-lab-node-a address add 192.168.34.10/24 dev eth0",
      "ip -n gry-lab-node-a address add fd00:34::10/64 dev eth0",
      "ip -n gry-lab-node-a -4 route add default via 192.168.34.1",
      "ip -n gry-lab-node-a -6 route add default via fd00:34::1",
    ]
  `);
});

test('namespaces come first, addresses before the routes that need them', () => {
  const first = (part: string): number => lines.findIndex((line) => line.includes(part));
  const last = (part: string): number => lines.findLastIndex((line) => line.includes(part));
  expect(last('netns add')).toBeLessThan(first(' link '));
  expect(last('gry-lab-node-a address add')).toBeLessThan(first('gry-lab-node-a -4 route add'));
});

test('a command inside keeps the mount namespace', () => {
  expect(inside(topology, 'pod-a1')).toEqual(['nsenter', '--net=/run/netns/gry-lab-pod-a1', '--']);
});
