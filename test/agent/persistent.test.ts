import { expect, it } from 'vitest';
import { Persistent } from '../../src/agent/persistent.ts';
import { GryphonError } from '../../src/ports/error.ts';
import { silentLog } from '../../src/ports/log.ts';
import { FakeClock } from '../support/fake-clock.ts';

function lab(failures: readonly Error[]) {
  const clock = new FakeClock();
  const attempts: number[] = [];
  let changes = 0;
  const persistent = new Persistent({
    name: 'pod network',
    clock,
    log: silentLog,
    start: async () => {
      const failure = failures[attempts.length];
      attempts.push(clock.monotonic());
      if (failure !== undefined) throw failure;
      return 'started';
    },
    onChange: () => {
      changes++;
    },
  });
  return { clock, attempts, persistent, changes: () => changes };
}

const busy = new GryphonError('GRY_BUSY', 'another agent has the socket', { remedy: 'stop it' });

it('starts at once when it can', async () => {
  const { persistent, attempts, changes } = lab([]);
  await persistent.start(new AbortController().signal);
  expect([persistent.value, persistent.problems, attempts, changes()]).toEqual(['started', [], [0], 1]);
});

it('tries again with growing distance and tells the problem meanwhile', async () => {
  const { clock, persistent, attempts } = lab([busy, busy, new Error('odd'), busy, busy, busy, busy]);
  await persistent.start(new AbortController().signal);
  expect(persistent.value).toBeUndefined();
  expect(persistent.problems).toEqual([
    {
      code: 'GRY_BUSY',
      severity: 'error',
      subject: 'pod network',
      message: 'another agent has the socket',
      remedy: 'stop it',
    },
  ]);
  await clock.advanceAsync(3000);
  expect(persistent.problems[0]).toMatchObject({ code: 'GRY_START_FAILED', message: 'odd' });
  await clock.advanceAsync(120_000);
  expect(attempts).toEqual([0, 1000, 3000, 7000, 15_000, 31_000, 61_000, 91_000]);
  expect([persistent.value, persistent.problems]).toEqual(['started', []]);
});

it('waits for the attempt under way before it says what was started', async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const persistent = new Persistent({
    name: 'pod network',
    clock: new FakeClock(),
    log: silentLog,
    start: () => promise,
    onChange: () => {},
  });
  expect(await persistent.settled()).toBeUndefined();
  const abort = new AbortController();
  void persistent.start(abort.signal);
  abort.abort();
  resolve('started all the same');
  expect(await persistent.settled()).toBe('started all the same');
});

it('gives up when told to stop', async () => {
  const { clock, persistent, attempts } = lab([busy, busy]);
  const abort = new AbortController();
  await persistent.start(abort.signal);
  abort.abort();
  await clock.advanceAsync(60_000);
  expect(attempts).toEqual([0]);
  expect(clock.pending).toBe(0);
});
