import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseListenAddress } from '../../src/api/address.ts';
import { ApiServer } from '../../src/api/server.ts';
import type { RibEntryStatus } from '../../src/bgp/status.ts';
import { version } from '../../src/cli/version.ts';
import { silentLog } from '../../src/ports/log.ts';
import { gryphon, type Outcome, type Surroundings } from '../support/command-line.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { FakeView } from '../support/fake-view.ts';

let view: FakeView;
let server: ApiServer;
let api: string;

beforeEach(async () => {
  view = new FakeView();
  server = new ApiServer({
    view,
    metrics: { contentType: 'text/plain', render: async () => '' },
    clock: new FakeClock(),
    log: silentLog,
    address: parseListenAddress('127.0.0.1:0')!,
  });
  await server.start();
  api = `127.0.0.1:${server.bound().api?.port}`;
});

afterEach(async () => {
  await server.close();
});

const ask = (line: string, around?: Surroundings): Promise<Outcome> =>
  gryphon([...line.split(' '), '--api', api], around);

const STATUS = `\
Node        node-a  192.168.34.10  fd00:34::10
Version     0.1.0, up 6m40s
Ready       yes

CHECK    STATE   DETAIL
synced   ok      all sources read
bgp      ok      1 of 2 peers established

BGP         AS 64512, router ID 192.168.34.10, 1 of 2 peers established
Routes      3 of 5 installed
Pods        2
Pod CIDRs   10.233.90.0/24, fd00:90::/64
Pools       10.233.0.0/16, fd00::/16

ADDRESSES        USED   COOLING   FREE
10.233.90.0/24   2      1         251
fd00:90::/64     1      0         18446744073709551614

SOURCE      STATE        LAST READ   ERROR
manifests   synced       1m3s ago    nodes.yaml:12: podCIDR is no CIDR
links       not synced   never

DRIVER     STATE     LAST APPLIED   WRITTEN   REPAIRED   FAILING
routes     applied   2s ago         17        3          1
iptables   pending   never          0         0          0

FAILING                          DRIVER   SINCE   REASON
route fd00:96::/64 via fe80::1   routes   30s     EINVAL: Nexthop has invalid gateway

error: Node node-c: podCIDR 10.233.96.0/25 overlaps 10.233.96.0/24 of Node node-b (GRY_POD_CIDR_OVERLAP)
  give each node a podCIDR of its own
warning: BGPPeer tor-a spec.ttlSecurity: this field is not carried out yet (GRY_UNSUPPORTED)
  remove it, or accept that it has no effect
`;

const PEERS = `\
PEER          ADDRESS         AS           STATE         SINCE   RECEIVED   ACCEPTED   ADVERTISED   STALE   REASON
mesh/node-b   192.168.34.11   64512        established   5m12s   2          2          2            0
peer/tor-a    fd00:34::1      4200000000   active        7s      2          1          0            2       connection refused; down 7s ago: peer sent Cease/Administrative Shutdown: "maintenance"
`;

const PEERS_WIDE = `\
PEER          ADDRESS         AS           STATE         SINCE   RECEIVED   ACCEPTED   ADVERTISED   STALE   PORT   LOCAL AS   ROUTER ID       HOLD   FLAPS   UPDATES IN/OUT   CAPABILITIES                              REASON
mesh/node-b   192.168.34.11   64512        established   5m12s   2          2          2            0       179    64512      192.168.34.11   30s    0       4/3              four-octet-as,ipv4-unicast,ipv6-unicast
peer/tor-a    fd00:34::1      4200000000   active        7s      2          1          0            2       1179   64512                             2       0/0                                                        connection refused; down 7s ago: peer sent Cease/Administrative Shutdown: "maintenance"
`;

const PEER_UP = `\
Peer          mesh/node-b
Address       192.168.34.11 port 179, from 192.168.34.10
AS            64512, ours is 64512
State         established for 5m12s
Established   for 5m12s, never lost
Router ID     192.168.34.11
Timers        hold 30 s, keepalive 10 s
Negotiated    four-octet-as, ipv4-unicast, ipv6-unicast
We offer      four-octet-as 64512, ipv4-unicast, ipv6-unicast, route-refresh
It offered    four-octet-as 64512, ipv4-unicast, ipv6-unicast
Restart       it is asked to keep our routes for 120 s, we keep its ipv4-unicast and ipv6-unicast routes for 90 s
Protection    none
End-of-RIB    received

PREFIXES       RECEIVED   ACCEPTED   ADVERTISED   STALE
ipv4-unicast   1          1          1            0
ipv6-unicast   1          1          1            0

MESSAGES   OPEN   UPDATE   KEEPALIVE   NOTIFICATION   ROUTE-REFRESH
received   1      4        31          0              0
sent       1      3        32          0              0
`;

const PEER_DOWN = `\
Peer          peer/tor-a (top of rack)
Address       fd00:34::1 port 1179
AS            4200000000, ours is 64512
State         active for 7s
Reason        connection refused
Established   1d1h ago, lost 2 times
Last down     7s ago: peer sent Cease/Administrative Shutdown: "maintenance"
Notification  received 6/2, Cease/Administrative Shutdown
Text          maintenance
We offer      four-octet-as 64512, ipv6-unicast
It offered    ipv6-unicast, role provider
Restart       it is asked to keep our routes for 120 s, we keep its ipv6-unicast routes for 60 s, as long-lived ones ipv6-unicast for another 3600 s, also after a NOTIFICATION
Stale routes  kept for another 53s at most
Protection    TCP-MD5, TTL security, at most 1 hop
Limit         1000 prefixes of each family

PREFIXES       RECEIVED   ACCEPTED   ADVERTISED   STALE
ipv4-unicast   0          0          0            0
ipv6-unicast   2          1          0            2

MESSAGES   OPEN   UPDATE   KEEPALIVE   NOTIFICATION   ROUTE-REFRESH
received   3      0        9000        2              0
sent       0      0        0           0              0

NOTIFICATION                    CODE   DIRECTION   COUNT
Cease/Administrative Shutdown   6/2    received    1
of no standard                  -      received    1

MALFORMED                COUNT
taken for a withdrawal   2
an attribute dropped     1
something skipped        5

warning: BGP peer peer/tor-a: malformed messages arrive from it; so far 2 withdrew the routes in it, 1 cost the routes in it an attribute (GRY_BGP_MALFORMED)
  look for "malformed message" in the log of the agent, and report its bytes to the maker of the peer
`;

const ROUTES = `\
PREFIX           ORIGIN   VIA                                          FROM                STATE
10.233.90.0/24   block    blackhole                                    podCIDR             installed
10.233.90.7/32   pod      dev gryp0123456789a                          pod default/web-0   installed
10.233.96.0/24   remote   via 192.168.34.11 dev eth0                   bgp mesh/node-b     installed
10.233.97.0/24   remote                                                node node-c         unresolved: no route to 192.168.35.12
fd00:96::/64     remote   via fe80::1 dev eth0, via fe80::2 dev eth1   bgp mesh/node-b     failed: EINVAL: Nexthop has invalid gateway
`;

const ROUTES_POD = `\
PREFIX           ORIGIN   VIA                   FROM                STATE
10.233.90.7/32   pod      dev gryp0123456789a   pod default/web-0   installed
`;

const BGP = `\
BEST   PREFIX           NEXT HOP        FROM          AS PATH              LOCAL PREF   MED   TOLD   KERNEL                                        REASON
*      10.233.90.0/24   self            local         -                    100          -     1      installed
*      10.233.96.0/24   192.168.34.11   mesh/node-b   -                    100          -     0      installed
       10.233.96.0/24   192.168.34.1    peer/tor-a    4200000000 {64513}   100          20                                                         stale; longer AS path
*      fd00:96::/64     fd00:34::11     mesh/node-b   -                    100          -     0      failed: EINVAL: Nexthop has invalid gateway
`;

const BGP_WIDE = `\
BEST   PREFIX           NEXT HOP        FROM          AS PATH              LOCAL PREF   MED   ORIGIN       COMMUNITIES           ATTRIBUTES                              TOLD   TOLD TO       KERNEL                                        REASON
*      10.233.90.0/24   self            local         -                    100          -     igp          -                     -                                       1      mesh/node-b   installed
*      10.233.96.0/24   192.168.34.11   mesh/node-b   -                    100          -     igp          -                     -                                       0                    installed
       10.233.96.0/24   192.168.34.1    peer/tor-a    4200000000 {64513}   100          20    incomplete   65535:666 no-export   atomic aggregate, type 128 (4 octets)                                                                      stale; longer AS path
*      fd00:96::/64     fd00:34::11     mesh/node-b   -                    100          -     igp          -                     -                                       0                    failed: EINVAL: Nexthop has invalid gateway
`;

const BGP_PEER = `\
BEST   PREFIX           NEXT HOP       FROM         AS PATH              LOCAL PREF   MED   TOLD   KERNEL   REASON
       10.233.96.0/24   192.168.34.1   peer/tor-a   4200000000 {64513}   100          20                    stale; longer AS path
`;

const ADVERTISED = `\
PREFIX           NEXT HOP        AS PATH   LOCAL PREF   MED
10.233.90.0/24   192.168.34.10   64512     -            5
fd00:90::/64     fd00:34::10     -         100          -
`;

const ADVERTISED_WIDE = `\
PREFIX           NEXT HOP        AS PATH   LOCAL PREF   MED   ORIGIN   COMMUNITIES   ATTRIBUTES
10.233.90.0/24   192.168.34.10   64512     -            5     igp      no-export     originator 10.0.0.1
fd00:90::/64     fd00:34::10     -         100          -     igp      -             -
`;

const PODS = `\
NAMESPACE/NAME           ADDRESSES                LINK              AGE    STATE
default/web-0            10.233.90.7,fd00:90::7   gryp0123456789a   1h6m   configured
container a0a0a0a0a0a0   10.233.90.8              grypfedcba98765   1s     reserved
`;

const PODS_WIDE = `\
NAMESPACE/NAME           ADDRESSES                LINK              AGE    INTERFACE   NETWORK   CONTAINER                                                          STATE
default/web-0            10.233.90.7,fd00:90::7   gryp0123456789a   1h6m   eth0        gryphon   4f5bb1a1c0de4f5bb1a1c0de4f5bb1a1c0de4f5bb1a1c0de4f5bb1a1c0de0001   configured
container a0a0a0a0a0a0   10.233.90.8              grypfedcba98765   1s     eth0        gryphon   a0a0a0a0a0a0b1b1                                                   reserved
`;

const IPAM = `\
BLOCK            POOL            USED   COOLING   FREE
10.233.90.0/24   10.233.0.0/16   2      1         250
fd00:90::/64     -               1      0         18446744073709551613

ADDRESS       NAMESPACE/NAME           STATE        AGE
10.233.90.7   default/web-0            configured   1h6m
10.233.90.8   container a0a0a0a0a0a0   reserved     1s
10.233.90.9   -                        cooling      20s
fd00:90::1    -                        tunnel       -
`;

const IPAM_WIDE = `\
BLOCK            POOL            USED   COOLING   FREE                   TOTAL
10.233.90.0/24   10.233.0.0/16   2      1         250                    253
fd00:90::/64     -               1      0         18446744073709551613   18446744073709551614

ADDRESS       NAMESPACE/NAME           STATE        AGE    BLOCK            POOL            HANDLE
10.233.90.7   default/web-0            configured   1h6m   10.233.90.0/24   10.233.0.0/16   gryphon/4f5bb1a1c0de4f5bb1a1c0de/eth0
10.233.90.8   container a0a0a0a0a0a0   reserved     1s     -                -               gryphon/a0a0a0a0a0a0b1b1/eth0
10.233.90.9   -                        cooling      20s    10.233.90.0/24   -               -
fd00:90::1    -                        tunnel       -      fd00:90::/64     -               -
`;

test('status of a node that is ready', async () => {
  const outcome = await ask('status');
  expect(outcome).toEqual({ code: 0, stderr: '', stdout: STATUS });
});

test('status of a node that is not: exit code 1', async () => {
  view.failReadiness();
  const { code, stdout } = await ask('status');
  expect(code).toBe(1);
  expect(stdout).toContain('Ready       no\n');
  expect(stdout).toContain('bgp      failed   0 of 2 peers established\n');
  expect((await ask('status -o json')).code).toBe(1);
});

test('status of a quiet node without BGP', async () => {
  view.statusView = {
    ...view.statusView,
    bgp: { enabled: false, established: 0, peers: 0 },
    ipam: [],
    pools: [],
    drivers: [],
    problems: [],
  };
  const { code, stdout } = await ask('status');
  expect(code).toBe(0);
  expect(stdout).toContain('BGP         off\n');
  expect(stdout).toContain('Pools       none\n');
  expect(stdout).toContain('No problems\n');
  expect(stdout).not.toContain('FAILING   DRIVER');
});

describe('tables', () => {
  test.each([
    ['peers', PEERS],
    ['peers -o wide', PEERS_WIDE],
    ['peers mesh/node-b', PEER_UP],
    ['peers node-b', PEER_UP],
    ['peers fd00:34:0::1', PEER_DOWN],
    ['peers peer/tor-a', PEER_DOWN],
    ['routes', ROUTES],
    ['routes --origin pod', ROUTES_POD],
    ['routes --bgp', BGP],
    ['routes --bgp -o wide', BGP_WIDE],
    ['routes 10.233.96.9 --bgp --peer peer/tor-a --family ipv4-unicast', BGP_PEER],
    ['routes --bgp --peer mesh/node-b --advertised', ADVERTISED],
    ['routes --bgp --peer mesh/node-b --advertised -o wide', ADVERTISED_WIDE],
    ['pods', PODS],
    ['pods -o wide', PODS_WIDE],
    ['ipam', IPAM],
    ['ipam -o wide', IPAM_WIDE],
  ])('%s', async (line, expected) => {
    expect(await ask(line)).toEqual({ code: 0, stderr: '', stdout: expected });
  });
});

test('what was cut is said, not on standard output', async () => {
  const outcome = await ask('routes --limit 1 -o json');
  expect(JSON.parse(outcome.stdout)).toMatchObject({
    items: [{ prefix: '10.233.90.0/24' }],
    truncated: true,
  });
  expect(outcome).toMatchObject({ code: 0, stderr: 'there are more; raise --limit or give a prefix\n' });
});

test('a peer that is held back on our side says why', async () => {
  const problem = 'its password cannot be used: there is no Secret bgp in the namespace of the agent';
  view.peerList = view.peerList.map((peer) => ({ ...peer, state: 'disabled', problem }));
  const { stdout } = await ask('peers');
  expect(stdout.match(/disabled .* its password cannot be used: there is no Secret bgp/g)).toHaveLength(2);
  expect(JSON.parse((await ask('peers -o json')).stdout)).toMatchObject({
    items: [{ problem }, { problem }],
  });
});

test('a peer that does not exist, or has been told nothing', async () => {
  const unknown = (name: string) => ({
    code: 1,
    stdout: '',
    stderr: `error: there is no BGP peer "${name}"\n  see \`gryphon peers\` for their names\n`,
  });
  // Names are matched by whole parts: this one is the end of another's.
  expect(await ask('peers ode-b')).toEqual(unknown('ode-b'));
  expect(await ask('routes --bgp --advertised --peer ode-b')).toEqual(unknown('ode-b'));
  const nothing = { code: 0, stderr: 'nothing is advertised to this peer\n' };
  expect(await ask('routes --bgp --advertised --peer peer/tor-a')).toMatchObject(nothing);
});

test('one peer for programs', async () => {
  const { items } = JSON.parse((await ask('peers -o json')).stdout);
  expect(JSON.parse((await ask('peers tor-a -o json')).stdout)).toEqual({ items: [items[1]] });
});

test('a column of stale prefixes where there are any, and none where not', async () => {
  expect((await ask('peers')).stdout).toContain('ADVERTISED   STALE   REASON\n');
  view.peerList = view.peerList.slice(0, 1);
  expect((await ask('peers')).stdout).toContain('ADVERTISED   REASON\n');
});

test('a peer down for the reason that its last attempt still meets names it once', async () => {
  const reason = 'peer is AS 65001, configured is AS 64512';
  view.peerList = view.peerList.map((peer) => ({ ...peer, lastError: reason, lastDown: { at: 0, reason } }));
  expect((await ask('peers')).stdout.match(/active .*/)?.[0]).toMatch(new RegExp(`  ${reason}$`));
});

describe('what became of a path', () => {
  const at = async (
    state: 'pending' | 'unresolved' | undefined,
  ): Promise<readonly (string | undefined)[]> => {
    const [, second] = view.ribEntries as readonly RibEntryStatus[];
    const [best, other] = second?.paths ?? [];
    if (second === undefined || best === undefined || other === undefined) throw new Error('no paths');
    const used = { ...other, multipath: true, reason: 'higher router ID; used beside the best' };
    view.ribEntries = [{ ...second, paths: [best, used, { ...other, reason: 'longer AS path' }] }];
    const route = { ...ROUTE, prefix: second.prefix };
    if (state === undefined) view.routeList = [];
    else if (state === 'pending') view.routeList = [{ ...route, state }];
    else view.routeList = [{ ...route, state, reason: 'no route to 192.168.34.11' }];
    const { stdout } = await ask('routes --bgp');
    const at = stdout.indexOf('KERNEL');
    return stdout
      .split('\n')
      .slice(1, 4)
      .map((line) => `${line.slice(0, 4).trim()} ${line.slice(at).split('   ')[0]?.trim()}`);
  };
  const ROUTE = { origin: 'remote', via: [], learnedFrom: 'bgp mesh/node-b' } as const;

  test.each([
    ['pending', ['* pending', '+ pending', ' ']],
    [
      'unresolved',
      ['* unresolved: no route to 192.168.34.11', '+ unresolved: no route to 192.168.34.11', ' '],
    ],
    [undefined, ['* -', '+ -', ' ']],
  ] as const)('the kernel route is %s', async (state, expected) => {
    expect(await at(state)).toEqual(expected);
  });
});

test('nothing to show', async () => {
  view.peerList = [];
  view.podList = [];
  view.ipamView = { blocks: [], addresses: [] };
  view.routeList = [];
  view.ribEntries = [];
  expect([
    await ask('peers'),
    await ask('pods'),
    await ask('ipam'),
    await ask('routes'),
    await ask('routes --bgp'),
  ]).toMatchObject([
    { code: 0, stderr: 'no BGP peers\n' },
    { code: 0, stderr: 'no pods on this node\n' },
    { code: 0, stderr: 'this node has no podCIDR\n' },
    { code: 0, stderr: 'no routes\n' },
    { code: 0, stderr: 'no BGP routes\n' },
  ]);
});

describe('for programs', () => {
  test.each(['status', 'peers', 'routes', 'routes --bgp', 'pods', 'ipam'])(
    '%s: JSON and YAML say what the API says',
    async (line) => {
      const path = {
        status: 'status',
        peers: 'bgp/peers',
        routes: 'routes',
        'routes --bgp': 'bgp/routes',
        pods: 'pods',
        ipam: 'ipam',
      }[line];
      const body: unknown = await (await fetch(`http://${api}/v1/${path}`)).json();
      expect(JSON.parse((await ask(`${line} -o json`)).stdout)).toEqual(body);
      expect(parse((await ask(`${line} -o yaml`)).stdout)).toEqual(body);
    },
  );
});

describe('colour', () => {
  const ESCAPE = '\u001B[';
  test.each([
    { around: { isTTY: true }, coloured: true },
    { around: {}, coloured: false },
    { around: { isTTY: true, environment: { NO_COLOR: '1' } }, coloured: false },
    { around: { isTTY: true, environment: { NO_COLOR: '' } }, coloured: true },
    { around: { isTTY: true, environment: { TERM: 'dumb' } }, coloured: false },
  ])('$around', async ({ around, coloured }) => {
    for (const line of ['status', 'peers', 'routes', 'routes --bgp', 'pods', 'ipam']) {
      expect((await ask(line, around)).stdout.includes(ESCAPE), line).toBe(coloured);
    }
    expect((await ask('peers -o json', around)).stdout).not.toContain(ESCAPE);
  });
});

describe('where the agent is', () => {
  test('the environment names it, the flag goes first', async () => {
    const environment = { GRYPHON_API_ADDRESS: api };
    expect((await gryphon(['peers'], { environment })).code).toBe(0);
    expect((await ask('peers', { environment: { GRYPHON_API_ADDRESS: '127.0.0.1:1' } })).code).toBe(0);
    expect((await gryphon(['peers', '--api', `:${api.split(':')[1]}`])).code).toBe(0);
  });

  test('nobody answers: one line, what to do, exit code 1', async () => {
    await server.close();
    expect(await ask('status')).toEqual({
      code: 1,
      stdout: '',
      stderr:
        `error: the agent at ${api} does not answer (connection refused)\n` +
        '  start `gryphon agent` on this node, or name its API with --api or GRYPHON_API_ADDRESS\n',
    });
  });

  test('the agent refuses: its own words and remedy', async () => {
    view.peers = () => {
      throw new Error('secret detail');
    };
    expect(await ask('peers')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'error: the agent failed to answer\n  look for component "api" in its log\n',
    });
  });
});

test('version', async () => {
  const data = { version, node: process.version, platform: `${process.platform}/${process.arch}` };
  expect(await gryphon(['version'])).toEqual({
    code: 0,
    stdout: `gryphon ${version} (node ${data.node}, ${data.platform})\n`,
    stderr: '',
  });
  expect(JSON.parse((await gryphon(['version', '-o', 'json'])).stdout)).toEqual(data);
});
