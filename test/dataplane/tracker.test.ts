import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DeltaTracker } from '../../src/dataplane/tracker.ts';
import { NONE } from '../../src/net/columns.ts';
import { prefix } from '../../src/net/prefix.ts';
import { prefixWords } from '../../src/net/prefix-words.ts';

const [A, B, C, D, E] = ['10.1.0.0/16', '10.2.0.0/16', '10.3.0.0/16', 'fd00::/64', '::/0'].map(prefix);
const keys = [A, B, C, D, E].flatMap((key) => key ?? []);

/** A tracker whose prefixes are texts. */
class TextTracker extends DeltaTracker<number, number> {
  at(key: string): number {
    return this.find(prefixWords(prefix(key)));
  }

  want(key: string, value: number): void {
    this.setDesired(this.enter(prefixWords(prefix(key))), value);
  }

  have(key: string, value: number): void {
    this.setActual(this.enter(prefixWords(prefix(key))), value);
  }

  get pendingTexts(): readonly string[] {
    return [...this.pending()].map((id) => this.text(id));
  }
}

test('the picture of the head comment', () => {
  const tracker = new TextTracker((a, b) => a === b);
  for (const [i, key] of [A, B, D].entries()) tracker.want(key ?? '', i);
  for (const [i, key] of [A, undefined, B, C].entries()) if (key !== undefined) tracker.have(key, i);
  expect(tracker.pendingTexts).toEqual([B, D, C]);
});

const operation = fc.record({
  kind: fc.constantFrom('setDesired', 'deleteDesired', 'setActual', 'deleteActual', 'next'),
  key: fc.constantFrom(...keys),
  value: fc.integer({ min: 0, max: 2 }),
});

test('after any changes, pending is exactly where the sides differ, and a walk misses none that was so all the time', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 60 }), fc.nat(60), (operations, start) => {
      // Values 0 and 1 agree with each other, as a way without link agrees with any link.
      const agrees = (a: number, b: number): boolean => a >> 1 === b >> 1;
      const tracker = new TextTracker(agrees);
      const desired = new Map<string, number>();
      const actual = new Map<string, number>();
      const differing = (): readonly string[] =>
        keys.filter((key) => {
          const [want, have] = [desired.get(key), actual.get(key)];
          return want === undefined || have === undefined ? want !== have : !agrees(want, have);
        });
      const walked = new Set<string>();
      const note = (id: number): boolean => {
        if (id !== NONE) walked.add(tracker.text(id));
        return id !== NONE;
      };
      let always: readonly string[] = [];
      for (const [i, { kind, key, value }] of operations.entries()) {
        if (i === start) {
          always = differing();
          note(tracker.walk());
        }
        const side = kind.endsWith('Desired') ? desired : actual;
        if (kind === 'next') {
          if (i > start) note(tracker.next());
        } else if (kind.startsWith('set')) side.set(key, value);
        else side.delete(key);
        if (kind === 'setDesired') tracker.want(key, value);
        else if (kind === 'setActual') tracker.have(key, value);
        else if (kind === 'deleteDesired') tracker.deleteDesired(tracker.at(key));
        else if (kind === 'deleteActual') tracker.deleteActual(tracker.at(key));
        const now = differing();
        always = always.filter((k) => now.includes(k));
      }
      if (start < operations.length) while (note(tracker.next()));
      expect(always.filter((key) => !walked.has(key))).toEqual([]);
      const differs = differing();
      expect(tracker.pendingTexts.toSorted()).toEqual(differs.toSorted());
      expect(tracker.desiredCount).toBe(desired.size);
      for (const key of keys) {
        const id = tracker.at(key);
        expect([tracker.desired(id), tracker.actual(id)]).toEqual([desired.get(key), actual.get(key)]);
        expect(tracker.isPending(id)).toBe(differs.includes(key));
        expect(id === NONE).toBe(!desired.has(key) && !actual.has(key));
      }
      expect([...tracker.all()].length).toBe(new Set([...desired.keys(), ...actual.keys()]).size);
    }),
  );
});
