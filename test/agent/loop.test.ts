import { expect, it } from 'vitest';
import { Loop } from '../../src/agent/loop.ts';
import { silentLog } from '../../src/ports/log.ts';
import { FakeClock } from '../support/fake-clock.ts';

/** A loop whose passes take `duration` ms of fake time and note when they began. */
function lab(options: { duration?: number; fail?: number[]; retryAfter?: number } = {}) {
  const clock = new FakeClock();
  const starts: number[] = [];
  let overlapping = 0;
  const loop = new Loop({
    clock,
    log: silentLog,
    pass: async () => {
      starts.push(clock.monotonic());
      overlapping++;
      expect(overlapping).toBe(1);
      await new Promise<void>((resolve) => void clock.setTimer(options.duration ?? 0, resolve));
      overlapping--;
      if (options.fail?.includes(starts.length)) throw new Error('kernel on fire');
      return options.retryAfter !== undefined && starts.length === 1
        ? { retryAfter: options.retryAfter }
        : {};
    },
  });
  return { clock, loop, starts };
}

it('runs at once on the first kick and joins the kicks of one turn', async () => {
  const { clock, loop, starts } = lab();
  for (let i = 0; i < 1000; i++) loop.kick();
  await clock.advanceAsync(1000);
  expect(starts).toEqual([0]);
});

it('spaces passes while changes keep coming', async () => {
  const { clock, loop, starts } = lab();
  for (let i = 0; i < 12; i++) {
    loop.kick();
    await clock.advanceAsync(2);
  }
  await clock.advanceAsync(1000);
  expect(starts).toEqual([0, 10, 20, 30]);
});

it('rests after a pass in proportion to what it took', async () => {
  const { clock, loop, starts } = lab({ duration: 80 });
  for (let i = 0; i < 25; i++) {
    loop.kick();
    await clock.advanceAsync(10);
  }
  expect(starts).toEqual([0, 100, 200]);
});

it('never overlaps: kicks during a pass mean one more pass', async () => {
  const { clock, loop, starts } = lab({ duration: 350 });
  loop.kick();
  await clock.advanceAsync(10);
  loop.kick();
  loop.kick();
  await clock.advanceAsync(2000);
  expect(starts).toEqual([0, 437.5]);
});

it('comes back after a pass that threw', async () => {
  const { clock, loop, starts } = lab({ fail: [1] });
  loop.kick();
  await clock.advanceAsync(5000);
  expect(starts).toEqual([0, 1000]);
  expect([loop.passes, loop.failures]).toEqual([2, 1]);
});

it('runs again when a pass asks for it, and a kick comes first', async () => {
  const { clock, loop, starts } = lab({ retryAfter: 700 });
  loop.kick();
  await clock.advanceAsync(3000);
  expect(starts).toEqual([0, 700]);
  const other = lab({ retryAfter: 700 });
  other.loop.kick();
  await other.clock.advanceAsync(200);
  other.loop.kick();
  await other.clock.advanceAsync(3000);
  expect(other.starts).toEqual([0, 200]);
});

it('nextPass waits for a pass that began after the call', async () => {
  const { clock, loop, starts } = lab({ duration: 50 });
  loop.kick();
  await clock.advanceAsync(10);
  let done = false;
  const waiting = loop.nextPass().then(() => {
    done = true;
  });
  expect(loop.runningFor).toBe(10);
  await clock.advanceAsync(45);
  expect(done).toBe(false);
  await clock.advanceAsync(200);
  await waiting;
  expect(starts).toEqual([0, 62.5]);
  expect([loop.busy, loop.runningFor]).toEqual([false, 0]);
});

it('stops: no pass afterwards, nobody left waiting', async () => {
  const { clock, loop, starts } = lab();
  const waiting = loop.nextPass();
  await loop.stop();
  await waiting;
  loop.kick();
  await loop.nextPass();
  await clock.advanceAsync(1000);
  expect(starts).toEqual([]);
  expect(clock.pending).toBe(0);
});
