import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { Metrics } from '../../src/agent/metrics.ts';
import type { RouteView } from '../../src/api/view.ts';
import { prefix } from '../../src/net/prefix.ts';
import { FakeView } from '../support/fake-view.ts';

function metricsOf(view: FakeView | undefined): Metrics {
  const metrics = new Metrics({ version: '0.1.0', runtime: false });
  if (view !== undefined) metrics.show(view);
  return metrics;
}

/** The series of a page that begin with one of the names, without help and type lines. */
async function series(metrics: Metrics, ...names: readonly string[]): Promise<readonly string[]> {
  const lines = (await metrics.render()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.filter((line) => names.some((name) => line.startsWith(name)));
}

test('what is, read from the view', async () => {
  expect(await series(metricsOf(new FakeView()), 'gryphon_')).toEqual([
    'gryphon_ready 1',
    'gryphon_problems{code="GRY_POD_CIDR_OVERLAP",severity="error"} 1',
    'gryphon_problems{code="GRY_UNSUPPORTED",severity="warning"} 1',
    'gryphon_source_synced{source="manifests"} 1',
    'gryphon_source_synced{source="links"} 0',
    'gryphon_source_last_good_timestamp_seconds{source="manifests"} 1767268737',
    'gryphon_pods 2',
    'gryphon_ipam_addresses{cidr="10.233.90.0/24",state="used"} 2',
    'gryphon_ipam_addresses{cidr="10.233.90.0/24",state="cooling"} 1',
    'gryphon_ipam_addresses{cidr="10.233.90.0/24",state="free"} 251',
    'gryphon_ipam_addresses{cidr="fd00:90::/64",state="used"} 1',
    'gryphon_ipam_addresses{cidr="fd00:90::/64",state="cooling"} 0',
    'gryphon_ipam_addresses{cidr="fd00:90::/64",state="free"} 18446744073709552000',
    'gryphon_routes{origin="block",state="installed"} 1',
    'gryphon_routes{origin="pod",state="installed"} 1',
    'gryphon_routes{origin="remote",state="installed"} 1',
    'gryphon_routes{origin="remote",state="unresolved"} 1',
    'gryphon_routes{origin="remote",state="failed"} 1',
    'gryphon_driver_failures{driver="routes"} 1',
    'gryphon_driver_failures{driver="iptables"} 0',
    'gryphon_driver_last_applied_timestamp_seconds{driver="routes"} 1767268798',
    'gryphon_driver_writes_total{driver="routes"} 17',
    'gryphon_driver_writes_total{driver="iptables"} 0',
    'gryphon_driver_repairs_total{driver="routes"} 3',
    'gryphon_driver_repairs_total{driver="iptables"} 0',
    'gryphon_bgp_session_up{peer="mesh/node-b"} 1',
    'gryphon_bgp_session_up{peer="peer/tor-a"} 0',
    'gryphon_bgp_peer_state{peer="mesh/node-b"} 6',
    'gryphon_bgp_peer_state{peer="peer/tor-a"} 3',
    'gryphon_bgp_peer_info{peer="mesh/node-b",address="192.168.34.11",local_as="64512",remote_as="64512"} 1',
    'gryphon_bgp_peer_info{peer="peer/tor-a",address="fd00:34::1",local_as="64512",remote_as="4200000000"} 1',
    'gryphon_bgp_state_since_timestamp_seconds{peer="mesh/node-b"} 1767268488',
    'gryphon_bgp_state_since_timestamp_seconds{peer="peer/tor-a"} 1767268793',
    'gryphon_bgp_last_established_timestamp_seconds{peer="mesh/node-b"} 1767268488',
    'gryphon_bgp_last_established_timestamp_seconds{peer="peer/tor-a"} 1767178800',
    'gryphon_bgp_session_flaps_total{peer="mesh/node-b"} 0',
    'gryphon_bgp_session_flaps_total{peer="peer/tor-a"} 2',
    ...messages('mesh/node-b', { received: [1, 4, 0, 31, 0], sent: [1, 3, 0, 32, 0] }),
    ...messages('peer/tor-a', { received: [3, 0, 2, 9000, 0], sent: [0, 0, 0, 0, 0] }),
    'gryphon_bgp_notifications_total{peer="peer/tor-a",direction="received",code="6",subcode="2"} 1',
    'gryphon_bgp_notifications_total{peer="peer/tor-a",direction="received",code="other",subcode="other"} 1',
    ...malformed('mesh/node-b', [0, 0, 0, 0]),
    ...malformed('peer/tor-a', [0, 2, 1, 5]),
    ...prefixes('mesh/node-b', [1, 1, 1, 0], [1, 1, 1, 0]),
    ...prefixes('peer/tor-a', [0, 0, 0, 0], [2, 1, 0, 2]),
    'gryphon_bgp_prefix_limit{peer="peer/tor-a"} 1000',
    `gryphon_build_info{version="0.1.0",node_version="${process.version}"} 1`,
    'gryphon_loop_runs_total{result="ok"} 0',
    'gryphon_loop_runs_total{result="failed"} 0',
    ...emptyHistogram(
      'gryphon_loop_duration_seconds',
      [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    ),
  ]);
});

function messages(peer: string, counts: Readonly<Record<string, readonly number[]>>): readonly string[] {
  const types = ['open', 'update', 'notification', 'keepalive', 'route_refresh'];
  return Object.entries(counts).flatMap(([direction, numbers]) =>
    types.map(
      (type, i) =>
        `gryphon_bgp_messages_total{peer="${peer}",direction="${direction}",type="${type}"} ${numbers[i]}`,
    ),
  );
}

function malformed(peer: string, counts: readonly number[]): readonly string[] {
  return ['reset', 'withdraw', 'discard', 'ignore'].map(
    (reaction, i) => `gryphon_bgp_malformed_total{peer="${peer}",reaction="${reaction}"} ${counts[i]}`,
  );
}

function prefixes(peer: string, ...families: readonly (readonly number[])[]): readonly string[] {
  return families.flatMap((counts, f) =>
    ['received', 'accepted', 'advertised', 'stale'].map(
      (kind, i) =>
        `gryphon_bgp_prefixes{peer="${peer}",family="${f === 0 ? 'ipv4' : 'ipv6'}-unicast",kind="${kind}"} ${counts[i]}`,
    ),
  );
}

function emptyHistogram(name: string, bounds: readonly number[]): readonly string[] {
  const buckets = [...bounds, '+Inf'].map((bound) => `${name}_bucket{le="${bound}"} 0`);
  return [...buckets, `${name}_sum 0`, `${name}_count 0`];
}

describe('what happens, told as it happens', () => {
  test('loop runs', async () => {
    const metrics = metricsOf(undefined);
    metrics.observe.loopRun(0.004, 'ok');
    metrics.observe.loopRun(0.3, 'failed');
    expect(await series(metrics, 'gryphon_loop')).toEqual(
      expect.arrayContaining([
        'gryphon_loop_runs_total{result="ok"} 1',
        'gryphon_loop_runs_total{result="failed"} 1',
        'gryphon_loop_duration_seconds_bucket{le="0.0025"} 0',
        'gryphon_loop_duration_seconds_bucket{le="0.005"} 1',
        'gryphon_loop_duration_seconds_bucket{le="0.5"} 2',
        'gryphon_loop_duration_seconds_sum 0.304',
        'gryphon_loop_duration_seconds_count 2',
      ]),
    );
  });

  test('drivers', async () => {
    const metrics = metricsOf(undefined);
    metrics.observe.driverApply('routes', 0.02);
    expect(await series(metrics, 'gryphon_driver_apply_duration_seconds_count')).toEqual([
      'gryphon_driver_apply_duration_seconds_count{driver="routes"} 1',
    ]);
  });

  test('CNI requests; commands that do not exist share one label', async () => {
    const metrics = metricsOf(undefined);
    metrics.observe.cniRequest('ADD', 'ok', 0.001);
    metrics.observe.cniRequest('ADD', 11, 0.001);
    metrics.observe.cniRequest('DEL', 'ok', 0.001);
    metrics.observe.cniRequest('junk-1', 4, 0.001);
    metrics.observe.cniRequest('junk-2', 4, 0.001);
    expect(await series(metrics, 'gryphon_cni_requests_total')).toEqual([
      'gryphon_cni_requests_total{command="ADD",result="ok"} 1',
      'gryphon_cni_requests_total{command="ADD",result="11"} 1',
      'gryphon_cni_requests_total{command="DEL",result="ok"} 1',
      'gryphon_cni_requests_total{command="other",result="4"} 2',
    ]);
  });
});

describe('a scrape', () => {
  test('before there is a view: not ready', async () => {
    expect(await series(metricsOf(undefined), 'gryphon_ready', 'gryphon_bgp', 'gryphon_driver')).toEqual([
      'gryphon_ready 0',
    ]);
  });

  test('shows nothing of a peer that is gone, nor of a problem that is mended', async () => {
    const view = new FakeView();
    const metrics = metricsOf(view);
    expect(await series(metrics, 'gryphon_problems')).toHaveLength(2);
    view.peerList = view.peerList.slice(0, 1);
    view.statusView = { ...view.statusView, problems: [], ready: false };
    const page = await metrics.render();
    expect(page).not.toContain('peer/tor-a');
    expect(page).toContain('mesh/node-b');
    expect(await series(metrics, 'gryphon_problems', 'gryphon_ready')).toEqual(['gryphon_ready 0']);
  });

  test('counters follow the view, however often they are read', async () => {
    const view = new FakeView();
    const metrics = metricsOf(view);
    await metrics.render();
    await metrics.render();
    const name = 'gryphon_driver_writes_total{driver="routes"}';
    expect(await series(metrics, name)).toEqual([`${name} 17`]);
  });

  test('is shared by all who ask meanwhile', async () => {
    const view = new FakeView();
    let reads = 0;
    view.status = () => {
      reads++;
      return view.statusView;
    };
    const metrics = metricsOf(view);
    const pages = await Promise.all([metrics.render(), metrics.render(), metrics.render()]);
    expect([new Set(pages).size, reads]).toEqual([1, 1]);
    await metrics.render();
    expect(reads).toBe(2);
  });

  test('that fails does not spoil the next one', async () => {
    const view = new FakeView();
    view.status = () => {
      throw new Error('not now');
    };
    const metrics = metricsOf(view);
    await expect(metrics.render()).rejects.toThrow('not now');
    view.status = () => view.statusView;
    expect(await series(metrics, 'gryphon_ready')).toEqual(['gryphon_ready 1']);
  });

  test('of a hundred thousand routes leaves turns to others and makes no more series', async () => {
    const view = new FakeView();
    const route: RouteView = {
      prefix: prefix('10.0.0.0/24'),
      origin: 'remote',
      via: [],
      learnedFrom: 'bgp mesh/node-b',
      state: 'installed',
    };
    const seen = { read: 0 };
    view.routeList = (function* table(): Generator<RouteView> {
      for (; seen.read < 100_000; seen.read++) yield route;
    })();
    const metrics = metricsOf(view);
    const rendering = series(metrics, 'gryphon_routes');
    let longest = 0;
    while (seen.read < 100_000) {
      const before = seen.read;
      await setImmediate();
      longest = Math.max(longest, seen.read - before);
    }
    expect(longest).toBeLessThanOrEqual(512);
    expect(await rendering).toEqual(['gryphon_routes{origin="remote",state="installed"} 100000']);
  });
});

test('names: our prefix, base units, totals are counters and nothing else', () => {
  const rows = new Metrics({ version: '0.1.0', runtime: false })
    .reference()
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')));
  expect(rows.length).toBeGreaterThan(20);
  for (const [, name = '', type] of rows) {
    expect(name).toMatch(/^gryphon_[a-z_]+$/);
    expect(name).not.toMatch(/_(ms|milliseconds|minutes|kb|mb|percent)(_|$)/);
    expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
    if (type === 'histogram') expect(name).toMatch(/_seconds$/);
  }
});

test('the runtime is watched, the lag of its event loop too', async () => {
  const metrics = new Metrics({ version: '0.1.0' });
  const page = await metrics.render();
  for (const name of [
    'process_resident_memory_bytes',
    'process_open_fds',
    'nodejs_eventloop_lag_p99_seconds',
  ]) {
    expect(page).toMatch(new RegExp(`^${name} \\S+$`, 'm'));
  }
  await expect(metrics.reference()).toMatchFileSnapshot('../../docs/metrics.md');
});
