import { constants } from 'node:os';
import { describe, expect, test } from 'vitest';
import { keepNothing, type RouteIntent } from '../../src/dataplane/route-intent.ts';
import type { RouteDriver } from '../../src/dataplane/routes.ts';
import { address } from '../../src/net/address.ts';
import { comparePrefixes, prefix } from '../../src/net/prefix.ts';
import { FakeKernel } from '../support/fake-kernel.ts';
import { POD, POD_NAME, record, setUp, UPLINK, via, want } from './route-setup.ts';
import { intentText, randomIntent, sortWays, walkPrefixes } from './route-walk.ts';

describe('what is wanted', () => {
  test('goes in, in both families and every shape, and again changes nothing', async () => {
    const { kernel, driver, apply } = setUp();
    driver.set(
      want({
        '10.244.0.0/24': [],
        '10.244.0.5/32': [{ link: POD }],
        '10.244.1.0/24': [via('192.0.2.7')],
        '10.244.2.0/24': [via('192.0.2.7'), via('192.0.2.8', { weight: 1 })],
        '10.244.3.0/24': [{ gateway: address('192.0.2.7') }],
        'fd00:1::/64': [],
        'fd00:2::/64': [via('2001:db8::7', { onlink: true })],
      }),
    );
    expect(await apply()).toEqual({ written: 7, failures: [] });
    expect(`\n${kernel.text()}\n`).toBe(`
10.244.0.5 dev gryp0123456789a proto 71 scope link
10.244.1.0/24 via 192.0.2.7 dev eth0 proto 71
10.244.2.0/24 proto 71 nexthop via 192.0.2.7 dev eth0 weight 1 nexthop via 192.0.2.8 dev eth0 weight 2
10.244.3.0/24 via 192.0.2.7 dev eth0 proto 71
blackhole 10.244.0.0/24 proto 71
blackhole fd00:1::/64 proto 71 metric 1024
fd00:2::/64 via 2001:db8::7 dev eth0 proto 71 metric 1024 onlink
`);
    expect(await apply()).toEqual({ written: 0, failures: [] });
    driver.invalidate();
    expect(await apply()).toEqual({ written: 0, failures: [] });
    expect(driver.counts()).toEqual({ desired: 7, installed: 7, failed: 0, held: 0 });
  });

  test('changes in one step, and an empty intent removes everything of ours and nothing else', async () => {
    const { kernel, driver, apply } = setUp();
    kernel.other('route.create', record('10.0.0.0/8', [via('192.0.2.1')], { protocol: 4 }));
    driver.set(want({ '10.244.1.0/24': [via('192.0.2.7')], '10.244.2.0/24': [] }));
    await apply();
    driver.set(want({ '10.244.1.0/24': [via('192.0.2.8')] }));
    await apply();
    driver.set(want({}));
    await apply();
    expect(kernel.log).toEqual([
      'create 10.244.1.0/24 via 192.0.2.7 dev if2 proto 71',
      'create blackhole 10.244.2.0/24 proto 71',
      'replace 10.244.1.0/24 via 192.0.2.8 dev if2 proto 71',
      'delete blackhole 10.244.2.0/24 proto 71',
      'delete 10.244.1.0/24 proto 71',
    ]);
    expect(kernel.text()).toBe('10.0.0.0/8 via 192.0.2.1 dev eth0 proto static');
  });

  test('deleting what is gone already is success', async () => {
    const { kernel, driver, apply } = setUp();
    driver.set(want({ '10.244.1.0/24': [] }));
    await apply();
    kernel.other('route.delete', record('10.244.1.0/24', []), { quiet: true });
    driver.set(want({}));
    expect(await apply()).toEqual({ written: 1, failures: [] });
  });
});

describe('routes of an earlier run', () => {
  const keepRemote = { ...keepNothing, remote: true };
  const leftovers = (kernel: FakeKernel): void => {
    kernel.addLink(UPLINK, 'eth0', prefix('192.0.2.0/24'));
    kernel.addLink(POD, POD_NAME);
    kernel.other('route.create', record('10.244.0.0/24', []));
    kernel.other('route.create', record('10.244.0.5/32', [{ link: POD }], { scope: 253 }));
    kernel.other('route.create', record('10.244.1.0/24', [via('192.0.2.7')]));
    kernel.other('route.create', record('10.244.2.0/24', [via('192.0.2.8')]));
  };

  const pod = `10.244.0.5 dev ${POD_NAME} proto 71 scope link`;
  const block = 'blackhole 10.244.0.0/24 proto 71';
  const remote = '10.244.1.0/24 via 192.0.2.7 dev eth0 proto 71';

  test.each<[string, Partial<RouteIntent['keep']>, readonly string[]]>([
    ['all swept', {}, []],
    ['remote ones held while BGP has not converged', { remote: true }, [remote]],
    ['pods held while nobody knows which there are', { pod: true }, [pod]],
    ['blocks held while the Nodes are not known', { block: true }, [block]],
    ['everything held', { block: true, pod: true, remote: true }, [block, pod, remote]],
  ])('%s', async (_, keep, held) => {
    const kernel = new FakeKernel();
    leftovers(kernel);
    const { driver, apply } = setUp(kernel);
    driver.set(want({ '10.244.2.0/24': [via('192.0.2.9')] }, { ...keepNothing, ...keep }));
    await apply();
    const wanted = '10.244.2.0/24 via 192.0.2.9 dev eth0 proto 71';
    expect(kernel.text().split('\n').sort()).toEqual([...held, wanted].sort());
    expect(driver.counts()).toMatchObject({ held: held.length, installed: 1 });
    expect(driver.state(prefix('10.244.1.0/24'))?.state).toBe(keep.remote === true ? 'held' : undefined);
  });

  test('what is wanted but cannot be told yet stays, and nothing is written for it', async () => {
    const kernel = new FakeKernel();
    kernel.addLink(POD, POD_NAME);
    const { driver, apply } = setUp(kernel);
    driver.set(want({}));
    await apply();
    kernel.other('route.create', record('10.244.0.9/32', [{ link: POD }], { scope: 253 }));
    driver.set({ ...want({}), hold: new Set([prefix('10.244.0.9/32'), prefix('10.244.0.10/32')]) });
    expect(await apply()).toEqual({ written: 0, failures: [] });
    driver.set(want({ '10.244.0.9/32': [{ link: POD }] }));
    expect(await apply()).toEqual({ written: 0, failures: [] });
    driver.set(want({}));
    await apply();
    expect(kernel.text()).toBe('');
  });

  test('held ones go when the hold ends, or when they were wanted once and are wanted no more', async () => {
    const kernel = new FakeKernel();
    leftovers(kernel);
    const { driver, apply } = setUp(kernel);
    driver.set(want({ '10.244.2.0/24': [via('192.0.2.8')] }, keepRemote));
    await apply();
    driver.set(want({}, keepRemote));
    await apply();
    expect(kernel.text()).toBe('10.244.1.0/24 via 192.0.2.7 dev eth0 proto 71');
    driver.set(want({}));
    await apply();
    expect(kernel.text()).toBe('');
  });

  test('second ones of a prefix and foreign metrics are strays', async () => {
    const kernel = new FakeKernel();
    leftovers(kernel);
    kernel.other('route.append', record('10.244.1.0/24', [via('192.0.2.9')], { metric: 50 }));
    const { driver, apply } = setUp(kernel);
    driver.set(want({ '10.244.1.0/24': [via('192.0.2.7')] }));
    await apply();
    expect(kernel.text()).toBe('10.244.1.0/24 via 192.0.2.7 dev eth0 proto 71');
  });
});

describe("another's route in our place", () => {
  const theirs = record('10.244.1.0/24', [via('192.0.2.1')], { protocol: 12 });

  test('is never replaced; the failure names it, and ours goes in when it is gone', async () => {
    const { kernel, clock, driver, apply } = setUp();
    kernel.other('route.create', theirs, { quiet: true });
    driver.set(want({ '10.244.1.0/24': [via('192.0.2.7')], '10.244.2.0/24': [via('192.0.2.7')] }));
    const result = await apply();
    expect(result).toMatchObject({
      written: 1,
      failures: [
        {
          item: 'route 10.244.1.0/24 via 192.0.2.7 dev if2 proto 71',
          code: 'GRY_ROUTE_FOREIGN',
          reason: 'a route of protocol bird is there: 10.244.1.0/24 via 192.0.2.1 dev if2 proto bird',
          since: clock.now(),
        },
      ],
    });
    expect(result.retryAfter).toBeGreaterThan(0);
    expect(driver.state(prefix('10.244.1.0/24'))).toMatchObject({ state: 'failed' });
    expect((await apply()).written).toBe(0);
    kernel.other('route.delete', theirs);
    expect(await apply()).toEqual({ written: 1, failures: [] });
    expect(kernel.text()).toContain('10.244.1.0/24 via 192.0.2.7 dev eth0 proto 71');
  });

  test('that stood before ours when the agent started is not run over either', async () => {
    const { kernel, driver, apply } = setUp();
    kernel.other('route.create', theirs, { quiet: true });
    kernel.other('route.append', record('10.244.1.0/24', [via('192.0.2.7')]), { quiet: true });
    driver.set(want({ '10.244.1.0/24': [via('192.0.2.8')] }));
    expect((await apply()).failures.map((f) => f.code)).toEqual(['GRY_ROUTE_FOREIGN']);
    driver.set(want({}));
    await apply();
    expect(kernel.text()).toBe('10.244.1.0/24 via 192.0.2.1 dev eth0 proto bird');
  });

  test('that took the place of ours keeps it, and one beside ours is not run over', async () => {
    const { kernel, driver, apply } = setUp();
    driver.set(want({ '10.244.1.0/24': [via('192.0.2.7')], '10.244.2.0/24': [via('192.0.2.7')] }));
    await apply();
    kernel.other('route.replace', theirs);
    kernel.other('route.append', { ...theirs, prefix: prefix('10.244.2.0/24') });
    driver.set(want({ '10.244.1.0/24': [via('192.0.2.8')], '10.244.2.0/24': [via('192.0.2.8')] }));
    const result = await apply();
    expect(result.failures.map((f) => f.code)).toEqual(['GRY_ROUTE_FOREIGN', 'GRY_ROUTE_FOREIGN']);
    expect(kernel.text(12)).toBe(
      '10.244.1.0/24 via 192.0.2.1 dev eth0 proto bird\n10.244.2.0/24 via 192.0.2.1 dev eth0 proto bird',
    );
    driver.set(want({}));
    expect(await apply()).toEqual({ written: 1, failures: [] });
    expect(kernel.text(71)).toBe('');
  });
});

describe('a refused route', () => {
  test('stops no other, backs off, keeps its since, and goes in when the kernel lets it', async () => {
    const { kernel, clock, driver, apply } = setUp();
    const bad = prefix('10.244.1.0/24');
    kernel.refuse(bad, constants.errno.EINVAL);
    driver.set(want({ '10.244.1.0/24': [via('192.0.2.7')], '10.244.2.0/24': [via('192.0.2.7')] }));
    const since = clock.now();
    expect(await apply()).toMatchObject({
      written: 1,
      failures: [{ code: 'GRY_NETLINK_REFUSED', reason: 'EINVAL', since }],
    });
    const attempts = async (): Promise<number> => {
      const before = kernel.log.length;
      await apply();
      return kernel.log.length - before;
    };
    expect(await attempts()).toBe(0);
    clock.advance(500);
    expect(await attempts()).toBe(1);
    clock.advance(500);
    expect(await attempts()).toBe(0);
    kernel.refuse(bad, 0);
    clock.advance(500);
    expect(await apply()).toEqual({ written: 1, failures: [] });
  });

  test('over a link that is down is tried at once when the link comes up', async () => {
    const { kernel, driver, apply } = setUp();
    kernel.setLink(UPLINK, false);
    driver.set(want({ '10.244.1.0/24': [via('192.0.2.7')] }));
    expect(await apply()).toMatchObject({ written: 0, failures: [{ reason: 'ENETDOWN' }] });
    kernel.setLink(UPLINK, true);
    expect(await apply()).toEqual({ written: 1, failures: [] });
  });

  test('leaves what was there before it', async () => {
    const { kernel, driver, apply } = setUp();
    driver.set(want({ '10.244.1.0/24': [via('192.0.2.7')] }));
    await apply();
    kernel.refuse(prefix('10.244.1.0/24'), constants.errno.EINVAL);
    driver.set(want({ '10.244.1.0/24': [via('192.0.2.8')] }));
    await apply();
    driver.set(want({ '10.244.1.0/24': [via('192.0.2.7')] }));
    expect(await apply()).toEqual({ written: 0, failures: [] });
  });
});

describe('others interfere', () => {
  const routes = {
    '10.244.1.0/24': [via('192.0.2.7')],
    'fd00:2::/64': [via('2001:db8::7'), via('2001:db8::8')],
  };
  /** As the kernel tells of ours after another has added a way. */
  const ways = ['2001:db8::9', '2001:db8::7', '2001:db8::8'].map((gateway) => via(gateway));
  const merged = record('fd00:2::/64', ways, { protocol: 4 });

  test.each<{ what: string; interfere: (kernel: FakeKernel) => void }>([
    {
      what: 'a route is deleted',
      interfere: (kernel) => kernel.other('route.delete', record('10.244.1.0/24', [via('192.0.2.7')])),
    },
    {
      what: 'a route is changed under our protocol',
      interfere: (kernel) => kernel.other('route.replace', record('10.244.1.0/24', [via('192.0.2.66')])),
    },
    {
      what: 'one way of an IPv6 route is deleted',
      interfere: (kernel) => {
        kernel.other('route.replace', record('fd00:2::/64', [via('2001:db8::8')]), { quiet: true });
        kernel.onEvent({ kind: 'route.gone', route: record('fd00:2::/64', [via('2001:db8::7')]) });
      },
    },
    {
      what: 'another appends a way to an IPv6 route',
      interfere: (kernel) => {
        kernel.other('route.replace', { ...merged, protocol: 71 }, { quiet: true });
        kernel.onEvent({ kind: 'route.changed', route: merged, replaced: false });
      },
    },
    {
      what: 'another deletes an IPv6 route that had become one with ours',
      interfere: (kernel) => {
        kernel.other('route.delete', record('fd00:2::/64', merged.nextHops.slice(1)), { quiet: true });
        kernel.onEvent({ kind: 'route.gone', route: merged });
      },
    },
  ])('$what: repaired and counted', async ({ interfere }) => {
    const { kernel, driver, apply } = setUp();
    driver.set(want(routes));
    await apply();
    const before = kernel.text();
    interfere(kernel);
    expect(kernel.text()).not.toBe(before);
    expect(await apply()).toEqual({ written: 1, failures: [] });
    expect(kernel.text()).toBe(before);
    expect(driver.repaired).toBe(1);
  });

  test('a link that goes down takes IPv4 routes silently; they come back with it', async () => {
    const { kernel, driver, apply } = setUp();
    driver.set(want(routes));
    await apply();
    const before = kernel.text();
    kernel.setLink(UPLINK, false);
    kernel.setLink(UPLINK, true);
    expect(kernel.text()).toBe('');
    await apply();
    expect(kernel.text()).toBe(before);
  });

  test('ways whose link the kernel chose are read again when a link goes, but not for a pod', async () => {
    const { kernel, driver, apply } = setUp();
    driver.set(want({ '10.244.1.0/24': [{ gateway: address('192.0.2.7') }] }));
    await apply();
    kernel.deleteLink(POD);
    await apply();
    expect(kernel.dumps).toBe(1);
    kernel.setLink(UPLINK, false);
    kernel.setLink(UPLINK, true);
    await apply();
    expect(kernel.dumps).toBe(2);
    expect(kernel.text()).toBe('10.244.1.0/24 via 192.0.2.7 dev eth0 proto 71');
  });

  test('a source address that goes takes its routes', async () => {
    const { kernel, driver, apply } = setUp();
    const p = prefix('10.244.1.0/24');
    const source = address('192.0.2.1');
    driver.set({
      hold: new Set(),
      keep: keepNothing,
      routes: new Map([[p, { prefix: p, origin: 'remote', nextHops: [via('192.0.2.7')], source }]]),
    });
    await apply();
    kernel.deleteAddress(UPLINK, source, 24);
    await apply();
    expect(kernel.text()).toBe('10.244.1.0/24 via 192.0.2.7 dev eth0 proto 71 src 192.0.2.1');
  });

  test('a stale picture is corrected: our own route where we believed none', async () => {
    const { kernel, driver, apply } = setUp();
    await apply();
    kernel.other('route.create', record('10.244.1.0/24', [via('192.0.2.66')]), { quiet: true });
    kernel.other('route.create', record('10.244.2.0/24', [via('192.0.2.7')]), { quiet: true });
    driver.set(want({ '10.244.1.0/24': [via('192.0.2.7')], '10.244.2.0/24': [via('192.0.2.7')] }));
    expect(await apply()).toEqual({ written: 1, failures: [] });
    expect(kernel.log.at(-1)).toBe('replace 10.244.1.0/24 via 192.0.2.7 dev if2 proto 71');
    expect(kernel.text()).toBe(
      '10.244.1.0/24 via 192.0.2.7 dev eth0 proto 71\n10.244.2.0/24 via 192.0.2.7 dev eth0 proto 71',
    );
  });

  test('while the table is read or written, an event counts more than what was read or sent before it', async () => {
    const { kernel, driver, apply } = setUp();
    driver.set(want({ '10.244.1.0/24': [via('192.0.2.7')], '10.244.2.0/24': [via('192.0.2.7')] }));
    kernel.onPause = () => {
      if (!kernel.text().includes('10.244.1.0/24')) return;
      kernel.onPause = () => {};
      kernel.other('route.delete', record('10.244.1.0/24', [via('192.0.2.7')]));
    };
    await apply();
    await apply();
    expect(kernel.text()).toContain('10.244.1.0/24');
    driver.invalidate();
    kernel.onPause = () => {
      kernel.onPause = () => {};
      kernel.other('route.delete', record('10.244.2.0/24', [via('192.0.2.7')]));
    };
    await apply();
    expect(kernel.text()).toContain('10.244.2.0/24');
  });
});

describe('answers lost or reading failed', () => {
  test.each<{ what: string; fail: (kernel: FakeKernel, driver: RouteDriver) => void; code: string }>([
    { what: 'answers', fail: (kernel) => kernel.loseNextAnswers(), code: 'GRY_NETLINK_LOST' },
    {
      what: 'dump',
      fail: (kernel, driver) => {
        driver.invalidate();
        kernel.failNextDump();
      },
      code: 'GRY_NETLINK_DUMP',
    },
  ])('$what: told, and the table is read again', async ({ fail, code }) => {
    const { kernel, driver, apply } = setUp();
    driver.set(want({ '10.244.1.0/24': [] }));
    fail(kernel, driver);
    const result = await apply();
    expect(result).toMatchObject({ failures: [{ item: 'kernel routes', code }] });
    expect(result.retryAfter).toBeDefined();
    const dumps = kernel.dumps;
    expect((await apply()).failures).toEqual([]);
    expect(kernel.dumps).toBe(dumps + 1);
    expect(kernel.text()).toBe('blackhole 10.244.1.0/24 proto 71');
  });

  test('an abort leaves nothing believed', async () => {
    const { kernel, driver, apply } = setUp();
    const abort = new AbortController();
    driver.set(want({ '10.244.1.0/24': [], '10.244.2.0/24': [] }));
    kernel.onPause = () => {
      if (kernel.log.length === 1) abort.abort(new Error('stop'));
    };
    await expect(driver.apply(abort.signal)).rejects.toThrow('stop');
    await apply();
    expect(kernel.text()).toBe('blackhole 10.244.1.0/24 proto 71\nblackhole 10.244.2.0/24 proto 71');
  });

  test('a table that was given up half-way leaves nothing behind', async () => {
    const { kernel, driver, apply } = setUp();
    driver.set(want({ '10.244.1.0/24': [via('192.0.2.7')], '10.244.9.0/24': [] }));
    await apply();
    const many = Array.from({ length: 2000 }, (_, i) => [`10.${i >> 8}.${i & 255}.0/24`, []] as const);
    driver.set(want({ '10.244.1.0/24': [via('192.0.2.8')], ...Object.fromEntries(many) }));
    const abort = new AbortController();
    const applying = driver.apply(abort.signal);
    abort.abort(new Error('half-way'));
    await expect(applying).rejects.toThrow('half-way');
    driver.set(want({ '10.244.1.0/24': [via('192.0.2.7')] }));
    await apply();
    expect(kernel.text()).toBe('10.244.1.0/24 via 192.0.2.7 dev eth0 proto 71');
    expect(driver.counts()).toEqual({ desired: 1, installed: 1, failed: 0, held: 0 });
  });
});

test('a walk between random states, with others interfering, ends every step in the wanted one', async () => {
  const { kernel, clock, driver, apply } = setUp();
  const random = () => clock.random();
  const pick = () => walkPrefixes[Math.floor(random() * walkPrefixes.length)]!;
  for (let step = 0; step < 500; step++) {
    const intent = randomIntent(random, { uplink: UPLINK, pod: POD });
    driver.set(intent);
    await apply();
    expect(kernel.text().split('\n').map(sortWays).sort().join('\n'), `step ${step}`).toBe(
      intentText(intent, (index) => (index === UPLINK ? 'eth0' : POD_NAME)),
    );
    if (random() < 0.1) {
      kernel.setLink(UPLINK, false);
      kernel.setLink(UPLINK, true);
    }
    const victim = record(pick(), []);
    const quiet = random() < 0.2;
    if (quiet) driver.invalidate();
    if (random() < 0.5) kernel.other('route.replace', victim, { quiet });
  }
  driver.set(want({}));
  await apply();
  expect(kernel.text()).toBe('');
});

test('the API sees every prefix that we want or hold, with its state', async () => {
  const kernel = new FakeKernel();
  kernel.addLink(UPLINK, 'eth0', prefix('192.0.2.0/24'));
  kernel.other('route.create', record('10.244.9.0/24', [via('192.0.2.9')]));
  kernel.refuse(prefix('10.244.2.0/24'), constants.errno.EINVAL);
  const { driver, apply } = setUp(kernel);
  driver.set(
    want({ '10.244.1.0/24': [via('192.0.2.7')], '10.244.2.0/24': [] }, { ...keepNothing, remote: true }),
  );
  await apply();
  kernel.other('route.delete', record('10.244.1.0/24', [via('192.0.2.7')]));
  expect(
    [...driver.states()]
      .sort((a, b) => comparePrefixes(a.prefix, b.prefix))
      .map(({ prefix, origin, state, reason }) => [prefix, origin, state, reason]),
  ).toEqual([
    ['10.244.1.0/24', 'remote', 'pending', undefined],
    ['10.244.2.0/24', 'block', 'failed', 'EINVAL'],
    ['10.244.9.0/24', 'remote', 'held', undefined],
  ]);
  expect(driver.state(prefix('10.0.0.0/8'))).toBeUndefined();
});
