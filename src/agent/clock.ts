import type { Clock, Timer } from '../ports/clock.ts';

/** The longest delay that Node's timers take; beyond it they would fire at once. About 24.8 days. */
const LONGEST_DELAY = 2 ** 31 - 1;

/**
 * The real clock. Its timers do not keep the process alive: what must live on holds a socket, and an agent that was told to
 * stop must not linger for a retry that nobody waits for.
 */
export const systemClock: Clock = makeClock((handle) => handle.unref());

/** As `systemClock`, for a command that has nothing but its timers to wait for. */
export const waitingClock: Clock = makeClock(() => {});

function makeClock(made: (handle: NodeJS.Timeout) => void): Clock {
  const setTimer = (ms: number, fn: () => void): Timer => {
    let handle: NodeJS.Timeout;
    const arm = (rest: number): void => {
      const delay = Math.min(rest, LONGEST_DELAY);
      handle = setTimeout(() => (rest > delay ? arm(rest - delay) : fn()), delay);
      made(handle);
    };
    arm(ms);
    return { cancel: () => clearTimeout(handle) };
  };
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    setTimer,
    random: () => Math.random(),
  };
}
