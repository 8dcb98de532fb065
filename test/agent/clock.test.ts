import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/agent/clock.ts';

describe('timers', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('fire once, when they are due', () => {
    const fired = vi.fn();
    systemClock.setTimer(100, fired);
    vi.advanceTimersByTime(99);
    expect(fired).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1000);
    expect(fired).toHaveBeenCalledTimes(1);
  });

  test.each([0, -5])('%i milliseconds: not before the caller is done', (ms) => {
    const fired = vi.fn();
    systemClock.setTimer(ms, fired);
    expect(fired).not.toHaveBeenCalled();
    vi.runAllTimers();
    expect(fired).toHaveBeenCalledTimes(1);
  });

  test('cancelled ones never fire, cancelling twice is harmless', () => {
    const fired = vi.fn();
    const timer = systemClock.setTimer(10, fired);
    timer.cancel();
    timer.cancel();
    vi.runAllTimers();
    expect(fired).not.toHaveBeenCalled();
  });

  test('a delay beyond the 32 bits of Node keeps its length, and can be cancelled late', () => {
    const month = 31 * 24 * 3600 * 1000;
    const fired = vi.fn();
    const cancelled = vi.fn();
    systemClock.setTimer(month, fired);
    const timer = systemClock.setTimer(month, cancelled);
    vi.advanceTimersByTime(month - 1);
    expect(fired).not.toHaveBeenCalled();
    timer.cancel();
    vi.advanceTimersByTime(1);
    expect(fired).toHaveBeenCalledTimes(1);
    expect(cancelled).not.toHaveBeenCalled();
  });
});

test('a process that has nothing else to do does not wait for a timer', () => {
  const module = new URL('../../src/agent/clock.ts', import.meta.url).href;
  const script = `import { systemClock } from ${JSON.stringify(module)};
    systemClock.setTimer(3_600_000, () => {});
    process.stdout.write('end');`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], { timeout: 30_000 });
  expect(output.toString()).toBe('end');
});

test('time and chance are those of the machine', () => {
  const before = Date.now();
  expect(systemClock.now()).toBeGreaterThanOrEqual(before);
  expect(systemClock.now()).toBeLessThanOrEqual(Date.now());
  const first = systemClock.monotonic();
  expect(systemClock.monotonic()).toBeGreaterThanOrEqual(first);
  const draws = Array.from({ length: 100 }, () => systemClock.random());
  expect(draws.every((draw) => draw >= 0 && draw < 1)).toBe(true);
  expect(new Set(draws).size).toBeGreaterThan(1);
});
