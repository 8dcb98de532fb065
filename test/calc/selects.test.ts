import { expect, it } from 'vitest';
import { selectorCache, selects } from '../../src/calc/selects.ts';

const labels = { rack: 'r1', zone: 'a' };

it.each([
  ["rack == 'r1'", true],
  ["rack == 'r2'", false],
  ['has(zone) && !has(gpu)', true],
  ['', true],
  ['(((', false],
])('%j selects a node of rack r1: %s, parsed before or not', (text, expected) => {
  const cached = selectorCache();
  expect([selects(text, labels), cached(text, labels), cached(text, labels)]).toEqual([
    expected,
    expected,
    expected,
  ]);
  expect(cached(text, { rack: 'r2' })).toBe(selects(text, { rack: 'r2' }));
});
