import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { fnv1a } from '../../src/net/fnv.ts';
import { changedKeys, PersistentMap } from '../../src/net/persistent-map.ts';

it.each([
  ['', 0x811c9dc5],
  ['a', 0xe40c292c],
  ['foobar', 0xbf9cf968],
])('fnv1a(%j) is that of the published vectors', (text, expected) => {
  expect(fnv1a(text)).toBe(expected);
});

/** Texts of one hash, found by trying: they share a leaf down to the deepest level. */
const colliding = ['costarring', 'liquid'];

it('the two texts collide', () => {
  expect(new Set(colliding.map(fnv1a)).size).toBe(1);
});

const key = fc.oneof(
  fc.nat(400).map((n) => `node-${n}`),
  fc.constantFrom(...colliding),
);
/** Many keys of which few values differ, so that leaves become branches and values come back. */
const steps = fc.array(
  fc.record({
    key,
    value: fc.option(fc.nat(2), { freq: 3, nil: undefined }),
  }),
  { maxLength: 300, size: 'max' },
);

function follow(taken: readonly { readonly key: string; readonly value: number | undefined }[]) {
  let map = new PersistentMap<string, number>();
  const model = new Map<string, number>();
  for (const step of taken) {
    if (step.value === undefined) {
      map = map.without(step.key);
      model.delete(step.key);
    } else {
      map = map.with(step.key, step.value);
      model.set(step.key, step.value);
    }
  }
  return { map, model };
}

const sorted = (map: ReadonlyMap<string, number>): [string, number][] =>
  [...map].sort(([a], [b]) => (a < b ? -1 : 1));

describe('a persistent map', () => {
  it('holds what a Map would hold, whatever was done to it', () => {
    fc.assert(
      fc.property(steps, (taken) => {
        const { map, model } = follow(taken);
        expect(map.size).toBe(model.size);
        expect(sorted(map)).toEqual(sorted(model));
        expect(new Map(map.entries())).toEqual(new Map([...map.keys()].map((k) => [k, map.get(k)])));
        expect([...map.values()].length).toBe(model.size);
        for (const { key: k } of taken)
          expect([map.has(k), map.get(k)]).toEqual([model.has(k), model.get(k)]);
        const seen: [string, number][] = [];
        for (const [k, v] of new PersistentMap(model)) seen.push([k, v]);
        expect(new Map(seen)).toEqual(model);
      }),
    );
  });

  it('stays as it is when another is made of it', () => {
    fc.assert(
      fc.property(steps, steps, (before, more) => {
        const { map, model } = follow(before);
        let other = map;
        for (const { key: k, value } of more)
          other = value === undefined ? other.without(k) : other.with(k, value);
        expect(sorted(map)).toEqual(sorted(model));
      }),
    );
  });

  it('is the very same where nothing changes', () => {
    fc.assert(
      fc.property(steps, (taken) => {
        const { map } = follow(taken);
        for (const [k, v] of map) expect(map.with(k, v)).toBe(map);
        expect(map.without('nobody')).toBe(map);
      }),
    );
  });

  it('visits each entry', () => {
    const map = new PersistentMap([
      ['a', 1],
      ['b', 2],
    ] as const);
    const visited = new Map<string, number>();
    map.forEach((value, k, whole) => visited.set(`${k} of ${whole.size}`, value));
    expect(visited).toEqual(
      new Map([
        ['a of 2', 1],
        ['b of 2', 2],
      ]),
    );
  });
});

describe('changedKeys', () => {
  const expected = (before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): string[] =>
    [...new Set([...before.keys(), ...after.keys()])].filter((k) => before.get(k) !== after.get(k)).sort();

  it('are those that differ, each once, of whatever kind and origin the two maps are', () => {
    fc.assert(
      fc.property(steps, steps, (first, second) => {
        const [a, b, descendant] = [follow(first), follow(second), follow([...first, ...second])];
        for (const [before, after] of [
          [a.map, descendant.map],
          [descendant.map, a.map],
          [a.map, b.map],
          [a.model, b.model],
          [a.model, b.map],
        ] as const)
          expect([...changedKeys(before, after)].sort()).toEqual(expected(before, after));
      }),
    );
  });

  it('are found by looking at what the two do not share', () => {
    const before = new PersistentMap(Array.from({ length: 5000 }, (_, i) => [`node-${i}`, i] as const));
    const after = before.with('node-7', -7).without('node-8').with('node-5000', 5000);
    using looks = vi.spyOn(Map.prototype, 'get');
    expect([...changedKeys(before, after)].sort()).toEqual(['node-5000', 'node-7', 'node-8']);
    expect(looks.mock.calls.length).toBeLessThan(100);
  });
});
