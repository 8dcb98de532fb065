import { expect, it } from 'vitest';
import { FactFeed } from '../../src/agent/fact-feed.ts';

it('tells once of many changes, keeps each key until it is taken, and what is gone was there before', () => {
  let told = 0;
  const feed = new FactFeed<string, number>(() => {
    told++;
  });
  feed.putAll([
    { prefix: 'a', route: 1 },
    { prefix: 'b', route: 2 },
    { prefix: 'a', route: 3 },
    { prefix: 'never', route: undefined },
  ]);
  expect([told, ...feed.changed]).toEqual([1, 'a', 'b']);
  expect(Object.fromEntries(feed.records)).toEqual({ a: 3, b: 2 });
  feed.changed.clear();
  feed.putAll([{ prefix: 'never', route: undefined }]);
  expect(told).toBe(1);
  feed.putAll([{ prefix: 'b', route: undefined }]);
  expect([told, ...feed.changed]).toEqual([2, 'b']);
  expect([...feed.records.keys()]).toEqual(['a']);
});
