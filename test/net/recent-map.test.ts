import { expect, it } from 'vitest';
import { RecentMap } from '../../src/net/recent-map.ts';

it('remembers the last entries, and what is asked for again and again', () => {
  const map = new RecentMap<number, string>(10);
  for (let i = 0; i < 100; i++) {
    map.set(i, `${i}`);
    expect(map.get(0)).toBe('0');
    for (let back = 0; back < 5 && back <= i; back++) expect(map.get(i - back)).toBe(`${i - back}`);
  }
  expect(map.get(50)).toBeUndefined();
  map.clear();
  expect(map.get(99)).toBeUndefined();
});

it('gives the latest value of a key', () => {
  const map = new RecentMap<string, number>(2);
  for (let i = 0; i < 10; i++) {
    map.set('a', i);
    map.set(`other ${i}`, i);
    expect(map.get('a')).toBe(i);
  }
});
