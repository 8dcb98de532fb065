import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClusterSource } from '../../../src/kube/cluster/cluster-source.ts';
import type { KubeAnswer, KubeApi } from '../../../src/kube/cluster/kube-api.ts';
import type { Snapshot } from '../../../src/kube/records/snapshot.ts';
import { type Log, silentLog } from '../../../src/ports/log.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { FakeKube, type KubeObject, kubeNode } from '../../support/fake-kube.ts';

const NODES = '/api/v1/nodes';
const PEERS = '/apis/gryphon.dev/v1alpha1/bgppeers';
const FILTERS = '/apis/gryphon.dev/v1alpha1/bgpfilters';
const SECRETS = '/api/v1/namespaces/gryphon-system/secrets';

function start(api: KubeApi, log: Log = silentLog, clock = new FakeClock()) {
  const snapshots: Snapshot[] = [];
  const abort = new AbortController();
  const source = new ClusterSource({
    api,
    namespace: 'gryphon-system',
    clock,
    log,
    defer: setImmediate,
    onChange: (snapshot) => snapshots.push(snapshot),
  });
  let ended: unknown;
  const started = source.start(abort.signal).then(
    () => (ended = 'synced'),
    (error: unknown) => (ended = error),
  );
  return {
    source,
    clock,
    abort,
    snapshots,
    started,
    ended: () => ended,
    last: () => snapshots.at(-1),
  };
}

/** A second in small steps, so that answers which take several turns come within it. */
async function pass(clock: FakeClock): Promise<void> {
  for (let i = 0; i < 20; i++) await clock.advanceAsync(50);
}

const node = (name: string, cidr = '10.0.1.0/24'): KubeObject => kubeNode(name, [cidr], '192.0.2.1');

const ofKind = (kind: string, name: string, spec: object): KubeObject => ({
  apiVersion: 'gryphon.dev/v1alpha1',
  kind,
  metadata: { name },
  spec,
});

const peer = (name: string, secret?: string, key = 'password'): KubeObject =>
  ofKind('BGPPeer', name, {
    peerIP: '192.0.2.9',
    asNumber: 64_600,
    ...(secret !== undefined && { password: { secretKeyRef: { name: secret, key } } }),
  });

const secret = (name: string, values: Readonly<Record<string, string>>): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'gryphon-system' },
  data: Object.fromEntries(Object.entries(values).map(([k, v]) => [k, Buffer.from(v).toString('base64')])),
});

const passwords = (snapshot: Snapshot | undefined): Record<string, string> =>
  Object.fromEntries(
    [...(snapshot?.secrets.values() ?? [])].flatMap(({ name, values }) =>
      [...values].map(([key, value]) => [`${name}/${key}`, value.reveal()]),
    ),
  );

describe('the first snapshot with objects', () => {
  it('comes when every resource was read, whatever comes before', async () => {
    const kube = new FakeKube();
    kube.put(NODES, node('a'));
    kube.forbidden.add(FILTERS);
    const { clock, snapshots, ended, source, last } = start(kube);
    await clock.advanceAsync(40_000);
    expect(snapshots.map((s) => [s.synced, s.complete, s.nodes.size])).toEqual([[false, false, 0]]);
    expect(last()?.problems).toMatchObject([
      { code: 'GRY_KUBE_FORBIDDEN', severity: 'error', subject: 'bgpfilters' },
    ]);
    expect(ended()).toBeUndefined();
    kube.forbidden.clear();
    await clock.advanceAsync(60_000);
    expect(ended()).toBe('synced');
    expect(last()).toMatchObject({ synced: true, complete: true, problems: [] });
    expect([...(last()?.nodes.keys() ?? [])]).toEqual(['a']);
    expect(source.resources().every((r) => r.synced && r.failure === undefined)).toBe(true);
  });

  it('does without kinds that are not installed, and says so', async () => {
    const kube = new FakeKube();
    kube.put(NODES, node('a'));
    kube.absent.add(PEERS);
    const { clock, ended, last } = start(kube);
    await clock.advanceAsync(1000);
    expect(ended()).toBe('synced');
    expect(last()?.problems).toMatchObject([
      { code: 'GRY_KUBE_ABSENT', severity: 'warning', subject: 'bgppeers' },
    ]);
  });

  it('never comes when it was stopped before', async () => {
    const kube = new FakeKube();
    kube.down = true;
    const { abort, started, ended, snapshots, clock } = start(kube);
    abort.abort('stopped');
    await started;
    expect(ended()).toBe('stopped');
    kube.down = false;
    await clock.advanceAsync(60_000);
    expect(snapshots).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});

describe('changes', () => {
  it('that come at once are one snapshot, and maps that did not change are the same', async () => {
    const kube = new FakeKube();
    for (const name of 'abc') kube.put(NODES, node(name));
    const { clock, snapshots, last } = start(kube);
    await clock.advanceAsync(1000);
    const before = last();
    const count = snapshots.length;
    for (let i = 0; i < 50; i++) kube.put(NODES, node('b', `10.0.${i}.0/24`));
    await clock.advanceAsync(1000);
    expect(snapshots.length - count).toBeLessThanOrEqual(2);
    expect(last()?.nodes.get('b')?.podCIDRs).toEqual(['10.0.49.0/24']);
    expect(last()?.nodes.get('a')).toBe(before?.nodes.get('a'));
    expect(last()?.bgpPeers).toBe(before?.bgpPeers);
  });

  it('that say nothing new are none', async () => {
    const kube = new FakeKube();
    kube.put(NODES, node('a'));
    const { clock, snapshots } = start(kube);
    await clock.advanceAsync(1000);
    const count = snapshots.length;
    kube.put(
      NODES,
      kubeNode('a', ['10.0.1.0/24'], '192.0.2.1', { status: { nodeInfo: { bootID: 'other' } } }),
    );
    await clock.advanceAsync(1000);
    expect(snapshots.length).toBe(count);
  });

  it('to an object that is then refused leave its last valid version; one that never was valid is unknown', async () => {
    const kube = new FakeKube();
    kube.put(PEERS, peer('good'));
    kube.put(PEERS, ofKind('BGPPeer', 'bad', { peerIP: 'nowhere' }));
    const { clock, last } = start(kube);
    await clock.advanceAsync(1000);
    expect(last()).toMatchObject({ synced: true, complete: false });
    kube.put(PEERS, ofKind('BGPPeer', 'good', { peerIP: '192.0.2.9', asNumber: -1 }));
    kube.delete(PEERS, 'bad');
    await clock.advanceAsync(1000);
    expect(last()?.complete).toBe(true);
    expect(last()?.bgpPeers.get('good')?.asNumber).toBe(64_600);
    expect(last()?.problems.map((p) => p.message)).toEqual([
      expect.stringContaining('the last valid version of the object stays in force'),
    ]);
    expect(last()?.problems[0]).not.toHaveProperty('path');
  });
});

describe('secrets', () => {
  it('are read by name, for the keys that are referred to, and come with the reference', async () => {
    const kube = new FakeKube();
    kube.put(SECRETS, secret('tor', { password: 'one', other: 'x' }));
    kube.put(SECRETS, secret('unrelated', { password: 'y' }));
    const { clock, last, snapshots } = start(kube);
    await pass(clock);
    expect(kube.requests.filter((r) => r.includes('secrets'))).toEqual([]);
    kube.put(PEERS, peer('p', 'tor'));
    await pass(clock);
    expect(passwords(last())).toEqual({ 'tor/password': 'one' });
    expect(snapshots.filter((s) => s.bgpPeers.size > 0 && s.secrets.size === 0)).toEqual([]);
    expect(
      kube.requests.filter((r) => r.includes('secrets') && !r.includes('fieldSelector=metadata.name%3Dtor')),
    ).toEqual([]);

    kube.put(SECRETS, secret('tor', { password: 'two', other: 'x' }));
    await pass(clock);
    expect(passwords(last())).toEqual({ 'tor/password': 'two' });

    kube.put(PEERS, peer('q', 'tor', 'other'));
    await pass(clock);
    expect(passwords(last())).toEqual({ 'tor/password': 'two', 'tor/other': 'x' });

    kube.delete(PEERS, 'p');
    kube.delete(PEERS, 'q');
    await pass(clock);
    expect(last()?.secrets.size).toBe(0);
    const before = kube.watches;
    await pass(clock);
    expect(kube.watches).toBe(before);
    expect(before).toBe(5);
  });

  it.each([
    ['forbidden', (kube: FakeKube) => kube.forbidden.add(SECRETS), 100],
    ['not told', (kube: FakeKube) => hang(kube, SECRETS), 6000],
  ])('that are %s hold nothing back for long', async (_, spoil, patience) => {
    const kube = new FakeKube();
    spoil(kube);
    kube.put(PEERS, peer('p', 'tor'));
    kube.put(NODES, node('a'));
    const { clock, last } = start(kube);
    await clock.advanceAsync(patience);
    expect(last()?.bgpPeers.size).toBe(1);
    expect(last()?.secrets.size).toBe(0);
  });
});

/** Requests for this collection are never answered. */
function hang(kube: FakeKube, collection: string): void {
  const original = kube.send.bind(kube);
  kube.send = (request, signal) =>
    request.path.startsWith(collection) ? new Promise<KubeAnswer>(() => {}) : original(request, signal);
}

it('a server that goes away is told after half a minute, with the time, and changes nothing', async () => {
  const kube = new FakeKube();
  kube.put(NODES, node('a'));
  const lines: string[] = [];
  const log: Log = {
    ...silentLog,
    warn: (msg, fields) => lines.push(`${msg} ${String(fields?.code ?? fields?.resource)}`),
  };
  const { clock, last, source } = start(kube, log);
  await clock.advanceAsync(60_000);
  const goodUntil = clock.now();
  kube.bookmark();
  await settle();
  kube.down = true;
  kube.restart('cut');
  await clock.advanceAsync(20_000);
  expect(last()?.problems).toEqual([]);
  await clock.advanceAsync(100_000);
  expect(last()).toMatchObject({ synced: true, complete: true });
  expect(last()?.nodes.size).toBe(1);
  expect(last()?.problems).toHaveLength(1);
  expect(last()?.problems[0]?.message).toMatch(
    /^nodes, ippools, .* cannot be followed since 2026-01-01T00:01:00.000Z: connection refused; what was read last stays in force$/,
  );
  expect(source.lastRead).toBe(goodUntil);
  expect(lines.filter((line) => line.includes('STALE'))).toHaveLength(1);
  kube.down = false;
  await clock.advanceAsync(60_000);
  expect(last()?.problems).toEqual([]);
});

describe('a server that was away for ten minutes', () => {
  /** A source that has lost it and a server that is there again, and how many of its resources are not followed. */
  async function afterOutage(seed: number) {
    const kube = new FakeKube();
    kube.put(NODES, node('a'));
    const { clock, source, last } = start(kube, silentLog, new FakeClock({ seed }));
    await pass(clock);
    kube.down = true;
    kube.restart('cut');
    await clock.advanceAsync(600_000);
    kube.down = false;
    kube.requests.length = 0;
    const failing = (): number => source.resources().filter(({ failure }) => failure !== undefined).length;
    return { kube, clock, source, last, failing, all: source.resources().length };
  }

  it.each([1, 2, 3, 4, 5])(
    'is followed by all a second after the first, without a list (%i)',
    async (seed) => {
      const { kube, clock, source, last, failing, all } = await afterOutage(seed);
      expect(failing()).toBe(all);
      while (failing() === all) await clock.advanceAsync(10);
      await clock.advanceAsync(1000);
      expect(failing()).toBe(0);
      expect(last()?.problems).toEqual([]);
      expect(kube.requests).toHaveLength(all);
      expect(source.resources().map(({ lists }) => lists)).toEqual(Array.from({ length: all }, () => 1));
    },
  );

  // It has read neither its rules ("forbidden") nor its objects ("storage is (re)initializing"), and forgotten what was before.
  it.each([1, 2, 3, 4, 5])(
    'is followed soon also when it is not ready at first, and has forgotten (%i)',
    async (seed) => {
      const { kube, clock, source, failing, all } = await afterOutage(seed);
      kube.put(NODES, node('b'));
      kube.compact();
      kube.mishaps.push({ kind: 'refused', status: 403 });
      kube.mishaps.push({ kind: 'refused', status: 429, retryAfter: 1000 });
      while (kube.requests.length === 0) await clock.advanceAsync(10);
      await clock.advanceAsync(8000);
      expect(failing()).toBe(0);
      expect(source.snapshot.nodes.size).toBe(2);
      expect(kube.requests.length).toBeLessThanOrEqual(2 * all + 2);
    },
  );
});

describe('recorded streams', () => {
  const recorded = (file: string): string =>
    fs.readFileSync(path.join(import.meta.dirname, '../fixtures/kubernetes-1.32', file), 'utf8');

  /** A server that plays a recording to whoever watches Nodes, and then says nothing. */
  const player = (stream: string): KubeApi => ({
    send: (request, signal) => {
      const isNodes = request.path.startsWith(NODES);
      const empty = `${JSON.stringify({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '1', annotations: { 'k8s.io/initial-events-end': 'true' } } } })}\n`;
      return Promise.resolve({ status: 200, body: play(isNodes ? stream : empty, signal) });
    },
  });

  it('of Kubernetes 1.32 give its nodes', async () => {
    const { clock, last, source } = start(player(recorded('watch-nodes.jsonl')));
    await clock.advanceAsync(100);
    expect(
      [...(last()?.nodes.values() ?? [])].map((n) => [n.name, n.podCIDRs, n.internalIPs, n.ready]),
    ).toMatchSnapshot();
    expect(source.resources()[0]).toMatchObject({ name: 'nodes', synced: true, objects: 2, lists: 1 });
  });

  it('of an expired version lead to a new list', async () => {
    const { clock, source } = start(player(recorded('watch-old-version.jsonl')));
    await clock.advanceAsync(100);
    expect(source.resources()[0]).toMatchObject({
      synced: false,
      failure: { error: { code: 'GRY_KUBE_EXPIRED' } },
    });
  });
});

async function* play(text: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
  await new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

type Step =
  | { readonly kind: 'put'; readonly name: string; readonly block: number }
  | { readonly kind: 'delete'; readonly name: string }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'say'; readonly line: string }
  | { readonly kind: 'refuse'; readonly status: number }
  | { readonly kind: 'spoil'; readonly by: string }
  | {
      readonly kind:
        | 'end'
        | 'cut'
        | 'compact'
        | 'bookmark'
        | 'down'
        | 'up'
        | 'silence'
        | 'streams'
        | 'backup'
        | 'restore';
    };

const anyName = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');

const stepArbitrary: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('put' as const),
      name: anyName,
      block: fc.nat(200),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('delete' as const), name: anyName }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      ms: fc.constantFrom(0, 1, 30, 800, 20_000, 100_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('say' as const),
      line: fc.constantFrom(
        '{',
        '[]',
        '{"type":"ERROR","object":{"code":410}}',
        '{"type":"ERROR","object":{"code":500}}',
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('refuse' as const),
      status: fc.constantFrom(400, 401, 403, 410, 422, 429, 500, 503),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('spoil' as const),
      by: fc.constantFrom('', '{', '}]}', '<html>'),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'end',
        'cut',
        'compact',
        'bookmark',
        'down',
        'up',
        'silence',
        'streams',
        'backup',
        'restore',
      ),
    }),
  },
);

it('whatever happens on the way, the copy becomes what the server has, and is complete when it is first shown', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(stepArbitrary, { maxLength: 60 }), fc.nat(), async (steps, seed) => {
      const kube = new FakeKube();
      kube.pageLimit = 2;
      const clock = new FakeClock({ seed });
      const states = new Set<string>();
      const note = (): void => void states.add(show(kube.objects(NODES), (o) => blockOf(o)));
      note();
      let backup = kube.backup();
      const { last, snapshots, abort } = start(kube, silentLog, clock);
      for (const step of steps) {
        if (step.kind === 'put') kube.put(NODES, node(step.name, `10.0.${step.block}.0/24`));
        else if (step.kind === 'delete') kube.delete(NODES, step.name);
        else if (step.kind === 'wait') await clock.advanceAsync(step.ms);
        else if (step.kind === 'say') kube.say(step.line);
        else if (step.kind === 'refuse') kube.mishaps.push({ kind: 'refused', status: step.status });
        else if (step.kind === 'spoil') kube.mishaps.push({ kind: 'spoilt', by: step.by });
        else if (step.kind === 'silence') kube.mishaps.push({ kind: 'silent' });
        else if (step.kind === 'streams') kube.streamsLists = !kube.streamsLists;
        else if (step.kind === 'end') kube.restart();
        else if (step.kind === 'cut') kube.restart('cut');
        else if (step.kind === 'compact') kube.compact();
        else if (step.kind === 'bookmark') kube.bookmark();
        else if (step.kind === 'backup') backup = kube.backup();
        else if (step.kind === 'restore') kube.restore(backup, 1000);
        else kube.down = step.kind === 'down';
        note();
      }
      kube.down = false;
      // A server sends bookmarks every minute.
      for (let i = 0; i < 40; i++) {
        await clock.advanceAsync(30_000);
        kube.bookmark();
      }
      await settle();
      expect(show(last()?.nodes ?? new Map(), (n) => n.podCIDRs.join())).toBe(
        show(kube.objects(NODES), blockOf),
      );
      const first = snapshots.find((s) => s.synced);
      expect(states).toContain(show(first?.nodes ?? new Map(), (n) => n.podCIDRs.join()));
      expect(kube.mostLists).toBeLessThanOrEqual(5);
      abort.abort();
      await settle();
      expect(kube.watches).toBe(0);
    }),
    { numRuns: 60 },
  );
}, 60_000);

const blockOf = (object: KubeObject): string => (object['spec'] as { readonly podCIDR: string }).podCIDR;

const show = <T>(objects: ReadonlyMap<string, T>, value: (object: T) => string): string =>
  [...objects]
    .map(([name, object]) => `${name}=${value(object)}`)
    .sort()
    .join(' ');
