import { text } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { listStream } from '../../src/api/list-stream.ts';

/** 0, 1, 2, …; tells how far it was read and whether the reader said that it is done. */
function numbers(end: number): { source: Iterable<number>; seen: { last: number; closed: boolean } } {
  const seen = { last: -1, closed: false };
  function* count(): Generator<number> {
    try {
      for (let i = 0; i < end; i++) {
        seen.last = i;
        yield i;
      }
    } finally {
      seen.closed = true;
    }
  }
  return { source: count(), seen };
}

const everything = { limit: 1_000_000, select: (n: number) => ({ n }), onError: () => {} };

test('others get a turn between any two slices', async () => {
  const { source, seen } = numbers(100_000);
  const steps: number[] = [];
  const finished = text(listStream(source, everything));
  for (let before = -1; !seen.closed; before = seen.last) {
    await setImmediate();
    steps.push(seen.last - before);
  }
  await finished;
  expect(Math.max(...steps)).toBeLessThanOrEqual(512);
});

test('others get a turn also while nothing is selected', async () => {
  const { source, seen } = numbers(100_000);
  const finished = text(listStream(source, { ...everything, select: () => undefined }));
  let turns = 0;
  for (; !seen.closed; turns++) await setImmediate();
  expect(turns).toBeGreaterThan(100);
  expect(await finished).toBe('{"items":[],"truncated":false}');
});

test('nobody reads: nothing is rendered ahead of a small buffer', async () => {
  const { source, seen } = numbers(1_000_000);
  const stream = listStream(source, everything);
  stream.read(0);
  for (let i = 0; i < 200; i++) await setImmediate();
  expect(seen.last).toBeLessThan(20_000);
  stream.destroy();
});

test('the reader goes away: the source is closed', async () => {
  const { source, seen } = numbers(1_000_000);
  const stream = listStream(source, everything);
  for await (const _chunk of stream) if (seen.last > 1000) break;
  for (let i = 0; i < 10 && !seen.closed; i++) await setImmediate();
  expect(seen.closed).toBe(true);
  expect(seen.last).toBeLessThan(20_000);
});

test('the limit ends the reading, one item after it', async () => {
  const { source, seen } = numbers(1_000_000);
  const body: unknown = JSON.parse(await text(listStream(source, { ...everything, limit: 3 })));
  expect(body).toEqual({ items: [{ n: 0 }, { n: 1 }, { n: 2 }], truncated: true });
  expect(seen).toEqual({ last: 255, closed: true });
});

test('a source that throws cuts the answer off and is reported', async () => {
  const errors: unknown[] = [];
  const boom = new Error('the table changed');
  function* failing(): Generator<number> {
    yield 1;
    throw boom;
  }
  const stream = listStream(failing(), { ...everything, onError: (error) => errors.push(error) });
  await expect(text(stream)).rejects.toBe(boom);
  expect(errors).toEqual([boom]);
});
