import type { AgentView, HealthCheck, IpamView, PodView, RouteView, StatusView } from '../../src/api/view.ts';
import type {
  AdvertisedStatus,
  MessageCounts,
  PeerStatus,
  PrefixCounts,
  RibEntryStatus,
} from '../../src/bgp/status.ts';
import { address } from '../../src/net/address.ts';
import { type Prefix, prefix } from '../../src/net/prefix.ts';

/** The moment at which the fake node is looked at. */
export const NOW = Date.UTC(2026, 0, 1, 12, 0, 0);
const ago = (seconds: number): number => NOW - seconds * 1000;

const none: PrefixCounts = { received: 0, accepted: 0, advertised: 0 };
const silent: MessageCounts = { open: 0, update: 0, notification: 0, keepalive: 0, routeRefresh: 0 };

const meshPeer: PeerStatus = {
  name: 'mesh/node-b',
  address: address('192.168.34.11'),
  port: 179,
  localAddress: address('192.168.34.10'),
  localAS: 64512,
  remoteAS: 64512,
  state: 'established',
  since: ago(312),
  establishedAt: ago(312),
  remoteRouterID: address('192.168.34.11'),
  holdTime: 30,
  keepaliveTime: 10,
  capabilities: ['four-octet-as', 'ipv4-unicast', 'ipv6-unicast'],
  offered: {
    local: ['four-octet-as 64512', 'ipv4-unicast', 'ipv6-unicast', 'route-refresh'],
    remote: ['four-octet-as 64512', 'ipv4-unicast', 'ipv6-unicast'],
  },
  gracefulRestart: {
    localTime: 120,
    remoteTime: 90,
    families: ['ipv4-unicast', 'ipv6-unicast'],
    notification: false,
  },
  flaps: 0,
  messages: {
    received: { ...silent, open: 1, update: 4, keepalive: 31 },
    sent: { ...silent, open: 1, update: 3, keepalive: 32 },
  },
  malformed: { reset: 0, withdraw: 0, discard: 0, ignore: 0 },
  notifications: [],
  prefixes: {
    'ipv4-unicast': { received: 1, accepted: 1, advertised: 1 },
    'ipv6-unicast': { received: 1, accepted: 1, advertised: 1 },
  },
  endOfRib: true,
  problems: [],
};

const routerPeer: PeerStatus = {
  name: 'peer/tor-a',
  description: 'top of rack',
  address: address('fd00:34::1'),
  port: 1179,
  localAS: 64512,
  remoteAS: 4_200_000_000,
  state: 'active',
  since: ago(7),
  establishedAt: ago(90_000),
  capabilities: [],
  offered: { local: ['four-octet-as 64512', 'ipv6-unicast'], remote: ['ipv6-unicast', 'role provider'] },
  gracefulRestart: {
    localTime: 120,
    remoteTime: 60,
    families: ['ipv6-unicast'],
    notification: true,
    longLivedTimes: { 'ipv6-unicast': 3600 },
    staleUntil: NOW + 53_000,
  },
  authenticated: true,
  ttlSecurity: 1,
  prefixLimit: 1000,
  flaps: 2,
  lastDown: {
    at: ago(7),
    reason: 'peer sent Cease/Administrative Shutdown: "maintenance"',
    notification: {
      direction: 'received',
      code: 6,
      subcode: 2,
      name: 'Cease/Administrative Shutdown',
      text: 'maintenance',
    },
  },
  lastError: 'connection refused',
  messages: { received: { ...silent, open: 3, notification: 2, keepalive: 9000 }, sent: silent },
  malformed: { reset: 0, withdraw: 2, discard: 1, ignore: 5 },
  notifications: [
    { direction: 'received', code: 6, subcode: 2, name: 'Cease/Administrative Shutdown', count: 1 },
    { direction: 'received', name: 'of no standard', count: 1 },
  ],
  prefixes: { 'ipv4-unicast': none, 'ipv6-unicast': { ...none, received: 2, accepted: 1, stale: 2 } },
  endOfRib: false,
  problems: [
    {
      code: 'GRY_BGP_MALFORMED',
      severity: 'warning',
      subject: 'BGP peer peer/tor-a',
      message:
        'malformed messages arrive from it; so far 2 withdrew the routes in it, 1 cost the routes in it an attribute',
      remedy:
        'look for "malformed message" in the log of the agent, and report its bytes to the maker of the peer',
    },
  ],
};

/** What mesh/node-b has been told. */
const advertised: readonly AdvertisedStatus[] = [
  {
    prefix: prefix('fd00:90::/64'),
    family: 'ipv6-unicast',
    nextHop: address('fd00:34::10'),
    asPath: [],
    origin: 'igp',
    localPref: 100,
    communities: [],
  },
  {
    prefix: prefix('10.233.90.0/24'),
    family: 'ipv4-unicast',
    nextHop: address('192.168.34.10'),
    asPath: [64_512],
    asPathText: '64512',
    origin: 'igp',
    med: 5,
    communities: ['no-export'],
    attributes: ['originator 10.0.0.1'],
    pathId: 3,
  },
];

const rib: readonly RibEntryStatus[] = [
  {
    prefix: prefix('10.233.90.0/24'),
    family: 'ipv4-unicast',
    paths: [{ peer: 'local', asPath: [], origin: 'igp', localPref: 100, communities: [], best: true }],
  },
  {
    prefix: prefix('10.233.96.0/24'),
    family: 'ipv4-unicast',
    paths: [
      {
        peer: 'mesh/node-b',
        nextHop: address('192.168.34.11'),
        asPath: [],
        origin: 'igp',
        localPref: 100,
        communities: [],
        best: true,
      },
      {
        peer: 'peer/tor-a',
        nextHop: address('192.168.34.1'),
        asPath: [4_200_000_000, 64_513],
        asPathText: '4200000000 {64513}',
        origin: 'incomplete',
        localPref: 100,
        med: 20,
        communities: ['65535:666', 'no-export'],
        attributes: ['atomic aggregate', 'type 128 (4 octets)'],
        pathId: 7,
        stale: true,
        best: false,
        reason: 'longer AS path',
      },
    ],
  },
  {
    prefix: prefix('fd00:96::/64'),
    family: 'ipv6-unicast',
    paths: [
      {
        peer: 'mesh/node-b',
        nextHop: address('fd00:34::11'),
        asPath: [],
        origin: 'igp',
        localPref: 100,
        communities: [],
        best: true,
      },
    ],
  },
];

const routes: readonly RouteView[] = [
  {
    prefix: prefix('10.233.90.0/24'),
    origin: 'block',
    via: ['blackhole'],
    learnedFrom: 'podCIDR',
    state: 'installed',
  },
  {
    prefix: prefix('10.233.90.7/32'),
    origin: 'pod',
    via: ['dev gryp0123456789a'],
    learnedFrom: 'pod default/web-0',
    state: 'installed',
  },
  {
    prefix: prefix('10.233.96.0/24'),
    origin: 'remote',
    via: ['via 192.168.34.11 dev eth0'],
    learnedFrom: 'bgp mesh/node-b',
    state: 'installed',
  },
  {
    prefix: prefix('10.233.97.0/24'),
    origin: 'remote',
    via: [],
    learnedFrom: 'node node-c',
    state: 'unresolved',
    reason: 'no route to 192.168.35.12',
  },
  {
    prefix: prefix('fd00:96::/64'),
    origin: 'remote',
    via: ['via fe80::1 dev eth0', 'via fe80::2 dev eth1'],
    learnedFrom: 'bgp mesh/node-b',
    state: 'failed',
    reason: 'EINVAL: Nexthop has invalid gateway',
  },
];

const pods: readonly PodView[] = [
  {
    network: 'gryphon',
    containerID: '4f5bb1a1c0de4f5bb1a1c0de4f5bb1a1c0de4f5bb1a1c0de4f5bb1a1c0de0001',
    ifname: 'eth0',
    addresses: [address('10.233.90.7'), address('fd00:90::7')],
    hostLink: 'gryp0123456789a',
    pod: { namespace: 'default', name: 'web-0', uid: '6c1a3f1e-8a37-4a51-9b8c-0d3a0f5f1c11' },
    createdAt: ago(4000),
    state: 'configured',
  },
  {
    network: 'gryphon',
    containerID: 'a0a0a0a0a0a0b1b1',
    ifname: 'eth0',
    addresses: [address('10.233.90.8')],
    hostLink: 'grypfedcba98765',
    createdAt: ago(1),
    state: 'reserved',
  },
];

const ipam: IpamView = {
  blocks: [
    {
      cidr: prefix('10.233.90.0/24'),
      pool: prefix('10.233.0.0/16'),
      used: 2,
      cooling: 1,
      free: '250',
      total: '253',
    },
    {
      cidr: prefix('fd00:90::/64'),
      used: 1,
      cooling: 0,
      free: '18446744073709551613',
      total: '18446744073709551614',
    },
  ],
  addresses: [
    {
      address: address('10.233.90.7'),
      state: 'configured',
      since: ago(4000),
      block: prefix('10.233.90.0/24'),
      pool: prefix('10.233.0.0/16'),
      handle: 'gryphon/4f5bb1a1c0de4f5bb1a1c0de/eth0',
      pod: { namespace: 'default', name: 'web-0' },
    },
    {
      address: address('10.233.90.8'),
      state: 'reserved',
      since: ago(1),
      handle: 'gryphon/a0a0a0a0a0a0b1b1/eth0',
    },
    { address: address('10.233.90.9'), state: 'cooling', since: ago(20), block: prefix('10.233.90.0/24') },
    { address: address('fd00:90::1'), state: 'tunnel', block: prefix('fd00:90::/64') },
  ],
};

const status: StatusView = {
  version: '0.1.0',
  node: 'node-a',
  startedAt: ago(400),
  ready: true,
  checks: [
    { name: 'synced', ok: true, detail: 'all sources read' },
    { name: 'bgp', ok: true, detail: '1 of 2 peers established' },
  ],
  addresses: [address('192.168.34.10'), address('fd00:34::10')],
  podCIDRs: [prefix('10.233.90.0/24'), prefix('fd00:90::/64')],
  pools: [prefix('10.233.0.0/16'), prefix('fd00::/16')],
  bgp: { enabled: true, asNumber: 64512, routerID: address('192.168.34.10'), established: 1, peers: 2 },
  routes: { desired: 5, installed: 3 },
  pods: 2,
  ipam: [
    { cidr: prefix('10.233.90.0/24'), used: 2, cooling: 1, free: '251' },
    { cidr: prefix('fd00:90::/64'), used: 1, cooling: 0, free: '18446744073709551614' },
  ],
  sources: [
    { name: 'manifests', synced: true, lastGood: ago(63), error: 'nodes.yaml:12: podCIDR is no CIDR' },
    { name: 'links', synced: false },
  ],
  drivers: [
    {
      name: 'routes',
      applied: true,
      lastApplied: ago(2),
      written: 17,
      repaired: 3,
      failures: [
        {
          item: 'route fd00:96::/64 via fe80::1',
          code: 'GRY_NETLINK_REFUSED',
          reason: 'EINVAL: Nexthop has invalid gateway',
          since: ago(30),
        },
      ],
    },
    { name: 'iptables', applied: false, written: 0, repaired: 0, failures: [] },
  ],
  problems: [
    {
      code: 'GRY_POD_CIDR_OVERLAP',
      severity: 'error',
      subject: 'Node node-c',
      message: 'podCIDR 10.233.96.0/25 overlaps 10.233.96.0/24 of Node node-b',
      remedy: 'give each node a podCIDR of its own',
    },
    {
      code: 'GRY_UNSUPPORTED',
      severity: 'warning',
      subject: 'BGPPeer tor-a spec.ttlSecurity',
      message: 'this field is not carried out yet',
      remedy: 'remove it, or accept that it has no effect',
    },
  ],
};

/** A node with a bit of everything, good and bad; tests replace what they are about. */
export class FakeView implements AgentView {
  statusView = status;
  liveChecks: readonly HealthCheck[] = [{ name: 'loop', ok: true, detail: 'last pass 2 s ago' }];
  peerList: readonly PeerStatus[] = [meshPeer, routerPeer];
  ribEntries: Iterable<RibEntryStatus> = rib;
  advertisedList: readonly AdvertisedStatus[] = advertised;
  routeList: Iterable<RouteView> = routes;
  podList: readonly PodView[] = pods;
  ipamView: IpamView = ipam;

  status(): StatusView {
    return this.statusView;
  }

  live(): readonly HealthCheck[] {
    return this.liveChecks;
  }

  ready(): readonly HealthCheck[] {
    return this.statusView.checks;
  }

  peers(): readonly PeerStatus[] {
    return this.peerList;
  }

  rib(): Iterable<RibEntryStatus> {
    return this.ribEntries;
  }

  advertisedTo(wanted: Prefix): readonly string[] {
    return this.advertisedList.some((route) => route.prefix === wanted) ? ['mesh/node-b'] : [];
  }

  advertised(peer: string): Iterable<AdvertisedStatus> | undefined {
    if (!this.peerList.some(({ name }) => name === peer)) return undefined;
    return peer === 'mesh/node-b' ? this.advertisedList : [];
  }

  route(wanted: Prefix): RouteView | undefined {
    return [...this.routeList].find((route) => route.prefix === wanted);
  }

  routes(): Iterable<RouteView> {
    return this.routeList;
  }

  pods(): readonly PodView[] {
    return this.podList;
  }

  ipam(): IpamView {
    return this.ipamView;
  }

  /** The node loses its last session: not ready any more. */
  failReadiness(): void {
    this.statusView = {
      ...this.statusView,
      ready: false,
      checks: [
        { name: 'synced', ok: true, detail: 'all sources read' },
        { name: 'bgp', ok: false, detail: '0 of 2 peers established' },
      ],
    };
  }
}
