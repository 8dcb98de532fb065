import { expect, test } from 'vitest';
import { Backoff } from '../../src/dataplane/backoff.ts';
import { FakeClock } from '../support/fake-clock.ts';

test('delays double up to the longest, each at most a quarter shorter by chance', () => {
  const clock = new FakeClock();
  const backoff = new Backoff<string>(clock, { first: 100, longest: 1000 });
  for (const nominal of [100, 200, 400, 800, 1000, 1000]) {
    backoff.failed('x');
    const delay = backoff.untilNext() ?? 0;
    expect(delay).toBeGreaterThan(nominal * 0.75);
    expect(delay).toBeLessThanOrEqual(nominal);
    expect(backoff.isDue('x')).toBe(false);
    clock.advance(delay);
    expect(backoff.isDue('x')).toBe(true);
  }
});

test('items wait for themselves; hurry makes due and keeps the count, forget starts anew', () => {
  const clock = new FakeClock();
  const backoff = new Backoff<string>(clock, { first: 100 });
  expect(backoff.untilNext()).toBeUndefined();
  backoff.failed('x');
  backoff.failed('x');
  expect(backoff.isDue('y')).toBe(true);
  backoff.hurry('x');
  backoff.hurry('y');
  expect(backoff.untilNext()).toBe(0);
  backoff.failed('x');
  expect(backoff.untilNext()).toBeGreaterThan(300 - 1);
  backoff.forget('x');
  expect(backoff.isDue('x')).toBe(true);
  expect(backoff.untilNext()).toBeUndefined();
});
