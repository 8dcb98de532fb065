import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DeltaTracker } from '../../src/dataplane/tracker.ts';

test('the picture of the head comment', () => {
  const tracker = new DeltaTracker<string, number, number>((a, b) => a === b);
  for (const [key, value] of [
    ['A', 1],
    ['B', 2],
    ['D', 4],
  ] as const)
    tracker.setDesired(key, value);
  for (const [key, value] of [
    ['A', 1],
    ['B', 9],
    ['C', 3],
  ] as const)
    tracker.setActual(key, value);
  expect([...tracker.pending].map((item) => item.key).sort()).toEqual(['B', 'C', 'D']);
});

const operation = fc.record({
  kind: fc.constantFrom('setDesired', 'deleteDesired', 'setActual', 'deleteActual'),
  key: fc.integer({ min: 0, max: 4 }),
  value: fc.integer({ min: 0, max: 2 }),
});

test('after any changes, pending is exactly where the sides differ', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
      // Values 0 and 1 agree with each other, as a way without link agrees with any link.
      const agrees = (a: number, b: number): boolean => a >> 1 === b >> 1;
      const tracker = new DeltaTracker<number, number, number>(agrees);
      const desired = new Map<number, number>();
      const actual = new Map<number, number>();
      for (const { kind, key, value } of operations) {
        const side = kind.endsWith('Desired') ? desired : actual;
        if (kind.startsWith('set')) side.set(key, value);
        else side.delete(key);
        if (kind === 'setDesired') tracker.setDesired(key, value);
        else if (kind === 'setActual') tracker.setActual(key, value);
        else if (kind === 'deleteDesired') tracker.deleteDesired(key);
        else tracker.deleteActual(key);
      }
      const differs = [0, 1, 2, 3, 4].filter((key) => {
        const [want, have] = [desired.get(key), actual.get(key)];
        return want === undefined || have === undefined ? want !== have : !agrees(want, have);
      });
      expect([...tracker.pending].map((item) => item.key).toSorted((a, b) => a - b)).toEqual(differs);
      expect(tracker.desiredCount).toBe(desired.size);
      for (const key of [0, 1, 2, 3, 4]) {
        expect([tracker.desired(key), tracker.actual(key)]).toEqual([desired.get(key), actual.get(key)]);
        expect(tracker.isPending(key)).toBe(differs.includes(key));
        expect(tracker.has(key)).toBe(desired.has(key) || actual.has(key));
      }
      expect([...tracker.all()].length).toBe(new Set([...desired.keys(), ...actual.keys()]).size);
    }),
  );
});
