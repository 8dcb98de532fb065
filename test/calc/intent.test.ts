import { describe, expect, it } from 'vitest';
import { type Intent, type IntentFacts, intentOf } from '../../src/calc/intent.ts';
import { computePodNetwork, hasRouterAtGateway } from '../../src/calc/pod-network.ts';
import { address } from '../../src/net/address.ts';
import { prefix } from '../../src/net/prefix.ts';
import type { LinkAddressRecord, RouteRecord } from '../../src/netlink/wire/records.ts';
import { takenRoutes } from '../support/changes.ts';
import {
  bgpFilter,
  bgpPeer,
  byName,
  feed,
  kernelRoute,
  learned,
  link,
  linkMap,
  node,
} from '../support/records.ts';
import { selfOf } from '../support/self.ts';

const settings = { nodeName: 'a', bgp: true, bgpPort: 179, clusterCIDRs: [], masquerade: true, mtu: 0 };

const on = (index: number, ip: string): LinkAddressRecord => ({
  link: index,
  address: address(ip),
  prefixLength: 24,
  scope: 0,
  flags: 0x80,
});

const facts: IntentFacts = {
  nodes: byName(
    node('a', ['10.0.1.0/24', 'fd00:1::/64'], ['192.0.2.1'], { labels: { rack: 'r1' } }),
    node('b', ['10.0.2.0/24'], ['192.0.2.2']),
  ),
  pools: new Map(),
  bgpConfigurations: new Map(),
  bgpPeers: byName(
    bgpPeer('r1', '192.0.2.254', 64_600, { nodeSelector: "rack == 'r1'" }),
    bgpPeer('broken', '192.0.2.253', 1, { nodeSelector: '(((' }),
  ),
  bgpFilters: new Map(),
  secrets: new Map(),
  passwordFiles: new Map(),
  links: linkMap(link(1, 'lo'), link(2, 'eth0', { mtu: 9000 })),
  addresses: new Map([['x', on(2, '192.0.2.1')]]),
  foreignRoutes: new Map([['y', kernelRoute('192.0.2.0/24', { link: 2 })]]),
  learned: feed(),
  attachments: new Map(),
};

const taken = ({ learned: changes }: Pick<Intent, 'learned'>) =>
  changes === undefined ? [] : [...takenRoutes(changes)];

describe('intentOf', () => {
  it('derives every part', () => {
    const intent = intentOf(settings)(facts);
    expect(intent.problems).toEqual([]);
    expect([...intent.routes.routes.keys()]).toEqual(['10.0.1.0/24', 'fd00:1::/64']);
    expect(intent.bgp.config?.peers.map((p) => p.name)).toEqual(['mesh/b', 'peer/r1']);
    expect(intent.podNetwork).toEqual({
      podCIDRs: ['10.0.1.0/24', 'fd00:1::/64'],
      mtu: 9000,
      reserved: ['192.0.2.1'],
    });
    expect([...intent.sysctls.keys()]).toEqual([
      'net/ipv4/ip_forward',
      'net/ipv6/conf/eth0/accept_ra',
      'net/ipv6/conf/all/forwarding',
    ]);
    expect(intent.firewall.sets.map((s) => s.name)).toContain('gry4-nat-sources');
  });

  it('has no speaker with BGP off and no masquerade with masquerade off', () => {
    const intent = intentOf({ ...settings, bgp: false, masquerade: false })(facts);
    expect(intent.bgp.config).toBeUndefined();
    expect(intent.firewall.sets).toEqual([]);
    expect(intent.firewall.rules[4].nat).toBeUndefined();
    expect(intent.routes.routes.get(prefix('10.0.2.0/24'))?.nextHops).toEqual([
      { gateway: '192.0.2.2', link: 2 },
    ]);
  });

  const parts = (a: Intent, b: Intent): string[] =>
    (['self', 'cluster', 'pools', 'routes', 'bgp', 'firewall', 'sysctls', 'podNetwork'] as const).filter(
      (p) => a[p] !== b[p],
    );

  it.each<[keyof IntentFacts, string[]]>([
    ['attachments', ['routes']],
    ['foreignRoutes', ['routes']],
    // Computed anew, and found to be the same.
    ['bgpPeers', []],
    ['bgpFilters', []],
    ['passwordFiles', []],
    ['pools', []],
    ['links', ['routes', 'podNetwork']],
  ])('a change of %s computes anew only %j', (name, expected) => {
    const compute = intentOf(settings);
    const before = compute(facts);
    expect(parts(before, compute(facts))).toEqual([]);
    const changed = compute({ ...facts, [name]: new Map(facts[name] as ReadonlyMap<unknown, unknown>) });
    expect(parts(before, changed)).toEqual(expected);
  });

  it('a peer behind a gateway has a route, also one through which what it announces is reached', () => {
    const peer = bgpPeer('far', '198.51.100.1', 64_600, { reachableBy: address('192.0.2.254') });
    const withGateway = {
      ...facts,
      bgpPeers: byName(peer),
      learned: feed(learned('10.50.0.0/16', ['198.51.100.1'], 'peer/far')),
    };
    const intent = intentOf(settings)(withGateway);
    const hop = { origin: 'remote', nextHops: [{ gateway: '192.0.2.254', link: 2 }], source: '192.0.2.1' };
    expect(intent.routes.routes.get(prefix('198.51.100.1/32'))).toEqual({
      prefix: '198.51.100.1/32',
      ...hop,
      from: 'BGPPeer far',
    });
    expect(taken(intent).map(({ route }) => route)).toEqual([
      { prefix: '10.50.0.0/16', ...hop, from: 'bgp peer/far' },
    ]);
    const off = intentOf({ ...settings, bgp: false })(withGateway).routes.routes;
    expect(off.has(prefix('198.51.100.1/32'))).toBe(false);
  });

  it('links matter to the speaker only where a filter asks for them', () => {
    const filter = (name: string | undefined): IntentFacts['bgpFilters'] =>
      byName(bgpFilter('f', { importV4: [{ action: 'Accept', ...(name && { interface: name }) }] }));
    const peers = byName(bgpPeer('r', '192.0.2.254', 64_600, { filters: ['f'] }));
    const renamed = linkMap(link(1, 'lo'), link(2, 'eth1'));
    for (const [asked, expected] of [
      [undefined, undefined],
      ['eth*', 'eth1'],
    ] as const) {
      const compute = intentOf(settings);
      const before = { ...facts, bgpPeers: peers, bgpFilters: filter(asked) };
      const first = compute(before).bgp;
      const after = compute({ ...before, links: renamed }).bgp;
      expect(after.config?.peers.at(-1)?.link).toBe(expected);
      expect(after === first).toBe(asked === undefined);
    }
  });

  it('learned routes are told as changes, once; the link of a new pod or a foreign route makes none', () => {
    const compute = intentOf(settings);
    const withRoute = { ...facts, learned: feed(learned('10.0.2.0/24', ['192.0.2.2'], 'mesh/b')) };
    const told = (more: Partial<IntentFacts> = {}) =>
      taken(compute({ ...withRoute, ...more })).map((change) => change.prefix);
    expect(told()).toEqual(['10.0.2.0/24']);
    const pod = link(7, 'gryp0123456789a', { up: false });
    expect(told({ links: new Map([...facts.links, [pod.index, pod]]) })).toEqual([]);
    const other = kernelRoute('198.51.100.0/24', { link: 2 });
    expect(told({ foreignRoutes: new Map([...facts.foreignRoutes, ['z', other]]) })).toEqual([]);
    const instead = kernelRoute('192.0.2.0/25', { link: 3 });
    expect(told({ foreignRoutes: new Map([...facts.foreignRoutes, ['z', instead]]) })).toEqual([
      '10.0.2.0/24',
    ]);
  });
});

describe('computePodNetwork', () => {
  const nodes = byName(node('a', ['10.0.1.0/24'], ['192.0.2.1', '2001:db8::1']));
  const self = selfOf('a', nodes, new Set());
  const links = linkMap(
    link(1, 'lo', { mtu: 65_536 }),
    link(2, 'eth0', { mtu: 9000 }),
    link(3, 'eth1', { mtu: 1400 }),
  );

  it('takes the smallest MTU of the links with the node addresses', () => {
    const addresses = [on(2, '192.0.2.1'), on(3, '2001:db8::1'), on(1, '127.0.0.1')];
    expect(computePodNetwork(self, links, addresses, false, 0).mtu).toBe(1400);
    expect(computePodNetwork(self, links, addresses, false, 1300).mtu).toBe(1300);
    expect(computePodNetwork(self, links, [on(1, '192.0.2.1')], false, 0).mtu).toBe(1500);
  });

  it('says why no pod can be attached', () => {
    const bare = byName(node('a', [], ['192.0.2.1']));
    expect(computePodNetwork(selfOf('a', bare, new Set()), links, [], false, 0).notReady).toBe(
      'Node a has no podCIDR',
    );
    expect(computePodNetwork(selfOf('z', bare, new Set()), links, [], false, 0).notReady).toBe(
      'there is no Node object z',
    );
    const both = byName(node('a', ['10.0.0.0/16'], []), node('b', ['10.0.1.0/24'], []));
    expect(computePodNetwork(selfOf('b', both, new Set()), links, [], false, 0)).toMatchObject({
      podCIDRs: [],
      notReady: "every podCIDR of Node b overlaps another node's",
    });
  });
});

describe('hasRouterAtGateway', () => {
  const gateway = address('169.254.1.1');
  it.each<[string, RouteRecord, boolean]>([
    [
      'an ordinary default route',
      kernelRoute('0.0.0.0/0', { gateway: address('192.0.2.1'), link: 2 }),
      false,
    ],
    ['link-local addresses on the uplink', kernelRoute('169.254.0.0/16', { link: 2 }), false],
    ['the address on the uplink', kernelRoute('169.254.1.1/32', { link: 2 }), true],
    ['a default route through it', kernelRoute('0.0.0.0/0', { gateway, link: 2, onlink: true }), true],
    ['one way of several', kernelRoute('10.0.0.0/8', [{ link: 3 }, { gateway, link: 2 }]), true],
    ['a blackhole', kernelRoute('169.254.1.1/32', [], { kind: 'blackhole' }), false],
  ])('%s', (_, route, expected) => {
    expect(hasRouterAtGateway([route])).toBe(expected);
  });
});
