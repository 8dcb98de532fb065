import net from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { firewallIntent } from '../../src/calc/firewall.ts';
import { FirewallDriver } from '../../src/iptables/firewall-driver.ts';
import { address, type Family } from '../../src/net/address.ts';
import { prefix } from '../../src/net/prefix.ts';
import { silentLog } from '../../src/ports/log.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { connect, createNetns, type TestNetns } from '../support/netns.ts';
import { NetnsRunner } from '../support/netns-runner.ts';

/*
 *   pod1 ── gryp00000000001 ┐          ┌ up0 ── other    192.168.34.11, a node: knows the way to the pods
 *                           ├── node ──┤
 *   pod2 ── gryp00000000002 ┘          └ up1 ── internet 203.0.113.7, not a node: knows no way to the pods
 *
 * Docker has set the policy of FORWARD to DROP on the node.
 */
const hosts = {
  4: {
    pod1: '10.233.90.2',
    pod2: '10.233.90.3',
    node: '192.168.34.10',
    public: '203.0.113.1',
    other: '192.168.34.11',
    internet: '203.0.113.7',
  },
  6: {
    pod1: 'fd00:233:90::2',
    pod2: 'fd00:233:90::3',
    node: '2001:db8:34::10',
    public: '2001:db8:113::1',
    other: '2001:db8:34::11',
    internet: '2001:db8:113::7',
  },
} as const;
const families: readonly Family[] = [4, 6];
const bits = { 4: 32, 6: 128 } as const;
const gateways = { 4: '169.254.1.1', 6: 'fe80::ecee:eeff:feee:eeee' } as const;
const PORT = 8080;

const open: { close(): unknown }[] = [];
let netns: Record<'pod1' | 'pod2' | 'node' | 'other' | 'internet', TestNetns>;
let agent: FirewallDriver;

/** A server that tells everybody the address it sees. */
function serve(where: TestNetns): void {
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.end((socket.remoteAddress ?? '').replace(/^::ffff:/, ''));
  });
  // Without a host name the socket is made at once, that is, inside the namespace.
  where.run(() => server.listen(PORT));
  open.push(server);
}

/** What the server says; empty when nothing comes through within a second. */
const ask = async (from: TestNetns, to: string, port = PORT): Promise<string> =>
  await from.exec('timeout', '1', 'bash', '-c', `cat < /dev/tcp/${to}/${port}`).catch(() => '');

async function attachPod(pod: TestNetns, number: 1 | 2): Promise<void> {
  const { node } = netns;
  const link = `gryp0000000000${number}`;
  await connect({ netns: node, name: link }, { netns: pod, name: 'eth0' });
  await node.ip(`link set ${link} address ee:ee:ee:ee:ee:ee`);
  for (const family of families) {
    const own = `${hosts[family][`pod${number}`]}/${bits[family]}`;
    const gateway = gateways[family];
    await pod.ip(`address add ${own} dev eth0${family === 6 ? ' nodad' : ''}`);
    await pod.ip(`neighbour add ${gateway} lladdr ee:ee:ee:ee:ee:ee dev eth0 nud permanent`);
    await pod.ip(`route add default via ${gateway} dev eth0 onlink`);
    await node.ip(`route add ${own} dev ${link}`);
  }
}

beforeAll(async () => {
  const [pod1, pod2, node, other, internet] = await Promise.all(
    Array.from({ length: 5 }, () => createNetns()),
  );
  netns = { pod1, pod2, node, other, internet } as typeof netns;
  open.push(...Object.values(netns).map((n) => ({ close: () => n.remove() })));
  const at = (host: 'node' | 'public' | 'other' | 'internet') => [
    `${hosts[4][host]}/24`,
    `${hosts[6][host]}/64`,
  ];
  await connect(
    { netns: netns.node, name: 'up0', addresses: at('node') },
    { netns: netns.other, name: 'eth0', addresses: at('other') },
  );
  await connect(
    { netns: netns.node, name: 'up1', addresses: at('public') },
    { netns: netns.internet, name: 'eth0', addresses: at('internet') },
  );
  await netns.node.exec('sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1');
  await attachPod(netns.pod1, 1);
  await attachPod(netns.pod2, 2);
  await netns.other.ip(`route add 10.233.64.0/18 via ${hosts[4].node}`);
  await netns.other.ip(`route add fd00:233::/32 via ${hosts[6].node}`);
  for (const program of ['iptables-nft', 'ip6tables-nft'])
    await netns.node.exec(program, '-P', 'FORWARD', 'DROP');
  for (const where of [netns.pod2, netns.node, netns.other, netns.internet]) serve(where);
  agent = new FirewallDriver({ runner: new NetnsRunner(netns.node), clock: new FakeClock(), log: silentLog });
});

afterAll(() => {
  for (const each of open) each.close();
});

async function install(): Promise<void> {
  agent.set(
    firewallIntent({
      pools: [
        { cidr: prefix('10.233.64.0/18'), natOutgoing: true },
        { cidr: prefix('fd00:233::/32'), natOutgoing: true },
      ],
      families,
      nodeAddresses: families.flatMap((f) => [hosts[f].node, hosts[f].other]).map(address),
      podInterfaces: 'gryp+',
    }),
  );
  expect((await agent.apply(new AbortController().signal)).failures).toEqual([]);
}

test('without our rules nothing is forwarded', async () => {
  expect(await ask(netns.pod1, hosts[4].pod2)).toBe('');
});

describe.each(families)('IPv%i: the server sees', (family) => {
  const of = hosts[family];
  beforeAll(install);

  test.each<[string, 'pod1' | 'other', string, string]>([
    ['the node, on the way to the internet', 'pod1', of.internet, of.public],
    ['the pod, from pod to pod', 'pod1', of.pod2, of.pod1],
    ['the pod, from pod to its own node', 'pod1', of.node, of.pod1],
    ['the pod, from pod to another node', 'pod1', of.other, of.pod1],
    ['the other node, from there to a pod', 'other', of.pod2, of.other],
  ])('%s', async (_, from, to, seen) => {
    expect(await ask(netns[from], to)).toBe(seen);
  });

  test('nobody, where no pod is concerned: the policy stays in force', async () => {
    await netns.other.ip(`route replace ${of.internet}/${bits[family]} via ${of.node}`);
    await netns.internet.ip(`route replace ${of.other}/${bits[family]} via ${of.public}`);
    expect(await ask(netns.other, of.internet)).toBe('');
  });
});

describe.each(families)('IPv%i: a pod that sends from an address of another pod', (family) => {
  const { pod2, other } = hosts[family];
  /** Datagrams from pod1 under the address, as the other node counts them; its own sysctls do not protect this node. */
  async function received(source: string): Promise<number> {
    const { pod1 } = netns;
    await pod1.ip(`address replace ${source}/${bits[family]} dev eth0${family === 6 ? ' nodad' : ''}`);
    await pod1.ip(`route replace default via ${gateways[family]} dev eth0 onlink src ${source}`);
    const before = await counted();
    await pod1.exec('bash', '-c', `for i in 1 2 3 4 5; do echo > /dev/udp/${other}/9999; done`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    return (await counted()) - before;
  }

  /** UDP datagrams that came to a port where nobody listens. */
  async function counted(): Promise<number> {
    const file = family === 4 ? '/proc/net/snmp' : '/proc/net/snmp6';
    const text = await netns.other.exec('cat', file);
    if (family === 6) return Number(/^Udp6NoPorts\s+(\d+)/m.exec(text)?.[1]);
    return Number(/^Udp: \d+ (\d+)/m.exec(text)?.[1]);
  }

  beforeAll(async () => {
    await netns.node.exec('sysctl', '-qw', 'net.ipv4.conf.all.rp_filter=0');
    for (const link of ['gryp00000000001', 'gryp00000000002'])
      await netns.node.exec('sysctl', '-qw', `net.ipv4.conf.${link}.rp_filter=0`);
  });

  test('is heard without our rule, not with it, while its own address passes', async () => {
    agent.set({ sets: [], rules: { 4: {}, 6: {} } });
    await agent.apply(new AbortController().signal);
    for (const program of ['iptables-nft', 'ip6tables-nft'])
      await netns.node.exec(program, '-P', 'FORWARD', 'ACCEPT');
    expect(await received(pod2)).toBe(5);
    await install();
    expect(await received(pod2)).toBe(0);
    expect(await received(hosts[family].pod1)).toBe(5);
  });
});

describe('with route_localnet, as a host port on 127.0.0.1 needs it', () => {
  const { public: node } = hosts[4];

  beforeAll(async () => {
    await netns.node.exec('sysctl', '-qw', 'net.ipv4.conf.all.route_localnet=1');
    // A hostile neighbour, for whom 127.0.0.1 is just another address.
    await netns.internet.exec('sysctl', '-qw', 'net.ipv4.conf.all.route_localnet=1');
    await netns.internet.ip('rule add pref 5 to 127.0.0.1 lookup 99');
    await netns.internet.ip('rule add pref 10 lookup local');
    await netns.internet.ip('rule del pref 0');
    await netns.internet.ip(`route add 127.0.0.1/32 via ${node} src ${hosts[4].internet} table 99`);
  });

  test('a neighbour gets through to 127.0.0.1 without our rule, not with it', async () => {
    agent.set({ sets: [], rules: { 4: {}, 6: {} } });
    await agent.apply(new AbortController().signal);
    expect(await ask(netns.internet, '127.0.0.1')).toBe(hosts[4].internet);
    await install();
    expect(await ask(netns.internet, '127.0.0.1')).toBe('');
  });

  test('a translated host port is let through, and so is the node itself', async () => {
    await install();
    const dnat = ['-p', 'tcp', '--dport', '8081', '-j', 'DNAT', '--to-destination', `127.0.0.1:${PORT}`];
    await netns.node.exec('iptables-nft', '-t', 'nat', '-A', 'PREROUTING', '-d', node, ...dnat);
    expect(await ask(netns.internet, node, 8081)).toBe(hosts[4].internet);
    expect(await ask(netns.node, '127.0.0.1')).toBe('127.0.0.1');
  });
});
