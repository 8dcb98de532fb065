import { Value } from 'typebox/value';
import { describe, expect, test } from 'vitest';
import { AdvertisedList } from '../../src/api/resources/advertised.ts';
import { BgpRouteList } from '../../src/api/resources/bgp-route.ts';
import { Ipam } from '../../src/api/resources/ipam.ts';
import { PeerList } from '../../src/api/resources/peer.ts';
import { PodList } from '../../src/api/resources/pod.ts';
import { RouteList } from '../../src/api/resources/route.ts';
import { Status } from '../../src/api/resources/status.ts';
import type { RibEntryStatus } from '../../src/bgp/status.ts';
import { networkOf, nthAddress, prefix } from '../../src/net/prefix.ts';
import { fakeApp, get } from '../support/api-app.ts';
import { FakeView } from '../support/fake-view.ts';

describe('every resource', () => {
  test.each([
    { url: '/v1/status', schema: Status },
    { url: '/v1/bgp/peers', schema: PeerList },
    { url: '/v1/bgp/routes', schema: BgpRouteList },
    { url: '/v1/bgp/routes?wide=true', schema: BgpRouteList },
    { url: '/v1/bgp/advertised?peer=mesh/node-b', schema: AdvertisedList },
    { url: '/v1/routes', schema: RouteList },
    { url: '/v1/pods', schema: PodList },
    { url: '/v1/ipam', schema: Ipam },
  ])('$url answers as its schema says', async ({ url, schema }) => {
    const answer = await get(fakeApp(), url);
    expect(answer).toMatchObject({ status: 200, type: 'application/json; charset=utf-8' });
    expect(Value.Check(schema, answer.json), JSON.stringify(Value.Errors(schema, answer.json))).toBe(true);
  });
});

test('/v1/status', async () => {
  expect((await get(fakeApp(), '/v1/status')).json).toEqual({
    version: '0.1.0',
    node: 'node-a',
    startedAt: '2026-01-01T11:53:20.000Z',
    ready: true,
    checks: [
      { name: 'synced', ok: true, detail: 'all sources read' },
      { name: 'bgp', ok: true, detail: '1 of 2 peers established' },
    ],
    addresses: ['192.168.34.10', 'fd00:34::10'],
    podCIDRs: ['10.233.90.0/24', 'fd00:90::/64'],
    pools: ['10.233.0.0/16', 'fd00::/16'],
    bgp: { enabled: true, asNumber: 64512, routerID: '192.168.34.10', established: 1, peers: 2 },
    routes: { desired: 5, installed: 3 },
    pods: 2,
    ipam: [
      { cidr: '10.233.90.0/24', used: 2, cooling: 1, free: '251' },
      { cidr: 'fd00:90::/64', used: 1, cooling: 0, free: '18446744073709551614' },
    ],
    sources: [
      {
        name: 'manifests',
        synced: true,
        lastGood: '2026-01-01T11:58:57.000Z',
        error: 'nodes.yaml:12: podCIDR is no CIDR',
      },
      { name: 'links', synced: false },
    ],
    drivers: [
      {
        name: 'routes',
        applied: true,
        lastApplied: '2026-01-01T11:59:58.000Z',
        written: 17,
        repaired: 3,
        failures: [
          {
            item: 'route fd00:96::/64 via fe80::1',
            code: 'GRY_NETLINK_REFUSED',
            reason: 'EINVAL: Nexthop has invalid gateway',
            since: '2026-01-01T11:59:30.000Z',
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
  });
});

test('/v1/bgp/peers: times are RFC 3339, everything else is as the speaker says', async () => {
  const { json } = await get(fakeApp(), '/v1/bgp/peers');
  const [mesh, router] = new FakeView().peers();
  expect(json).toEqual({
    items: [
      { ...mesh, since: '2026-01-01T11:54:48.000Z', establishedAt: '2026-01-01T11:54:48.000Z' },
      {
        ...router,
        since: '2026-01-01T11:59:53.000Z',
        establishedAt: '2025-12-31T11:00:00.000Z',
        lastDown: { ...router?.lastDown, at: '2026-01-01T11:59:53.000Z' },
        gracefulRestart: { ...router?.gracefulRestart, staleUntil: '2026-01-01T12:00:53.000Z' },
      },
    ],
  });
});

test('/v1/pods', async () => {
  const [web, nameless] = new FakeView().pods();
  expect((await get(fakeApp(), '/v1/pods')).json).toEqual({
    items: [
      { ...web, createdAt: '2026-01-01T10:53:20.000Z' },
      { ...nameless, createdAt: '2026-01-01T11:59:59.000Z' },
    ],
  });
});

/** The prefixes of a list, and whether it was cut. */
async function prefixes(url: string, view = new FakeView()): Promise<readonly [string[], boolean]> {
  const { json } = await get(fakeApp(view), url);
  const body = json as {
    readonly items: readonly { readonly prefix: string }[];
    readonly truncated: boolean;
  };
  return [body.items.map((item) => item.prefix), body.truncated];
}

describe('filters', () => {
  test.each([
    ['/v1/routes', ['10.233.90.0/24', '10.233.90.7/32', '10.233.96.0/24', '10.233.97.0/24', 'fd00:96::/64']],
    ['/v1/routes?origin=pod', ['10.233.90.7/32']],
    ['/v1/routes?origin=remote&state=installed', ['10.233.96.0/24']],
    ['/v1/routes?state=held', []],
    ['/v1/routes?prefix=10.233.90.0/24', ['10.233.90.0/24', '10.233.90.7/32']],
    ['/v1/routes?prefix=10.233.96.99/23', ['10.233.96.0/24', '10.233.97.0/24']],
    ['/v1/routes?prefix=10.233.90.7', ['10.233.90.0/24', '10.233.90.7/32']],
    ['/v1/routes?prefix=::/0', ['fd00:96::/64']],
    ['/v1/bgp/routes', ['10.233.90.0/24', '10.233.96.0/24', 'fd00:96::/64']],
    ['/v1/bgp/routes?family=ipv6-unicast', ['fd00:96::/64']],
    ['/v1/bgp/routes?peer=mesh/node-b', ['10.233.96.0/24', 'fd00:96::/64']],
    ['/v1/bgp/routes?peer=mesh%2Fnode-b&prefix=10.233.96.200', ['10.233.96.0/24']],
    ['/v1/bgp/routes?peer=nobody', []],
    ['/v1/bgp/advertised?peer=mesh/node-b', ['fd00:90::/64', '10.233.90.0/24']],
    ['/v1/bgp/advertised?peer=mesh/node-b&family=ipv4-unicast', ['10.233.90.0/24']],
    ['/v1/bgp/advertised?peer=mesh/node-b&prefix=fd00:90::7', ['fd00:90::/64']],
    ['/v1/bgp/advertised?peer=peer/tor-a', []],
  ])('%s', async (url, expected) => {
    expect(await prefixes(url)).toEqual([expected, false]);
  });

  test('peer leaves the paths of the others out', async () => {
    const { json } = await get(fakeApp(), '/v1/bgp/routes?peer=peer/tor-a');
    expect(json).toEqual({
      items: [
        {
          prefix: '10.233.96.0/24',
          family: 'ipv4-unicast',
          paths: [
            {
              peer: 'peer/tor-a',
              nextHop: '192.168.34.1',
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
          kernel: { origin: 'remote', via: ['via 192.168.34.11 dev eth0'], state: 'installed' },
          advertised: 0,
        },
      ],
      truncated: false,
    });
  });
});

describe('what became of a prefix', () => {
  test('whether the kernel has it or why not, and who was told', async () => {
    const { json } = await get(fakeApp(), '/v1/bgp/routes?wide=true');
    expect(json).toMatchObject({
      items: [
        {
          prefix: '10.233.90.0/24',
          kernel: { origin: 'block', state: 'installed' },
          advertised: 1,
          advertisedTo: ['mesh/node-b'],
        },
        { prefix: '10.233.96.0/24', kernel: { state: 'installed' }, advertised: 0, advertisedTo: [] },
        {
          prefix: 'fd00:96::/64',
          kernel: { state: 'failed', reason: 'EINVAL: Nexthop has invalid gateway' },
        },
      ],
    });
  });

  test('is looked up for what goes out, and for nothing else', async () => {
    const view = new FakeView();
    const asked: string[] = [];
    view.advertisedTo = (wanted) => {
      asked.push(wanted);
      return [];
    };
    await get(fakeApp(view), '/v1/bgp/routes?prefix=10.233.96.0/24');
    expect(asked).toEqual(['10.233.96.0/24']);
  });

  test('a prefix that the kernel has no route of says nothing of it', async () => {
    const view = new FakeView();
    view.routeList = [];
    const { json } = await get(fakeApp(view), '/v1/bgp/routes');
    expect(JSON.stringify(json)).not.toContain('kernel');
  });
});

describe('limits', () => {
  test.each([
    ['/v1/routes?limit=2', ['10.233.90.0/24', '10.233.90.7/32'], true],
    [
      '/v1/routes?limit=5',
      ['10.233.90.0/24', '10.233.90.7/32', '10.233.96.0/24', '10.233.97.0/24', 'fd00:96::/64'],
      false,
    ],
    ['/v1/routes?limit=1&origin=pod', ['10.233.90.7/32'], false],
    ['/v1/routes?limit=1&origin=remote', ['10.233.96.0/24'], true],
    ['/v1/bgp/advertised?peer=mesh/node-b&limit=1', ['fd00:90::/64'], true],
  ])('%s', async (url, expected, truncated) => {
    expect(await prefixes(url)).toEqual([expected, truncated]);
  });

  const many = 5000;
  const fullTable = (): FakeView => {
    const view = new FakeView();
    const pool = prefix('10.0.0.0/8');
    view.ribEntries = (function* entries(): Generator<RibEntryStatus> {
      for (let i = 0; i < many; i++) {
        yield { prefix: networkOf(nthAddress(pool, BigInt(i) << 8n), 24), family: 'ipv4-unicast', paths: [] };
      }
    })();
    return view;
  };

  test.each([
    { query: '', count: 1000, truncated: true },
    { query: '?limit=4999', count: 4999, truncated: true },
    { query: '?limit=5000', count: 5000, truncated: false },
    { query: '?limit=1000000', count: 5000, truncated: false },
  ])('a table of 5000 with $query gives $count', async ({ query, count, truncated }) => {
    const [found, cut] = await prefixes(`/v1/bgp/routes${query}`, fullTable());
    expect([found.length, new Set(found).size, cut]).toEqual([count, count, truncated]);
  });
});

describe('errors', () => {
  const remedy = 'see docs/api.md for the parameters';
  test.each([
    ['/v1/routes?limit=0', 'limit must be >= 1'],
    ['/v1/routes?limit=1000001', 'limit must be <= 1000000'],
    ['/v1/routes?limit=ten', 'limit must be integer'],
    ['/v1/routes?limit=1&limit=2', 'limit must be integer'],
    ['/v1/routes?orgin=pod', 'unknown parameter "orgin"'],
    ['/v1/routes?origin=static', 'origin must be one of block, pod, remote'],
    ['/v1/bgp/routes?family=ipv4', 'family must be one of ipv4-unicast, ipv6-unicast'],
    ['/v1/bgp/routes?prefix=10.0.0.0/33', 'prefix must be a CIDR or an address, not "10.0.0.0/33"'],
    ['/v1/bgp/routes?wide=yes', 'wide must be boolean'],
    ['/v1/bgp/advertised', 'peer must be given'],
    ['/v1/bgp/routes?prefix=', 'prefix must be a CIDR or an address, not ""'],
    [`/v1/routes?prefix=${'1'.repeat(50)}`, 'prefix must NOT have more than 49 characters'],
  ])('%s', async (url, message) => {
    expect(await get(fakeApp(), url)).toMatchObject({
      status: 400,
      json: { code: 'GRY_API_QUERY', message, remedy },
    });
  });

  test('a peer that does not exist has not been told nothing', async () => {
    expect(await get(fakeApp(), '/v1/bgp/advertised?peer=nobody')).toMatchObject({
      status: 400,
      json: {
        code: 'GRY_API_QUERY',
        message: 'there is no BGP peer "nobody"',
        remedy: 'see `gryphon peers` for their names',
      },
    });
  });

  test('an unknown path', async () => {
    expect(await get(fakeApp(), '/v2/status?x=y')).toMatchObject({
      status: 404,
      json: {
        code: 'GRY_API_NOT_FOUND',
        message: 'nothing is at /v2/status',
        remedy: 'see docs/api.md for the paths',
      },
    });
  });

  test('a view that throws is our fault, and its words stay inside', async () => {
    const view = new FakeView();
    view.status = () => {
      throw new Error('secret detail');
    };
    const answer = await get(fakeApp(view), '/v1/status');
    expect(answer.status).toBe(500);
    expect(answer.json).toEqual({
      code: 'GRY_API_INTERNAL',
      message: 'the agent failed to answer',
      remedy: 'look for component "api" in its log',
    });
  });
});
