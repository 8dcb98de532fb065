import { describe, expect, it } from 'vitest';
import {
  createLease,
  LeaseObserver,
  type LeaseRecord,
  parseLease,
  releaseLease,
  takeLease,
} from '../../../src/kube/cluster/lease.ts';

const lease = { namespace: 'gryphon-system', name: 'gryphon-status', identity: 'a_1' };
const NOW = Date.UTC(2026, 0, 1);
const TIME = '2026-01-01T00:00:00.000000Z';

const held = (more: Partial<LeaseRecord> = {}): LeaseRecord => ({
  version: '7',
  holder: 'b_1',
  duration: 30_000,
  renewTime: 'then',
  acquireTime: 'before',
  transitions: 3,
  ...more,
});

describe('a Lease is free', () => {
  const cases: readonly (readonly [
    string,
    readonly (readonly [at: number, seen: LeaseRecord])[],
    number,
    boolean,
  ])[] = [
    ['not before it was seen', [], 1_000_000, false],
    ['when nobody holds it', [[0, held({ holder: '' })]], 0, true],
    [
      'not as soon as it is seen, however old its time is',
      [[0, held({ renewTime: '1970-01-01T00:00:00Z' })]],
      0,
      false,
    ],
    [
      'when nothing of it has changed for its whole duration',
      [
        [0, held()],
        [31_000, held()],
      ],
      31_000,
      true,
    ],
    [
      'not within its duration',
      [
        [0, held()],
        [29_999, held()],
      ],
      29_999,
      false,
    ],
    [
      'not when it was renewed in the meantime',
      [
        [0, held()],
        [31_000, held({ renewTime: 'now' })],
      ],
      60_999,
      false,
    ],
    [
      'not when the clock of its holder goes backwards',
      [
        [0, held()],
        [31_000, held({ renewTime: 'earlier' })],
      ],
      60_000,
      false,
    ],
    [
      'not when another one has taken it',
      [
        [0, held()],
        [31_000, held({ holder: 'c_1' })],
      ],
      31_001,
      false,
    ],
    ['by the duration that the holder asked for', [[0, held({ duration: 60_000 })]], 59_000, false],
  ];
  it.each(cases)('%s', (_, seen, now, expected) => {
    const observer = new LeaseObserver();
    for (const [at, record] of seen) observer.see(record, at);
    expect(observer.isFree(now)).toBe(expected);
  });
});

describe('what is written', () => {
  it('makes it', () => {
    expect(createLease(lease, NOW).body?.value).toEqual({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'gryphon-status', namespace: 'gryphon-system' },
      spec: {
        holderIdentity: 'a_1',
        leaseDurationSeconds: 30,
        acquireTime: TIME,
        renewTime: TIME,
        leaseTransitions: 0,
      },
    });
  });

  it.each([
    ['takes it from another one', held(), { acquireTime: TIME, leaseTransitions: 4 }],
    ['keeps it', held({ holder: 'a_1' }), { acquireTime: 'before', leaseTransitions: 3 }],
  ])('%s, if it is still that version', (_, record, expected) => {
    expect(takeLease(lease, record, NOW)).toEqual({
      method: 'PATCH',
      path: '/apis/coordination.k8s.io/v1/namespaces/gryphon-system/leases/gryphon-status',
      body: {
        type: 'application/merge-patch+json',
        value: {
          metadata: { resourceVersion: '7' },
          spec: { holderIdentity: 'a_1', leaseDurationSeconds: 30, renewTime: TIME, ...expected },
        },
      },
    });
  });

  it('gives it back', () => {
    expect(releaseLease(lease, held({ holder: 'a_1' }), NOW).body?.value).toEqual({
      metadata: { resourceVersion: '7' },
      spec: { holderIdentity: '', leaseDurationSeconds: 1, renewTime: TIME },
    });
  });
});

it.each([
  [
    'a whole one',
    { holderIdentity: 'b', leaseDurationSeconds: 15, renewTime: 't', leaseTransitions: 2 },
    15_000,
  ],
  ['one without spec', undefined, 30_000],
  ['one with nonsense', { holderIdentity: 7, leaseDurationSeconds: -1 }, 30_000],
  ['one for ever', { leaseDurationSeconds: 1e12 }, 3_600_000],
])('reads %s', (_, spec, duration) => {
  expect(parseLease({ metadata: { resourceVersion: '1' }, spec })).toMatchObject({ version: '1', duration });
});
