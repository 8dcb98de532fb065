import fc from 'fast-check';
import { expect, it } from 'vitest';
import { clusterOf, computeCluster } from '../../src/calc/cluster.ts';
import {
  addressOf,
  claimedAddresses,
  isContainerLink,
  nodeAddress,
  pairOf,
} from '../../src/calc/node-addresses.ts';
import { computePools } from '../../src/calc/pools.ts';
import { computeSelf } from '../../src/calc/self.ts';
import { computeSysctls } from '../../src/calc/sysctls.ts';
import { computeUplinks, downLinks } from '../../src/calc/uplinks.ts';
import type { NodeRecord } from '../../src/kube/records/node.ts';
import { address } from '../../src/net/address.ts';
import { prefix } from '../../src/net/prefix.ts';
import type { LinkAddressRecord } from '../../src/netlink/wire/records.ts';
import { byName, kernelRoute, link, linkMap, node, via } from '../support/records.ts';
import { selfOf } from '../support/self.ts';

const codes = (problems: readonly { code: string; subject: string }[]): string[] =>
  problems.map((p) => `${p.code} ${p.subject}`);

it('the node that sorts first keeps a podCIDR or address that several claim', () => {
  const cluster = computeCluster(
    byName(
      node('c', ['10.1.0.0/16', 'fd00:c::/64'], ['192.0.2.3', 'fd00::3']),
      node('a', ['10.1.2.0/24'], ['192.0.2.1']),
      node('b', ['10.1.3.0/24', '10.1.2.128/25'], ['192.0.2.1', 'fd00::3']),
    ),
  );
  expect(
    Object.fromEntries(
      [...cluster.nodes].map(([name, n]) => [name, [...n.podCIDRs, ...Object.values(n.addresses)]]),
    ),
  ).toEqual({
    a: ['10.1.2.0/24', '192.0.2.1'],
    b: ['10.1.3.0/24', 'fd00::3'],
    c: ['fd00:c::/64', '192.0.2.3'],
  });
  expect(cluster.problems.map((p) => `${p.subject}: ${p.message}`)).toEqual([
    'Node b: its podCIDR 10.1.2.128/25 overlaps 10.1.2.0/24 of Node a, which keeps it',
    'Node b: its address 192.0.2.1 is also that of Node a, which keeps it',
    'Node c: its podCIDR 10.1.0.0/16 overlaps 10.1.2.0/24 of Node a, which keeps it',
    'Node c: its address fd00::3 is also that of Node b, which keeps it',
  ]);
});

it('followed through any changes is what it would be anew, and what did not change is the same object', () => {
  const change = fc.record({
    name: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    cidr: fc.option(
      fc.constantFrom('10.1.0.0/16', '10.1.2.0/24', '10.1.2.128/25', '10.2.0.0/24', 'fd00::/64'),
    ),
    ip: fc.constantFrom('192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4', 'fd00::3'),
    gone: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
      const follow = clusterOf();
      let nodes: ReadonlyMap<string, NodeRecord> = new Map();
      let before = follow(nodes);
      for (const { name, cidr, ip, gone } of changes) {
        const next = new Map(nodes);
        if (gone) next.delete(name);
        else next.set(name, node(name, cidr === null ? [] : [cidr], [ip]));
        const cluster = follow(next);
        const fresh = computeCluster(next);
        expect(Object.fromEntries(cluster.nodes)).toEqual(Object.fromEntries(fresh.nodes));
        expect(cluster.problems).toEqual(fresh.problems);
        expect(cluster.addresses.toSorted()).toEqual(fresh.addresses.toSorted());
        const isSmall = nodes.get(name)?.internalIPs[0] === ip && !gone;
        if (isSmall && before.problems.length === 0 && cluster.problems.length === 0) {
          for (const [key, kept] of cluster.nodes) {
            if (key !== name && nodes.has(key)) expect(kept).toBe(before.nodes.get(key));
          }
        }
        before = cluster;
        nodes = next;
      }
    }),
  );
});

it('annotations come before InternalIPs', () => {
  const n = node('a', [], ['192.0.2.1', '192.0.2.2', 'fd00::1'], {
    annotatedAddresses: { ipv4: address('198.51.100.1') },
  });
  const pair = pairOf(claimedAddresses(n).map((claim) => claim.address));
  expect(pair).toEqual({ ipv4: '198.51.100.1', ipv6: 'fd00::1' });
  expect(addressOf(pair, 6)).toBe('fd00::1');
});

it.each([
  [['192.0.2.1'], '192.0.2.1', 'the only IPv4 InternalIP'],
  [['fd00::1', '192.0.2.1', '192.0.2.2'], '192.0.2.1', 'the first IPv4 InternalIP'],
  [['172.17.0.1', '192.0.2.1'], '192.0.2.1', 'the first fit IPv4 InternalIP: 172.17.0.1 is on several nodes'],
  [
    ['169.254.20.10', '172.17.0.1', '192.0.2.1', '192.0.2.2'],
    '192.0.2.1',
    'the first fit IPv4 InternalIP: 169.254.20.10 means something on one link only, 172.17.0.1 is on several nodes',
  ],
  [['172.17.0.1', '127.0.0.1'], '172.17.0.1', 'the first IPv4 InternalIP'],
])('of the InternalIPs %j a node is reached by %s: %s', (ips, expected, reason) => {
  const shared = (a: string): boolean => a === '172.17.0.1';
  expect(nodeAddress(node('a', [], ips), 4, shared)).toEqual({ address: expected, reason });
});

it('InternalIPs that several nodes have are skipped on all of them alike, where there is another', () => {
  const { nodes, problems } = computeCluster(
    byName(
      node('a', [], ['172.17.0.1', '192.0.2.1']),
      node('b', [], ['192.0.2.2', '172.17.0.1']),
      node('c', [], ['172.17.0.1', '192.0.2.3']),
    ),
  );
  expect(['a', 'b', 'c'].map((name) => nodes.get(name)?.addresses.ipv4)).toEqual([
    '192.0.2.1',
    '192.0.2.2',
    '192.0.2.3',
  ]);
  expect(problems).toEqual([]);
});

it.each([
  'docker0',
  'br-0123456789ab',
  'virbr0',
  'kube-ipvs0',
  'nodelocaldns',
  'cni0',
  'flannel.1',
  'cali12345',
  'tunl0',
  'cilium_host',
  'gryp0123456789a',
  'gry-vxlan',
  'lxdbr0',
  'podman1',
])('%s is a link for containers', (name) => {
  expect(isContainerLink(name)).toBe(true);
});

it.each(['lo', 'eth0', 'enp3s0', 'bond0', 'br0', 'br-ex', 'br-lan', 'vlan10', 'eth0.100', 'dummy0', 'wg0'])(
  '%s may hold the address of a node',
  (name) => {
    expect(isContainerLink(name)).toBe(false);
  },
);

it('an address on a link for containers is reported, with a better one', () => {
  const nodes = byName(node('a', ['10.0.0.0/24'], ['172.17.0.1', '192.0.2.1']));
  const unfit = new Map([[address('172.17.0.1'), 'docker0']]);
  const { problems } = computeSelf('a', computeCluster(nodes).nodes, new Set(), unfit);
  expect(problems).toMatchObject([
    {
      code: 'GRY_NODE_ADDRESS_UNFIT',
      message: expect.stringContaining('172.17.0.1 is on docker0') as string,
      remedy: expect.stringContaining('gryphon.dev/ipv4-address=192.0.2.1') as string,
    },
  ]);
});

it.each([
  ['unknown, nothing known', byName<NodeRecord>(), ['GRY_NODE_UNKNOWN Node a']],
  ['unknown among others', byName(node('b', [], [])), ['GRY_NODE_UNKNOWN Node a']],
  ['without podCIDR', byName(node('a', [], ['192.0.2.1'])), ['GRY_POD_CIDR_MISSING Node a']],
  ['without address', byName(node('a', ['10.0.0.0/24'], [])), ['GRY_NODE_ADDRESS_MISSING Node a']],
  [
    'with an address that this machine does not have',
    byName(node('a', ['10.0.0.0/24'], ['192.0.2.9'])),
    ['GRY_NODE_ADDRESS_FOREIGN Node a'],
  ],
  ['all right', byName(node('a', ['10.0.0.0/24'], ['192.0.2.1'])), []],
])('reports a node that is %s', (_, nodes, expected) => {
  const self = selfOf('a', nodes, new Set([address('192.0.2.1')]));
  expect(codes(self.problems)).toEqual(expected);
  for (const problem of self.problems) expect(problem.remedy).not.toBe('');
});

it('names the nodes that are known when ours is not', () => {
  const many = byName(...['f', 'e', 'd', 'c', 'b', 'g'].map((n) => node(n, [], [])));
  expect(selfOf('a', many, new Set()).problems[0]?.message).toContain('known: b, c, d, e, f, …');
});

it('pools are the IPPools, else the cluster CIDR, else the podCIDRs', () => {
  const nodes = byName(node('a', ['10.0.1.0/24', 'fd00:1::/64'], []), node('b', ['10.0.0.0/24'], []));
  const pool = {
    name: 'p',
    cidr: prefix('10.0.0.0/16'),
    natOutgoing: false,
    disabled: false,
    disableBGPExport: false,
    unsupported: [],
  };
  expect(computePools(byName(pool), [prefix('10.9.0.0/16')], nodes)).toEqual([
    { cidr: '10.0.0.0/16', natOutgoing: false },
  ]);
  expect(computePools(new Map(), [prefix('10.9.0.0/16')], nodes)).toEqual([
    { cidr: '10.9.0.0/16', natOutgoing: true },
  ]);
  expect(computePools(new Map(), [], nodes).map((p) => p.cidr)).toEqual([
    '10.0.0.0/24',
    '10.0.1.0/24',
    'fd00:1::/64',
  ]);
});

it('uplinks listen to router advertisements before IPv6 forwards', () => {
  expect([...computeSysctls(new Set([4, 6]), ['eth0.100', 'eth1'])]).toEqual([
    ['net/ipv4/ip_forward', { value: '1' }],
    ['net/ipv6/conf/eth0.100/accept_ra', { value: '2', onlyFrom: '1' }],
    ['net/ipv6/conf/eth1/accept_ra', { value: '2', onlyFrom: '1' }],
    ['net/ipv6/conf/all/forwarding', { value: '1' }],
  ]);
  expect(computeSysctls(new Set(), ['eth0']).size).toBe(0);
});

it('uplinks are the links with the node addresses and those of default routes, no bridge of other containers', () => {
  const links = linkMap(
    link(1, 'lo'),
    link(2, 'eth0'),
    link(3, 'eth1'),
    link(4, 'docker0'),
    link(9, 'gryp0123456789a'),
  );
  const on = (index: number, ip: string): LinkAddressRecord => ({
    link: index,
    address: address(ip),
    prefixLength: 24,
    scope: 0,
    flags: 0,
  });
  const self = selfOf('a', byName(node('a', [], ['192.0.2.1', '2001:db8::1'])), new Set());
  const addresses = [on(2, '192.0.2.1'), on(1, '2001:db8::1'), on(4, '172.17.0.1')];
  const routes = [
    kernelRoute('::/0', via('fe80::1', 3)),
    kernelRoute('172.17.0.0/16', { link: 4 }),
    kernelRoute('0.0.0.0/0', via('192.0.2.254', 77)),
  ];
  expect(computeUplinks(self, links, addresses, routes)).toEqual(['eth0', 'eth1']);
});

it('links that are down are told by index, pods left out', () => {
  const isPodLink = (name: string): boolean => name.startsWith('gryp');
  const down = { up: false };
  const links = linkMap(
    link(1, 'lo'),
    link(12, 'eth1', down),
    link(2, 'eth0', down),
    link(9, 'gryp0123456789a', down),
  );
  expect(downLinks(links, isPodLink)).toBe('2 12');
});
