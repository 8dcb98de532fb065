import fc from 'fast-check';
import { expect, it } from 'vitest';
import { equal } from '../../src/net/equal.ts';
import { macBytes, macFromBytes, parseMac } from '../../src/net/mac.ts';
import { PersistentMap } from '../../src/net/persistent-map.ts';
import { describeError, GryphonError } from '../../src/ports/error.ts';
import { silentLog } from '../../src/ports/log.ts';

it.each([
  [1, 1, true],
  [Number.NaN, Number.NaN, true],
  [null, undefined, false],
  [null, {}, false],
  [[1, [2]], [1, [2]], true],
  [[1, 2], [2, 1], false],
  [[1], { 0: 1 }, false],
  [{ 0: 1 }, [1], false],
  [{ a: 1, b: undefined }, { a: 1 }, true],
  [{ a: undefined }, { b: undefined }, true],
  [{ a: 1 }, { b: 1 }, false],
  [{ a: 1, b: 2 }, { b: 2, a: 1 }, true],
  [new Map([['a', { x: 1 }]]), new Map([['a', { x: 1 }]]), true],
  [new Map([['a', 1]]), new Map([['b', 1]]), false],
  [new Map([['a', 1]]), new Map(), false],
  [new Map(), {}, false],
  [new PersistentMap([['a', { x: 1 }]]), new PersistentMap([['a', { x: 1 }]]), true],
  [new PersistentMap([['a', 1]]), new Map([['a', 1]]), true],
  [new PersistentMap([['a', 1]]), new PersistentMap([['a', 2]]), false],
  [new PersistentMap(), {}, false],
  [{}, new PersistentMap(), false],
  [new Set([1, 2]), new Set([2, 1]), true],
  [new Set([1]), new Set([2]), false],
  [new Set(), new Map(), false],
])('equal(%j, %j) is %s', (a, b, expected) => {
  expect(equal(a, b)).toBe(expected);
});

it('equal holds for every copy of plain data', () => {
  fc.assert(fc.property(fc.jsonValue(), (v) => equal(v, structuredClone(v))));
});

it('MAC addresses round-trip in lower case', () => {
  expect(parseMac('EE:EE:ee:ee:EE:01')).toBe('ee:ee:ee:ee:ee:01');
  expect(parseMac('ee:ee:ee:ee:ee')).toBeUndefined();
  expect(macFromBytes(macBytes(parseMac('02:00:5e:10:00:ff')!))).toBe('02:00:5e:10:00:ff');
});

it('errors carry code, remedy, fields and cause', () => {
  const cause = new Error('deep');
  const error = new GryphonError('GRY_X', 'it broke', { remedy: 'mend it', fields: { at: 1 }, cause });
  expect(error).toMatchObject({ code: 'GRY_X', remedy: 'mend it', fields: { at: 1 }, cause });
  expect(describeError(error)).toBe('it broke; mend it');
  expect(describeError(new Error('plain'))).toBe('plain');
  expect(describeError('text')).toBe('text');
});

it('the silent log stays silent', () => {
  const log = silentLog.component('x');
  for (const level of ['debug', 'info', 'warn', 'error'] as const) expect(log[level]('msg')).toBeUndefined();
});
