import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Contact } from '../../../src/kube/cluster/contact.ts';
import { Reflector } from '../../../src/kube/cluster/reflector.ts';
import { Turns } from '../../../src/kube/cluster/turns.ts';
import type { NodeRecord } from '../../../src/kube/records/node.ts';
import { parseNode } from '../../../src/kube/records/node.ts';
import type { Parsed } from '../../../src/kube/records/problem.ts';
import { silentLog } from '../../../src/ports/log.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { FakeKube, kubeNode } from '../../support/fake-kube.ts';

const NODES = '/api/v1/nodes';
const abort = { controller: new AbortController() };

beforeEach(() => {
  abort.controller = new AbortController();
});
afterEach(() => abort.controller.abort());

/** A reflector of Nodes and the copy that it keeps: names with their podCIDRs. */
function follow(kube: FakeKube, clock = new FakeClock()) {
  const told: string[] = [];
  let copy: Map<string, string> | undefined;
  const show = (node: Parsed<NodeRecord>): string => node.record?.podCIDRs.join(' ') ?? 'refused';
  const reflector = new Reflector<Parsed<NodeRecord>>({
    name: 'nodes',
    path: NODES,
    api: kube,
    clock,
    log: silentLog,
    turns: new Turns(clock, setImmediate),
    contact: new Contact(clock),
    parse: parseNode,
    sink: {
      replace: (objects) => {
        copy = new Map([...objects].map(([name, node]) => [name, show(node)]));
        told.push(`all: ${[...copy.keys()].join(' ')}`.trim());
      },
      put: (name, node) => {
        if (node === undefined) copy?.delete(name);
        else copy?.set(name, show(node));
        told.push(`${node === undefined ? '-' : '+'}${name}`);
      },
    },
    onStatus: () =>
      told.push(reflector.status.failure === undefined ? 'well' : reflector.status.failure.error.code),
  });
  void reflector.run(abort.controller.signal);
  return { reflector, clock, told, copy: () => copy };
}

/** Queries of the requests, what changes from run to run left out. */
const queries = (kube: FakeKube): string[] =>
  kube.requests.map((r) => r.replace(`GET ${NODES}?`, '').replace(/&timeoutSeconds=\d+/, ''));

const put = (kube: FakeKube, name: string, cidr = '10.0.0.0/24'): void =>
  kube.put(NODES, kubeNode(name, [cidr], '192.0.2.1'));

const WATCH = 'watch=true&allowWatchBookmarks=true';
const STREAM = `${WATCH}&sendInitialEvents=true&resourceVersionMatch=NotOlderThan`;

describe('a first copy', () => {
  it('comes as the beginning of a watch, complete or not at all', async () => {
    const kube = new FakeKube();
    put(kube, 'a');
    put(kube, 'b');
    const { told, reflector } = follow(kube);
    await settle();
    put(kube, 'c');
    kube.delete(NODES, 'a');
    await settle();
    expect(told).toEqual(['all: a b', '+c', '-a']);
    expect(queries(kube)).toEqual([STREAM]);
    expect(reflector.status).toMatchObject({ synced: true, objects: 2, lists: 1 });
  });

  it('comes in pages where the server has no such watches, and nobody asks again', async () => {
    const kube = new FakeKube({ streamsLists: false });
    kube.pageLimit = 2;
    for (const name of 'abcde') put(kube, name);
    const { told, clock, copy } = follow(kube);
    await clock.advanceAsync(1000);
    expect(told).toEqual(['GRY_KUBE_REFUSED', 'all: a b c d e', 'well']);
    kube.compact();
    put(kube, 'f');
    kube.compact();
    kube.restart();
    await clock.advanceAsync(60_000);
    expect([...(copy()?.keys() ?? [])].join('')).toBe('abcdef');
    expect(queries(kube)).toEqual([
      STREAM,
      'limit=500',
      'limit=500&continue=105%3A2',
      'limit=500&continue=105%3A4',
      `${WATCH}&resourceVersion=105`,
      ...(queries(kube)[5]?.includes('resourceVersion=106') ? [`${WATCH}&resourceVersion=106`] : []),
    ]);
  });

  it('is read whole when the server has forgotten the pages', async () => {
    const kube = new FakeKube({ streamsLists: false });
    kube.pageLimit = 2;
    for (const name of 'abcde') put(kube, name);
    const { told, clock } = follow(kube);
    await settle();
    kube.mishaps.push({ kind: 'refused', status: 503 });
    const original = kube.send.bind(kube);
    kube.send = (request, signal) => {
      if (request.path.includes('continue=')) {
        put(kube, 'x');
        kube.compact();
      }
      return original(request, signal);
    };
    await clock.advanceAsync(30_000);
    expect(told.filter((line) => line.startsWith('all'))).toEqual(['all: a b c d e x']);
    expect(queries(kube).filter((q) => q === '')).toHaveLength(1);
  });

  it('comes in pages where the server takes no notice of what such a watch asks for', async () => {
    const kube = new FakeKube();
    put(kube, 'a');
    const original = kube.send.bind(kube);
    kube.send = (request, signal) =>
      original(
        { ...request, path: request.path.replace('sendInitialEvents=true', 'resourceVersion=101') },
        signal,
      );
    const { told, clock } = follow(kube);
    await settle();
    kube.bookmark();
    await clock.advanceAsync(1000);
    expect(told).toEqual(['GRY_KUBE_GARBAGE', 'all: a', 'well']);
  });

  it('is nothing where the server does not know the resource, until it does', async () => {
    const kube = new FakeKube();
    kube.absent.add(NODES);
    const { told, clock, reflector } = follow(kube);
    await settle();
    expect(told).toEqual(['all:', 'GRY_KUBE_ABSENT']);
    expect(reflector.status.synced).toBe(true);
    kube.absent.clear();
    put(kube, 'a');
    await clock.advanceAsync(60_000);
    expect(told.slice(2)).toEqual(['all: a', 'well']);
  });

  it('waits while it is forbidden, and asks about once a minute', async () => {
    const kube = new FakeKube();
    kube.forbidden.add(NODES);
    const { told, clock, reflector } = follow(kube);
    await clock.advanceAsync(600_000);
    expect(reflector.status.synced).toBe(false);
    expect(new Set(told)).toEqual(new Set(['GRY_KUBE_FORBIDDEN']));
    expect(kube.requests.length).toBeGreaterThanOrEqual(10);
    expect(kube.requests.length).toBeLessThanOrEqual(21);
  });
});

describe('a watch that ends', () => {
  const cases: readonly (readonly [string, (kube: FakeKube) => void, string])[] = [
    ['in order, early', (kube) => kube.restart(), 'ended'],
    ['cut', (kube) => kube.restart('cut'), 'unreachable'],
    ['with octets that are no JSON', (kube) => kube.say('{"type":'), 'garbage'],
    ['with a line that is no event', (kube) => kube.say('[1]'), 'garbage'],
    [
      'with an object without a name',
      (kube) => kube.say('{"type":"ADDED","object":{"metadata":{}}}'),
      'garbage',
    ],
    ['with an unknown type', (kube) => kube.say('{"type":"MOVED","object":{}}'), 'garbage'],
    [
      'with an error of the server',
      (kube) =>
        kube.say('{"type":"ERROR","object":{"kind":"Status","code":500,"message":"etcdserver: no leader"}}'),
      'refused',
    ],
  ];
  it.each(cases)('%s, goes on where it was, without a list', async (_, end, reason) => {
    const kube = new FakeKube();
    put(kube, 'a');
    const { told, clock, reflector } = follow(kube);
    await settle();
    put(kube, 'b');
    await settle();
    end(kube);
    await settle();
    put(kube, 'c');
    kube.delete(NODES, 'a');
    await clock.advanceAsync(30_000);
    expect(told.filter((line) => !line.startsWith('GRY') && line !== 'well')).toEqual([
      'all: a',
      '+b',
      '+c',
      '-a',
    ]);
    expect(queries(kube)).toEqual([STREAM, `${WATCH}&resourceVersion=102`]);
    expect(Object.fromEntries(reflector.status.watchEnds)).toEqual({ [reason]: 1 });
    expect(reflector.status.failure).toBeUndefined();
  });

  it('starts from the last bookmark', async () => {
    const kube = new FakeKube();
    const { clock } = follow(kube);
    await settle();
    kube.put('/api/v1/pods', kubeNode('pod', [], '192.0.2.1'));
    kube.bookmark();
    await settle();
    kube.compact();
    kube.restart('cut');
    await clock.advanceAsync(30_000);
    expect(queries(kube)).toEqual([STREAM, `${WATCH}&resourceVersion=101`]);
  });

  it('by silence is given up after 90 s, and what was missed comes', async () => {
    const kube = new FakeKube();
    put(kube, 'a');
    const { clock, reflector, copy } = follow(kube);
    await clock.advanceAsync(89_000);
    expect(kube.requests).toHaveLength(1);
    await clock.advanceAsync(30_000);
    expect(queries(kube)).toEqual([STREAM, `${WATCH}&resourceVersion=101`]);
    expect(reflector.status.watchEnds.get('silent')).toBe(1);
    expect(copy()?.size).toBe(1);
  });

  it('because its version is forgotten needs a new list, and objects that went meanwhile go', async () => {
    const kube = new FakeKube();
    put(kube, 'a');
    put(kube, 'b');
    const { told, clock } = follow(kube);
    await settle();
    kube.down = true;
    kube.restart('cut');
    await settle();
    kube.delete(NODES, 'a');
    put(kube, 'c');
    kube.compact();
    kube.down = false;
    await clock.advanceAsync(60_000);
    expect(told.filter((line) => line.startsWith('all'))).toEqual(['all: a b', 'all: b c']);
    expect(queries(kube)).toContain(`${WATCH}&resourceVersion=102`);
  });

  it('because the server was restored from a backup needs a new list too', async () => {
    const kube = new FakeKube();
    put(kube, 'a');
    const backup = kube.backup();
    put(kube, 'b');
    const { told, clock } = follow(kube);
    await settle();
    kube.restore(backup);
    await clock.advanceAsync(5000);
    kube.bookmark();
    await clock.advanceAsync(30_000);
    expect(told.filter((line) => line.startsWith('all'))).toEqual(['all: a b', 'all: a']);
  });

  it('three times without a word makes its version doubtful', async () => {
    const kube = new FakeKube();
    put(kube, 'a');
    const { told, clock } = follow(kube);
    await settle();
    for (let i = 0; i < 4; i++) {
      kube.restart();
      await clock.advanceAsync(30_000);
    }
    expect(told.filter((line) => line.startsWith('all'))).toHaveLength(2);
  });
});

describe('pauses', () => {
  it('grow while nothing works, so that a server that is away is asked seldom and never for a list', async () => {
    const kube = new FakeKube();
    put(kube, 'a');
    const { clock, reflector, copy } = follow(kube);
    await settle();
    kube.down = true;
    kube.restart('cut');
    await clock.advanceAsync(600_000);
    expect(kube.requests.length).toBeLessThan(70);
    expect(reflector.status.failure).toMatchObject({
      since: clock.epoch,
      error: { code: 'GRY_KUBE_UNREACHABLE' },
    });
    expect(copy()?.size).toBe(1);
    kube.down = false;
    await clock.advanceAsync(30_000);
    expect(reflector.status.failure).toBeUndefined();
    expect(reflector.status.lists).toBe(1);
  });

  it('grow also after watches that die at once, and after lists of which nothing comes', async () => {
    const kube = new FakeKube();
    const original = kube.send.bind(kube);
    kube.send = async (request, signal) => {
      const answer = await original(request, signal);
      setImmediate(() => kube.restart());
      return answer;
    };
    const { clock, reflector } = follow(kube);
    await clock.advanceAsync(600_000);
    expect(kube.requests.length).toBeLessThan(80);
    expect(reflector.status.lists).toBeLessThan(30);
  });

  it('are as long as the server asks', async () => {
    const kube = new FakeKube();
    kube.mishaps.push({ kind: 'refused', status: 429, retryAfter: 20_000 });
    const { clock, reflector } = follow(kube);
    await clock.advanceAsync(19_999);
    expect(kube.requests).toHaveLength(1);
    await clock.advanceAsync(1000);
    expect(reflector.status.synced).toBe(true);
  });

  it('are none when a watch has had its time', async () => {
    const kube = new FakeKube();
    const { clock, reflector } = follow(kube);
    await settle();
    const seconds = Number(/timeoutSeconds=(\d+)/.exec(kube.requests[0] ?? '')?.[1]);
    expect(seconds).toBeGreaterThanOrEqual(300);
    expect(seconds).toBeLessThanOrEqual(600);
    for (let passed = 0; passed < seconds; passed += 50) {
      kube.bookmark();
      await clock.advanceAsync(Math.min(50, seconds - passed) * 1000);
    }
    kube.restart();
    await settle();
    expect(kube.requests).toHaveLength(2);
    expect(reflector.status).toMatchObject({ lists: 1, objects: 0 });
    expect(Object.fromEntries(reflector.status.watchEnds)).toEqual({ timeout: 1 });
  });
});

describe('lists that are none', () => {
  it.each(['<html>', '{"kind":"NodeList","metadata":{"resourceVersion":"1"}}', '{}', 'null', ''])(
    '%j deletes nothing',
    async (text) => {
      const kube = new FakeKube({ streamsLists: false });
      put(kube, 'a');
      const { clock, told } = follow(kube);
      await clock.advanceAsync(1000);
      kube.restart('cut');
      put(kube, 'b');
      kube.compact();
      const original = kube.send.bind(kube);
      let lies = 3;
      kube.send = async (request, signal) => {
        const answer = await original(request, signal);
        if (!request.path.includes('limit=') || lies-- <= 0) return answer;
        return { ...answer, body: body(text) };
      };
      await clock.advanceAsync(10_000);
      expect(told.filter((line) => line.startsWith('all') && !line.includes('a'))).toEqual([]);
      await clock.advanceAsync(100_000);
      expect(told.findLast((line) => line.startsWith('all'))).toBe('all: a b');
    },
  );
});

async function* body(text: string): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  yield new TextEncoder().encode(text);
}
