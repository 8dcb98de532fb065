import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { fit } from '../../../src/kube/cluster/fit.ts';
import { objectRequest, statusOf } from '../../../src/kube/cluster/gryphon-node.ts';
import type { NodeReport, PeerReport } from '../../../src/kube/cluster/node-report.ts';
import { NodeStatusBook } from '../../../src/kube/cluster/node-status-book.ts';
import { gryphonNodeKind } from '../../../src/kube/kinds/gryphon-node.ts';
import { inspect } from '../../../src/kube/records/inspect.ts';
import type { Problem } from '../../../src/ports/problem.ts';
import { node } from '../../support/records.ts';

const START = Date.UTC(2026, 0, 1);
const noPrefixes = { received: 0, accepted: 0, advertised: 0 };

const peer = (name: string, more: Partial<PeerReport> = {}): PeerReport => ({
  name,
  address: '192.0.2.1',
  asNumber: 64_512,
  state: 'established',
  since: START,
  prefixes: noPrefixes,
  ...more,
});

const problem = (code: string, severity: Problem['severity'], message = 'it is wrong'): Problem => ({
  code,
  severity,
  subject: 'Node a',
  message,
  remedy: 'mend it',
});

const calm: NodeReport = {
  ready: true,
  problems: [],
  node: node('a', [], [], { uid: 'uid-a' }),
  version: '0.1.0',
  addresses: ['192.0.2.10', '2001:db8::10'],
  asNumber: 64_512,
  peers: [peer('mesh/b')],
};

describe('the object', () => {
  it('belongs to its Node', () => {
    expect(objectRequest(node('a', [], [], { uid: 'uid-a' }))).toEqual({
      method: 'PATCH',
      path: '/apis/gryphon.dev/v1alpha1/gryphonnodes/a?fieldManager=gryphon&force=true',
      body: {
        type: 'application/apply-patch+yaml',
        value: {
          apiVersion: 'gryphon.dev/v1alpha1',
          kind: 'GryphonNode',
          metadata: {
            name: 'a',
            ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'a', uid: 'uid-a' }],
          },
        },
      },
    });
  });
});

describe('the status', () => {
  it('says everything, what is wrong first', () => {
    const down = peer('peer/tor', { state: 'active', reason: 'connection refused', asNumber: 65_001 });
    const problems = [problem('GRY_W', 'warning'), problem('GRY_E', 'error')];
    const prefixes = { received: 3, accepted: 2, advertised: 1 };
    const up = peer('mesh/b', { prefixes });
    expect(statusOf({ ...calm, ready: false, peers: [up, down], problems })).toEqual({
      version: '0.1.0',
      ready: false,
      addresses: ['192.0.2.10', '2001:db8::10'],
      asNumber: 64_512,
      peersConfigured: 2,
      peersEstablished: 1,
      peers: [
        {
          name: 'peer/tor',
          address: '192.0.2.1',
          asNumber: 65_001,
          state: 'active',
          since: '2026-01-01T00:00:00Z',
          reason: 'connection refused',
          ...noPrefixes,
        },
        {
          name: 'mesh/b',
          address: '192.0.2.1',
          asNumber: 64_512,
          state: 'established',
          since: '2026-01-01T00:00:00Z',
          ...prefixes,
        },
      ],
      problems: [problem('GRY_E', 'error'), problem('GRY_W', 'warning')],
    });
  });

  test('the API server takes whatever there is to say', () => {
    const words = fc.string({ unit: 'grapheme', maxLength: 20 });
    const text = fc.tuple(words, fc.integer({ min: 1, max: 200 })).map(([some, times]) => some.repeat(times));
    const peers = fc
      .tuple(text, fc.integer({ min: 0, max: 300 }))
      .map(([reason, count]) => Array.from({ length: count }, (_, i) => peer(`${reason}${i}`, { reason })));
    const problems = fc
      .tuple(text, fc.integer({ min: 0, max: 100 }))
      .map(([some, count]) => Array.from({ length: count }, () => problem('GRY_E', 'error', some)));
    fc.assert(
      fc.property(peers, problems, text, (some, more, version) => {
        const status = statusOf({ ...calm, peers: some, problems: more, version });
        expect(inspect(gryphonNodeKind.status, status, 'GryphonNode a', ['status']).problems).toEqual([]);
        expect(status.peersConfigured).toBe(some.length);
      }),
      { numRuns: 30 },
    );
  });

  test('a text is not cut within a character', () => {
    const { version } = fit(gryphonNodeKind.status, { version: `${'a'.repeat(62)}😀` });
    expect(version).toBe(`${'a'.repeat(62)}😀`);
    expect(fit(gryphonNodeKind.status, { version: `${'a'.repeat(62)}😀b` })).toEqual({
      version: `${'a'.repeat(62)}\u{FFFD}…`,
    });
  });
});

describe('when it is written', () => {
  /** Says `reports` from their time on, every two seconds; answers the times (ms) of the writes of the status. */
  function simulate(
    length: number,
    reports: readonly (readonly [from: number, report: NodeReport])[],
    random = () => 0.5,
  ) {
    const book = new NodeStatusBook(random);
    const writes: number[] = [];
    for (let now = 0; now <= length; now += 2000) {
      const [, report] = reports.findLast(([from]) => from <= now)!;
      book.take(report, now);
      for (let due = book.next(now); due !== undefined; due = book.next(now)) {
        if (due.name === 'GryphonNode status') writes.push(now);
        due.done(now);
      }
    }
    return writes;
  }

  const change = (more: Partial<PeerReport>): NodeReport => ({ ...calm, peers: [peer('mesh/b', more)] });
  const times = (count: number, spacing: number): number[] =>
    Array.from({ length: count }, (_, i) => i * spacing);

  it.each<[string, NodeReport, number[]]>([
    ['a session that is lost', change({ state: 'idle' }), [0, 22_000]],
    ['a session that was lost and is back', change({ since: START + 10_000 }), [0, 60_000]],
    ['another address', { ...calm, addresses: [] }, [0, 22_000]],
    ['not ready', { ...calm, ready: false }, [0, 22_000]],
    ['a new problem', { ...calm, problems: [problem('GRY_E', 'error')] }, [0, 22_000]],
    ['counters', change({ prefixes: { ...noPrefixes, received: 1 } }), [0, 60_000]],
    ['nothing', { ...calm }, [0]],
    ['the Node is gone', { ...calm, ready: false, node: undefined }, [0]],
  ])('%s', (_, report, expected) => {
    expect(
      simulate(100_000, [
        [0, calm],
        [20_000, report],
      ]),
    ).toEqual(expected);
  });

  it('what happens to be said again is no news', () => {
    expect(
      simulate(100_000, [
        [0, calm],
        [1000, change({ state: 'idle' })],
        [3000, calm],
      ]),
    ).toEqual([0]);
  });

  it('a session that is tried again and again is told once', () => {
    const tries = times(100, 2000).map((from, i) => {
      const state = ['idle', 'connect', 'active'][i % 3]!;
      return [from, change({ state, since: START + from, reason: 'connection refused' })] as const;
    });
    expect(simulate(200_000, tries)).toEqual([0]);
  });

  it('a node that flaps is told every five seconds, its counters every minute', () => {
    const flaps = times(50, 2000).map((from, i) => [from, { ...calm, ready: i % 2 === 0 }] as const);
    for (const [i, time] of simulate(100_000, flaps).entries()) expect(time).toBeGreaterThanOrEqual(i * 5000);
    const counts = times(150, 2000).map(
      (from, i) => [from, change({ prefixes: { ...noPrefixes, received: i } })] as const,
    );
    expect(simulate(298_000, counts)).toEqual([0, 60_000, 120_000, 180_000, 240_000]);
  });

  it('the same is said again after a quarter of an hour, because nobody watches it', () => {
    expect(simulate(2_000_000, [[0, calm]])).toEqual([0, 750_000, 1_500_000]);
  });

  it('a thousand nodes that lose the same peer do not write at once', () => {
    const many = times(1000, 1).map((i) => peer(`mesh/n${i}`));
    const reports = [
      [0, { ...calm, peers: many }],
      [20_000, { ...calm, peers: many.slice(1) }],
    ] as const;
    expect(simulate(100_000, reports)[1]).toBe(26_000);
    // However often the same is said meanwhile, the lot is cast once.
    const lots = [0.5, 0.9];
    expect(simulate(100_000, reports, () => lots.shift() ?? 0)[1]).toBe(30_000);
  });

  it('what matters does not wait for the turn of details', () => {
    const counted = change({ prefixes: { ...noPrefixes, received: 1 } });
    expect(
      simulate(30_000, [
        [0, calm],
        [4000, counted],
        [20_000, { ...counted, ready: false }],
      ]),
    ).toEqual([0, 22_000]);
  });

  it('another Node of the same name gets the object first', () => {
    const book = new NodeStatusBook(() => 0);
    const names: string[] = [];
    const settle = (report: NodeReport, now: number): void => {
      book.take(report, now);
      for (let due = book.next(now); due !== undefined; due = book.next(now)) {
        names.push(due.name);
        due.done(now);
      }
    };
    settle(calm, 0);
    settle({ ...calm, node: node('a', [], [], { uid: 'another' }) }, 1000);
    expect(names).toEqual(['GryphonNode', 'GryphonNode status', 'GryphonNode']);
  });
});
