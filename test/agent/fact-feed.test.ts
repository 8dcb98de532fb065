import { expect, it } from 'vitest';
import { FactFeed } from '../../src/agent/fact-feed.ts';

it('tells once of many changes, keeps each key until it is taken, and what is gone was there before', () => {
  let told = 0;
  const feed = new FactFeed<string, number>(() => {
    told++;
  });
  feed.putAll([
    ['a', 1],
    ['b', 2],
    ['a', 3],
    ['never', undefined],
  ]);
  expect([told, ...feed.changed]).toEqual([1, 'a', 'b']);
  expect(Object.fromEntries(feed.records)).toEqual({ a: 3, b: 2 });
  feed.changed.clear();
  feed.putAll([['never', undefined]]);
  expect(told).toBe(1);
  feed.putAll([['b', undefined]]);
  expect([told, ...feed.changed]).toEqual([2, 'b']);
  expect([...feed.records.keys()]).toEqual(['a']);
});
