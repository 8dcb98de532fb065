import { describe, expect, it } from 'vitest';
import { EventBook, eventRequest } from '../../../src/kube/cluster/event-book.ts';
import type { NodeReport } from '../../../src/kube/cluster/node-report.ts';
import { NodeWriter } from '../../../src/kube/cluster/node-writer.ts';
import { nodeWrites } from '../../../src/kube/cluster/node-writes.ts';
import { type NodeRecord, parseNode } from '../../../src/kube/records/node.ts';
import { silentLog } from '../../../src/ports/log.ts';
import type { Problem } from '../../../src/ports/problem.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { FakeKube } from '../../support/fake-kube.ts';
import { node } from '../../support/records.ts';

const ready = (record: NodeRecord | undefined, problems: readonly Problem[] = []): NodeReport => ({
  ready: true,
  problems,
  node: record,
  version: '1.0.0',
  addresses: [],
  peers: [],
});

const problem = (code: string, severity: Problem['severity'] = 'error'): Problem => ({
  code,
  severity,
  subject: 'Node a',
  message: 'something is wrong',
  remedy: 'mend it',
});

const OBJECT = '/apis/gryphon.dev/v1alpha1/gryphonnodes/a';
const STATUS = `${OBJECT}/status`;

const fresh = node('a', [], []);
const good = node('a', [], [], { networkUnavailable: false });

describe('what the Node lacks', () => {
  const names = (report: NodeReport): string[] => nodeWrites(report, 0).map((w) => w.name);
  it.each<[string, NodeReport, string[]]>([
    ['nothing while we are not ready', { ...ready(fresh), ready: false }, []],
    ['nothing while the Node is unknown', ready(undefined), []],
    ['the condition, where there is none', ready(fresh), ['condition']],
    [
      'the condition, where it says otherwise',
      ready(node('a', [], [], { networkUnavailable: true })),
      ['condition'],
    ],
    ['nothing when all is said', ready(good), []],
    ['that the taint is over', ready({ ...good, startupTaint: 2 }), ['taint']],
    ['both', ready({ ...fresh, startupTaint: 0 }), ['condition', 'taint']],
  ])('%s', (_, report, expected) => {
    expect(names(report)).toEqual(expected);
  });

  it('is written by server-side apply, and by the place of the taint if it is still there', () => {
    expect(nodeWrites(ready({ ...fresh, startupTaint: 1 }), Date.UTC(2026, 0, 1))).toEqual([
      {
        name: 'condition',
        request: {
          method: 'PATCH',
          path: '/api/v1/nodes/a/status?fieldManager=gryphon&force=true',
          body: {
            type: 'application/apply-patch+yaml',
            value: {
              apiVersion: 'v1',
              kind: 'Node',
              metadata: { name: 'a' },
              status: {
                conditions: [
                  {
                    type: 'NetworkUnavailable',
                    status: 'False',
                    reason: 'GryphonReady',
                    message: 'Gryphon is running on this node',
                    lastHeartbeatTime: '2026-01-01T00:00:00Z',
                    lastTransitionTime: '2026-01-01T00:00:00Z',
                  },
                ],
              },
            },
          },
        },
      },
      {
        name: 'taint',
        request: {
          method: 'PATCH',
          path: '/api/v1/nodes/a?fieldManager=gryphon',
          body: {
            type: 'application/json-patch+json',
            value: [
              { op: 'test', path: '/spec/taints/1/key', value: 'gryphon.dev/agent-not-ready' },
              { op: 'remove', path: '/spec/taints/1' },
            ],
          },
        },
      },
    ]);
  });

  it('is seen in the Node itself', () => {
    const spec = { taints: [{ key: 'other' }, { key: 'gryphon.dev/agent-not-ready', effect: 'NoSchedule' }] };
    const told = (status: string): NodeRecord | undefined =>
      parseNode({
        metadata: { name: 'a' },
        spec,
        status: { conditions: [{ type: 'NetworkUnavailable', status }] },
      }).record;
    expect(told('True')).toMatchObject({ networkUnavailable: true, startupTaint: 1 });
    expect(told('False')).toMatchObject({ networkUnavailable: false });
    expect(told('Unknown')).not.toHaveProperty('networkUnavailable');
    expect(parseNode({ metadata: { name: 'a' } }).record).not.toHaveProperty('startupTaint');
  });
});

describe('events', () => {
  it('tell of an error that lasts, once until it is gone', () => {
    const book = new EventBook();
    book.take([problem('GRY_A'), problem('GRY_W', 'warning')], 0);
    expect(book.next(29_999)).toBeUndefined();
    book.take([problem('GRY_A'), problem('GRY_W', 'warning')], 30_000);
    expect(book.next(30_000)?.code).toBe('GRY_A');
    book.told(problem('GRY_A'));
    expect(book.next(90_000)).toBeUndefined();
    book.take([], 90_000);
    book.take([problem('GRY_A')], 91_000);
    expect(book.next(121_000)?.code).toBe('GRY_A');
  });

  it('that come and go are none', () => {
    const book = new EventBook();
    for (let now = 0; now < 200_000; now += 20_000) {
      book.take([problem('GRY_A')], now);
      expect(book.next(now)).toBeUndefined();
      book.take([], now + 10_000);
    }
  });

  it('are as many as a hundred at most', () => {
    const book = new EventBook();
    book.take(
      Array.from({ length: 500 }, (_, i) => problem(`GRY_${i}`)),
      0,
    );
    let count = 0;
    for (let due = book.next(30_000); due !== undefined; due = book.next(30_000)) {
      book.told(due);
      count++;
    }
    expect(count).toBe(100);
  });

  it('stand on the Node as those of the kubelet do', () => {
    const { path, body } = eventRequest('a', problem('GRY_POD_CIDR_MISSING'), Date.UTC(2026, 0, 1));
    expect(path).toBe('/api/v1/namespaces/default/events');
    expect(body?.value).toMatchObject({
      kind: 'Event',
      metadata: { generateName: 'a.gryphon-', namespace: 'default' },
      involvedObject: { kind: 'Node', name: 'a', uid: 'a' },
      type: 'Warning',
      reason: 'PodCidrMissing',
      message: 'Node a: something is wrong; mend it',
      firstTimestamp: '2026-01-01T00:00:00Z',
    });
  });
});

describe('the writer', () => {
  function start() {
    const kube = new FakeKube();
    const clock = new FakeClock();
    const abort = new AbortController();
    const writer = new NodeWriter({ api: kube, nodeName: 'a', clock, log: silentLog });
    const run = writer.run(abort.signal);
    const written = (): string[] => kube.writes.map((w) => w.path.replace(/\?.*/, ''));
    // Of the GryphonNode, and of everything else.
    const told = (): string[] => written().filter((path) => path.startsWith(OBJECT));
    const paths = (): string[] => written().filter((path) => !path.startsWith(OBJECT));
    return { kube, clock, writer, abort, run, paths, told };
  }

  it('writes what is lacking once, and nothing when the watch shows it', async () => {
    const { clock, writer, paths } = start();
    writer.set(ready({ ...fresh, startupTaint: 0 }));
    await clock.advanceAsync(100);
    for (let i = 0; i < 5; i++) writer.set(ready({ ...fresh, startupTaint: 0 }));
    await clock.advanceAsync(10_000);
    expect(paths()).toEqual(['/api/v1/nodes/a/status', '/api/v1/nodes/a']);
    writer.set(ready(good));
    await clock.advanceAsync(300_000);
    expect(paths()).toHaveLength(2);
  });

  it('writes again what somebody undid', async () => {
    const { clock, writer, paths } = start();
    writer.set(ready(fresh));
    await clock.advanceAsync(1000);
    writer.set(ready(good));
    await clock.advanceAsync(60_000);
    writer.set(ready(node('a', [], [], { networkUnavailable: true })));
    await clock.advanceAsync(1000);
    expect(paths()).toEqual(['/api/v1/nodes/a/status', '/api/v1/nodes/a/status']);
  });

  it('tries again with growing pauses, one request at a time', async () => {
    const { kube, clock, writer, paths } = start();
    kube.down = true;
    writer.set(ready(fresh));
    await clock.advanceAsync(300_000);
    expect(kube.requests.length).toBeGreaterThan(5);
    expect(kube.requests.length).toBeLessThan(60);
    kube.down = false;
    await clock.advanceAsync(30_000);
    expect(paths()).toEqual(['/api/v1/nodes/a/status']);
  });

  it('does not insist where it may not write', async () => {
    const { kube, clock, writer } = start();
    kube.forbidden.add('/api/v1/nodes/a/status');
    writer.set(ready(fresh));
    await clock.advanceAsync(300_000);
    const asked = kube.requests.filter((request) => request.startsWith('PATCH /api/v1/nodes/a/status'));
    expect(asked.length).toBeLessThanOrEqual(11);
  });

  it.each([400, 403, 422, 500])(
    'goes on with everything else where the server answers %i',
    async (status) => {
      const { kube, clock, writer, told, paths } = start();
      kube.failing.set('/api/v1/nodes/a/status', status);
      writer.set(ready({ ...fresh, startupTaint: 0 }));
      await clock.advanceAsync(5000);
      expect(told()).toEqual([OBJECT, STATUS]);
      expect(paths()).toEqual(['/api/v1/nodes/a']);
      writer.set(ready(fresh));
      await clock.advanceAsync(300_000);
      const asked = kube.requests.filter((request) => request.startsWith('PATCH /api/v1/nodes/a/status'));
      expect(asked.length).toBeGreaterThan(3);
      expect(asked.length).toBeLessThan(40);
      kube.failing.clear();
      await clock.advanceAsync(75_000);
      expect(paths()).toContain('/api/v1/nodes/a/status');
    },
  );

  it.each([
    ['by a webhook', 400, ['writing: condition']],
    ['for this moment', 422, []],
    ['by mistake', 500, []],
  ])('tells of a write that is refused %s, where it lasts', async (_, status, subjects) => {
    const { kube, clock, writer } = start();
    kube.failing.set('/api/v1/nodes/a/status', status);
    writer.set(ready(fresh));
    await clock.advanceAsync(1000);
    expect(writer.problems().map(({ subject }) => subject)).toEqual(subjects);
  });

  it('forgets that a write was refused which nobody needs any more', async () => {
    const { kube, clock, writer } = start();
    kube.forbidden.add('/api/v1/nodes/a/status');
    writer.set(ready(fresh));
    await clock.advanceAsync(1000);
    expect(writer.problems()).toHaveLength(1);
    writer.set(ready(good));
    await clock.advanceAsync(150_000);
    expect(writer.problems()).toEqual([]);
  });

  it('tells an event by itself when its time has come', async () => {
    const { clock, writer, paths } = start();
    writer.set({ ...ready(fresh, [problem('GRY_A')]), ready: false });
    await clock.advanceAsync(20_000);
    expect(paths()).toEqual([]);
    await clock.advanceAsync(60_000);
    expect(paths()).toEqual(['/api/v1/namespaces/default/events']);
  });

  it('ends when it is told to', async () => {
    const { clock, abort, run } = start();
    await clock.advanceAsync(0);
    abort.abort();
    await run;
    expect(clock.pending).toBe(0);
  });

  it('makes the GryphonNode, tells its status, and nothing more while nothing changes', async () => {
    const { clock, writer, told } = start();
    for (let i = 0; i < 100; i++) {
      writer.set(ready(good));
      await clock.advanceAsync(2000);
    }
    expect(told()).toEqual([OBJECT, STATUS]);
  });

  it('makes the GryphonNode again that somebody deleted', async () => {
    const { kube, clock, writer, told } = start();
    writer.set(ready(good));
    await clock.advanceAsync(10_000);
    kube.absent.add(STATUS);
    writer.set({ ...ready(good), ready: false });
    await clock.advanceAsync(1000);
    kube.absent.clear();
    await clock.advanceAsync(1000);
    expect(told()).toEqual([OBJECT, STATUS, OBJECT]);
    await clock.advanceAsync(60_000);
    expect(told()).toEqual([OBJECT, STATUS, OBJECT, STATUS]);
  });

  it.each([
    [
      'does not know',
      (kube: FakeKube) => kube.absent,
      'GRY_KUBE_ABSENT',
      'kubectl apply -k manifests/base/crds',
    ],
    [
      'may not be written',
      (kube: FakeKube) => kube.forbidden,
      'GRY_KUBE_FORBIDDEN',
      'manifests/install.yaml',
    ],
  ])(
    'tells that the API server %s GryphonNodes, and goes on with everything else',
    async (_, set, code, remedy) => {
      const { kube, clock, writer, paths } = start();
      set(kube).add(OBJECT);
      writer.set(ready(good));
      await clock.advanceAsync(1000);
      expect(writer.problems()).toEqual([
        expect.objectContaining({ code, severity: 'warning', remedy: expect.stringContaining(remedy) }),
      ]);
      writer.set(ready(fresh));
      await clock.advanceAsync(1000);
      expect(paths()).toEqual(['/api/v1/nodes/a/status']);
      await clock.advanceAsync(300_000);
      expect(kube.requests.filter((request) => request.includes('gryphonnodes')).length).toBeLessThanOrEqual(
        11,
      );
      set(kube).clear();
      await clock.advanceAsync(60_000);
      expect(writer.problems()).toEqual([]);
    },
  );
});
