import { describe, expect, it } from 'vitest';
import { type Account, acceptanceWrite } from '../../../src/kube/cluster/acceptance.ts';
import { parseStanding } from '../../../src/kube/cluster/standing.ts';
import { bgpPeerKind } from '../../../src/kube/kinds/bgp-peer.ts';
import type { Condition } from '../../../src/kube/kinds/status.ts';
import type { Problem } from '../../../src/ports/problem.ts';

const NOW = Date.UTC(2026, 0, 1);
const THEN = '2025-01-01T00:00:00Z';

const problem = (severity: Problem['severity'], message: string, field = ' spec.a'): Problem => ({
  code: severity === 'error' ? 'GRY_FIELD_INVALID' : 'GRY_UNSUPPORTED_FIELD',
  severity,
  subject: `BGPPeer tor-a${field}`,
  message,
  remedy: 'mend it',
});

const accepted = (more: Partial<Condition> = {}): Condition => ({
  type: 'Accepted',
  status: 'True',
  reason: 'Accepted',
  message: 'the object is in use as it is written',
  lastTransitionTime: THEN,
  observedGeneration: 3,
  ...more,
});

const account = (problems: readonly Problem[], conditions: readonly unknown[] = []): Account => ({
  kind: bgpPeerKind,
  name: 'tor-a',
  problems,
  standing: parseStanding({
    metadata: { name: 'tor-a', generation: 3, resourceVersion: '77' },
    status: { conditions },
  }),
});

/** The conditions of the write. */
const written = (told: Account): unknown => {
  const value = acceptanceWrite(told, NOW)?.body?.value as { status: { conditions: unknown } } | undefined;
  return value?.status.conditions;
};

it('applies the status to the version that was judged, and to no other', () => {
  expect(acceptanceWrite(account([]), NOW)).toEqual({
    method: 'PATCH',
    path: '/apis/gryphon.dev/v1alpha1/bgppeers/tor-a/status?fieldManager=gryphon&force=true',
    body: {
      type: 'application/apply-patch+yaml',
      value: {
        apiVersion: 'gryphon.dev/v1alpha1',
        kind: 'BGPPeer',
        metadata: { name: 'tor-a', resourceVersion: '77' },
        status: { conditions: [accepted({ lastTransitionTime: '2026-01-01T00:00:00Z' })] },
      },
    },
  });
});

describe('the conditions', () => {
  it.each<[string, readonly Problem[], readonly object[]]>([
    ['all is well', [], [{ type: 'Accepted', status: 'True' }]],
    [
      'errors, one after the other',
      [problem('error', 'it is wrong'), problem('error', 'so is all of it', '')],
      [
        {
          type: 'Accepted',
          status: 'False',
          reason: 'FieldInvalid',
          message: 'spec.a: it is wrong; mend it. so is all of it; mend it',
        },
      ],
    ],
    [
      'fields without effect',
      [problem('warning', 'it does nothing')],
      [
        {
          type: 'Accepted',
          status: 'True',
          message: 'the object is in use, but for what "Unsupported" tells',
        },
        { type: 'Unsupported', status: 'True', message: 'spec.a: it does nothing; mend it' },
      ],
    ],
    [
      'more than fits',
      Array.from({ length: 200 }, () => problem('error', 'x'.repeat(100))),
      [{ message: expect.stringMatching(/^.{4095}…$/) }],
    ],
  ])('%s', (_, problems, expected) => {
    expect(written(account(problems))).toMatchObject(expected);
  });
});

describe('what the object says already', () => {
  const anothers = { type: 'Ready', status: 'True', reason: 'Mine', message: '', lastTransitionTime: THEN };
  it.each<[string, readonly Problem[], readonly unknown[], unknown]>([
    ['is not said again', [], [accepted()], undefined],
    ['nor beside what others say', [], [anothers, accepted()], undefined],
    ['of an older generation is', [], [accepted({ observedGeneration: 2 })], [accepted()]],
    ['in other words is', [], [accepted({ message: 'well' })], [accepted()]],
    [
      'to the contrary changes now',
      [],
      [accepted({ status: 'False' })],
      [accepted({ lastTransitionTime: '2026-01-01T00:00:00Z' })],
    ],
    [
      'without a time gets one',
      [],
      [{ ...accepted(), lastTransitionTime: undefined }],
      [accepted({ lastTransitionTime: '2026-01-01T00:00:00Z' })],
    ],
    [
      'of fields that are gone is taken back',
      [],
      [accepted(), accepted({ type: 'Unsupported' })],
      [accepted()],
    ],
    ['and is nonsense is replaced', [], [7, null, { type: 'Accepted', status: 7 }], [{ status: 'True' }]],
  ])('%s', (_, problems, conditions, expected) => {
    if (expected === undefined) expect(written(account(problems, conditions))).toBeUndefined();
    else expect(written(account(problems, conditions))).toMatchObject(expected as object);
  });
});
