import { expect, it } from 'vitest';
import { selectorCache } from '../../src/calc/selects.ts';

const labels = { rack: 'r1', zone: 'a' };

it.each([
  ["rack == 'r1'", true],
  ["rack == 'r2'", false],
  ['has(zone) && !has(gpu)', true],
  ['', true],
  ['(((', false],
])('%j selects a node of rack r1: %s, parsed before or not', (text, expected) => {
  const selects = selectorCache();
  expect([selects(text, labels), selects(text, labels)]).toEqual([expected, expected]);
});

it('one selector is asked of different nodes', () => {
  const selects = selectorCache();
  const racks = ['r1', 'r2', 'r1'];
  expect(racks.map((rack) => selects("rack == 'r1'", { rack }))).toEqual([true, false, true]);
});
