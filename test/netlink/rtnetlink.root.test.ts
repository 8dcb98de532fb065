import { execFileSync } from 'node:child_process';
import fs, { readdirSync } from 'node:fs';
import { constants } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { address } from '../../src/net/address.ts';
import { parseMac } from '../../src/net/mac.ts';
import { type Prefix, prefix } from '../../src/net/prefix.ts';
import { Batcher } from '../../src/netlink/batch.ts';
import { NetlinkLostError, SystemError } from '../../src/netlink/error.ts';
import { NetlinkSocket } from '../../src/netlink/netlink-socket.ts';
import { openNetns } from '../../src/netlink/netns.ts';
import { Rtnetlink } from '../../src/netlink/rtnetlink.ts';
import { linkIndex } from '../../src/netlink/socket.ts';
import type { RouteRecord } from '../../src/netlink/wire/records.ts';
import type { NetlinkRequest } from '../../src/netlink/wire/requests.ts';
import { connect, createNetns, type TestNetns, withNetns } from '../support/netns.ts';

const signal = new AbortController().signal;
let netns: TestNetns;
let v0: number;

beforeAll(async () => {
  netns = await createNetns();
  await connect({ netns, name: 'v0', addresses: ['192.0.2.1/24', '2001:db8::1/64'] }, { netns, name: 'v1' });
  v0 = netns.netlink.link({ name: 'v0' })!.index;
});
afterAll(() => netns.remove());

const record = (p: Prefix | string, more: Partial<RouteRecord> = {}): RouteRecord => ({
  prefix: prefix(p),
  kind: 'unicast',
  table: 254,
  protocol: 71,
  scope: 0,
  metric: 0,
  nextHops: [{ gateway: address('192.0.2.7'), link: v0 }],
  ...more,
});
const create = (p: string, more: Partial<RouteRecord> = {}): NetlinkRequest => ({
  kind: 'route.create',
  route: record(p, more),
});
const numbered = (count: number, kind: 'route.create' | 'route.delete'): NetlinkRequest[] =>
  Array.from({ length: count }, (_, i) => ({ kind, route: record(`10.${i >> 8}.${i & 255}.0/24`) }));
const errno = constants.errno;

test('one link is found by name and by index, and a missing one is undefined', () => {
  const { netlink } = netns;
  const byName = netlink.link({ name: 'lo' });
  expect(byName).toMatchObject({ index: 1, name: 'lo', loopback: true, up: true });
  expect(netlink.link({ index: 1 })).toEqual(byName);
  expect(netlink.link({ name: 'nobody' })).toBeUndefined();
  expect(netlink.link({ index: 4711 })).toBeUndefined();
});

test('a pod link from nothing: both ends in one message, then alias, group, addresses, neighbours, removal', () =>
  withNetns(async (host) => {
    using pod = await createNetns();
    const fd = pod.run(() => netnsDescriptor());
    const mac = parseMac('ee:ee:ee:ee:ee:ee')!;
    const name = 'gryp0123456789a';
    const made = host.netlink.run([
      {
        kind: 'link.createVeth',
        end: { name, mac, mtu: 1400, queues: 1 },
        up: true,
        peer: { name: 'eth0', mtu: 1400, netns: fd.fd, queues: 3 },
      },
      { kind: 'link.set', link: { name }, alias: 'gryphon abc', group: 42 },
      { kind: 'link.set', link: { name }, ipv4: { forwarding: true, rpFilter: 2, arpIgnore: 3 } },
    ]);
    fd.close();
    expect(made).toEqual([]);
    expect(await host.ip(`-d link show ${name}`)).toMatch(/numtxqueues 1 numrxqueues 1 /);
    const settings = ['forwarding', 'rp_filter', 'arp_ignore'].map((key) => `net.ipv4.conf.${name}.${key}`);
    expect((await host.exec('sysctl', '-n', ...settings)).split('\n')).toEqual(['1', '2', '3']);
    expect([host.netlink.linkIndex(name), pod.netlink.linkIndex(name)]).toEqual([
      host.netlink.link({ name })?.index,
      undefined,
    ]);
    await host.ip(`link property add dev ${name} altname second`);
    expect(host.netlink.linkIndex('second')).toBe(host.netlink.linkIndex(name));
    for (const none of [`${name}b`, '', 'gryp0123456789b'])
      expect(host.netlink.linkIndex(none)).toBeUndefined();
    const file = fs.openSync('/dev/null', 'r');
    expect(() => linkIndex(file, name)).toThrow(/SO_BINDTODEVICE.*ENOTSOCK/);
    fs.closeSync(file);
    expect(await pod.ip('-d link show eth0')).toMatch(/numtxqueues 3 numrxqueues 3 /);
    const inside = pod.netlink.link({ name: 'eth0' })!;
    const configured = pod.netlink.run([
      { kind: 'link.set', link: { index: inside.index }, addressGeneration: 'none' },
      { kind: 'link.set', link: { index: inside.index }, up: true },
      {
        kind: 'address.replace',
        address: {
          link: inside.index,
          address: address('fd00::5'),
          prefixLength: 128,
          scope: 0,
          flags: 0x02,
        },
      },
      {
        kind: 'neighbour.replace',
        neighbour: { link: inside.index, address: address('169.254.1.1'), mac, state: 0x80, proxy: false },
      },
      {
        kind: 'neighbour.replace',
        neighbour: { link: inside.index, address: address('10.0.0.9'), state: 0, proxy: true },
      },
    ]);
    expect(configured).toEqual([]);
    expect(host.netlink.link({ name })).toMatchObject({ mac, mtu: 1400, up: true, alias: 'gryphon abc' });
    expect(pod.netlink.link({ name: 'eth0' })).toMatchObject({ mtu: 1400, up: true, kind: 'veth' });
    // No fe80:: address, and ours is usable at once: permanent, not tentative.
    expect(pod.netlink.addresses(6).filter((a) => a.link === inside.index)).toEqual([
      { link: inside.index, address: 'fd00::5', prefixLength: 128, scope: 0, flags: 0x82 },
    ]);
    expect(pod.netlink.neighbours().filter((n) => n.state === 0x80)).toHaveLength(1);
    expect(pod.netlink.neighbours({ proxy: true })).toMatchObject([{ address: '10.0.0.9', proxy: true }]);
    expect(await host.netlink.runAsync([{ kind: 'link.delete', link: { group: 42 } }], signal)).toEqual([]);
    expect(host.netlink.link({ name })).toBeUndefined();
    expect(pod.netlink.link({ name: 'eth0' })).toBeUndefined();
  }));

/** A descriptor of the namespace in which it is called. */
function netnsDescriptor(): { fd: number; close(): void } {
  return openNetns('/proc/thread-self/ns/net');
}

describe('what the kernel refuses', () => {
  test('is told by request, with its words; the others go in', () => {
    const { netlink } = netns;
    const bad = create('10.9.0.0/24', { nextHops: [{ gateway: address('198.51.100.1') }] });
    const failures = netlink.run([create('10.8.0.0/24'), bad, create('10.8.0.0/24'), create('10.7.0.0/24')]);
    expect(failures.map((f) => [f.errno, f.errnoName, f.message])).toEqual([
      [errno.ENETUNREACH, 'ENETUNREACH', 'ENETUNREACH, Nexthop has invalid gateway'],
      [errno.EEXIST, 'EEXIST', 'EEXIST'],
    ]);
    expect(failures[0]!.request).toBe(bad);
    expect(netlink.routes({ protocol: 71 }).map((route) => route.prefix)).toEqual([
      '10.7.0.0/24',
      '10.8.0.0/24',
    ]);
    netlink.run([
      { kind: 'route.delete', route: record('10.8.0.0/24') },
      { kind: 'route.delete', route: record('10.7.0.0/24') },
    ]);
  });

  test('in a large batch is found by its number, wherever it stands', async () => {
    const { netlink } = netns;
    const requests = numbered(3000, 'route.create');
    requests[1500] = create('10.200.0.0/24', { nextHops: [{ link: 4711 }] });
    requests[2999] = requests[0]!;
    const failures = await netlink.runAsync(requests, signal);
    expect(failures.map((f) => [requests.indexOf(f.request), f.errnoName])).toEqual([
      [1500, 'ENODEV'],
      [0, 'EEXIST'],
    ]);
    expect(netlink.routes({ family: 4, protocol: 71 })).toHaveLength(2998);
    const gone = await netlink.runAsync(numbered(3000, 'route.delete'), signal);
    expect(gone.map((f) => f.errnoName)).toEqual(['ESRCH', 'ESRCH']);
  });
});

test('whoever has no request for the moment holds neither the event loop nor the others up', async () => {
  const { netlink } = netns;
  let turns = 0;
  const turning = setInterval(() => turns++, 0);
  function* hesitant(): Generator<NetlinkRequest | undefined> {
    for (const request of numbered(3, 'route.create')) {
      for (let i = 0; i < 10_000; i++) yield undefined;
      yield request;
    }
    // What was given was sent meanwhile.
    expect(netlink.routes({ family: 4, protocol: 71 })).toHaveLength(2);
  }
  expect(await netlink.runAsync(hesitant(), signal)).toEqual([]);
  clearInterval(turning);
  expect(netlink.routes({ family: 4, protocol: 71 })).toHaveLength(3);
  expect(turns).toBeGreaterThan(0);
  expect(await netlink.runAsync(numbered(3, 'route.delete'), signal)).toEqual([]);
});

test('the kernel filters dumps by family, table, protocol and link; an unused table is empty', async () => {
  const { netlink } = netns;
  const routes: NetlinkRequest[] = [
    create('10.1.0.0/24'),
    create('10.2.0.0/24', { table: 1000 }),
    create('10.3.0.0/24', { protocol: 12 }),
    create('fd00:1::/64', { kind: 'blackhole', nextHops: [] }),
  ];
  expect(netlink.run(routes)).toEqual([]);
  const prefixes = (filter: Parameters<Rtnetlink['routes']>[0]) =>
    netlink
      .routes(filter)
      .map((r) => r.prefix)
      .sort();
  expect(prefixes({ protocol: 71, table: 254 })).toEqual(['10.1.0.0/24', 'fd00:1::/64']);
  expect(prefixes({ protocol: 71, family: 4 })).toEqual(['10.1.0.0/24', '10.2.0.0/24']);
  expect(prefixes({ table: 1000 })).toEqual(['10.2.0.0/24']);
  expect(prefixes({ protocol: 12 })).toEqual(['10.3.0.0/24']);
  expect(prefixes({ table: 4711 })).toEqual([]);
  expect(prefixes({ protocol: 71, link: v0 })).toEqual(['10.1.0.0/24', '10.2.0.0/24']);
  expect(() => prefixes({ link: 4711 })).toThrow('ENODEV');
  expect(await netlink.routesAsync({ protocol: 71 }, signal)).toEqual(netlink.routes({ protocol: 71 }));
  netlink.run(routes.map((r) => ({ kind: 'route.delete', route: (r as { route: RouteRecord }).route })));
});

test('a large dump gives way to the event loop and leaves a clean socket when it is aborted', async () => {
  const { netlink } = netns;
  await netlink.runAsync(numbered(20_000, 'route.create'), signal);
  let turns = 0;
  const count = setInterval(() => turns++, 0);
  expect(await netlink.routesAsync({ family: 4, protocol: 71 }, signal)).toHaveLength(20_000);
  clearInterval(count);
  expect(turns).toBeGreaterThan(0);
  const abort = new AbortController();
  const aborted = netlink.routesAsync({ family: 4, protocol: 71 }, abort.signal);
  setImmediate(() => abort.abort(new Error('enough')));
  await expect(aborted).rejects.toThrow('enough');
  expect(await netlink.routesAsync({ table: 4711 }, signal)).toEqual([]);
  expect(await netlink.runAsync(numbered(20_000, 'route.delete'), signal)).toEqual([]);
});

test('answers that do not fit into the receive buffer are an error that asks for reading again; the socket goes on', () => {
  using socket = netns.run(() => new NetlinkSocket({ buffer: 4096 }));
  const batcher = new Batcher(socket);
  const refused = numbered(1000, 'route.delete');
  expect(() => batcher.runSync(refused)).toThrow(NetlinkLostError);
  expect(
    batcher.runSync([create('10.1.0.0/24'), { kind: 'route.delete', route: record('10.1.0.0/24') }]),
  ).toEqual([]);
});

test('errno of a send on another thread arrives', async () => {
  const socket = new NetlinkSocket();
  socket.close();
  await expect(socket.sendAsync(new Uint8Array(16))).rejects.toThrow(SystemError);
  await expect(socket.sendAsync(new Uint8Array(16))).rejects.toMatchObject({ errnoName: 'EBADF' });
});

const WITHOUT_NET_ADMIN = ['--bounding-set=-net_admin', '--inh-caps=-net_admin', '--ambient-caps=-net_admin'];

test('without CAP_NET_ADMIN reading works and a change is one clear error', () => {
  const program = `
    import { Rtnetlink } from '${import.meta.dirname}/../../src/netlink/rtnetlink.ts';
    const netlink = Rtnetlink.open();
    const links = netlink.links().length;
    try {
      netlink.run([{ kind: 'link.set', link: { name: 'lo' }, mtu: 65536 }]);
    } catch (error) {
      process.stdout.write(JSON.stringify({ links: links > 0, code: error.code, remedy: error.remedy }));
    }`;
  const out = netns.run(() =>
    execFileSync('setpriv', [...WITHOUT_NET_ADMIN, process.execPath, '--input-type=module', '-e', program]),
  );
  expect(JSON.parse(out.toString())).toEqual({
    links: true,
    code: 'GRY_NETLINK_PERMISSION',
    remedy: 'run as root, or give the container the capability NET_ADMIN',
  });
});

test('closing waits for what is under way', async () => {
  const netlink = netns.run(() => Rtnetlink.open());
  const under = netlink.runAsync(numbered(2000, 'route.create'), signal);
  netlink.close();
  expect(await under).toEqual([]);
  expect(await netns.netlink.runAsync(numbered(2000, 'route.delete'), signal)).toEqual([]);
});

test('a request that cannot be expressed, in the midst of a batch, leaves the socket clean', async () => {
  const { netlink } = netns;
  const requests = numbered(3000, 'route.create');
  requests[2500] = { kind: 'link.set', link: { name: 'v0' }, name: 'v9' };
  await expect(netlink.runAsync(requests, signal)).rejects.toThrow('select it by index');
  const sent = await netlink.routesAsync({ protocol: 71 }, signal);
  expect(sent).toHaveLength(2048);
  expect(await netlink.runAsync(numbered(2048, 'route.delete'), signal)).toEqual([]);
});

test('opening and closing leaks no descriptor', () => {
  const open = (): number => readdirSync('/proc/self/fd').length;
  const before = open();
  for (let i = 0; i < 500; i++) netns.run(() => Rtnetlink.open()).close();
  expect(open()).toBe(before);
});
