import { describe, expect, test } from 'vitest';
import { parseDuration } from '../../../src/kube/records/duration.ts';
import { isObjectName } from '../../../src/kube/records/name.ts';
import { nearestName } from '../../../src/kube/records/nearest.ts';
import { showValue } from '../../../src/kube/records/problem.ts';

describe('durations', () => {
  test.each(['', 's', '30', '-3s', '3.5s', '1s1m', '500ms', '1m 30s', '1h1h', '1234567h', '１s'])(
    '%j is none',
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );
  test.each([
    ['0s', 0],
    ['90s', 90],
    ['1m30s', 90],
    ['2h', 7200],
    ['1h1m1s', 3661],
    ['1h0m0s', 3600],
  ])('%s is %i seconds', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });
});

describe('names of objects', () => {
  test.each(['', '-a', 'a-', 'a..b', '.a', 'A', 'a_b', 'a/b', 'ä', 'a\n', 'a'.repeat(254)])(
    '%j is none',
    (name) => {
      expect(isObjectName(name)).toBe(false);
    },
  );
  test.each(['a', '0', 'worker-1', 'ip-10-0-0-1.eu.internal', 'a'.repeat(253)])('%j', (name) => {
    expect(isObjectName(name)).toBe(true);
  });
});

describe('the nearest known name', () => {
  const known = ['peerIP', 'nodeSelector', 'node', 'asNumber'];
  test.each([
    ['peerip', 'peerIP'],
    ['nodeSelectors', 'nodeSelector'],
    ['selector', undefined],
    ['nodes', 'node'],
    ['numberAS', undefined],
    ['asnumbr', 'asNumber'],
    ['x', undefined],
    ['', undefined],
  ])('%j: %j', (name, nearest) => {
    expect(nearestName(name, known)).toBe(nearest);
  });
});

test('values are shown short', () => {
  expect([undefined, null, 'a', { b: [1] }, 'x'.repeat(100)].map(showValue)).toEqual([
    'undefined',
    'null',
    '"a"',
    '{"b":[1]}',
    `"${'x'.repeat(59)}…`,
  ]);
});
