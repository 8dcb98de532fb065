import { describe, expect, test } from 'vitest';
import { Turns } from '../../src/bgp/turns.ts';

/** Turns of an event loop that stands still until `turn` is called; every unit takes `cost` milliseconds. */
function loop(cost = 0) {
  const deferred: (() => void)[] = [];
  const log: string[] = [];
  let now = 0;
  const turns = new Turns({ clock: { monotonic: () => now }, defer: (fn) => void deferred.push(fn) });
  /** A task with so many units of work, which guards itself. */
  const task = (name: string, units: number, fail = false) => {
    let left = units;
    const unit = (): boolean => {
      log.push(name);
      now += cost;
      if (fail) throw new Error(name);
      return --left > 0;
    };
    return turns.task(unit, (fn) => {
      try {
        fn();
      } catch (error) {
        log.push(`caught ${String(error)}`);
      }
    });
  };
  /** One turn of the event loop: what was done in it. */
  const turn = (): string => {
    for (const fn of deferred.splice(0)) fn();
    return log.splice(0).join(' ');
  };
  return { task, turn, deferred };
}

describe('turns', () => {
  test('give every task one unit after the other', () => {
    const { task, turn, deferred } = loop();
    for (const [name, units] of [
      ['a', 3],
      ['b', 1],
      ['c', 2],
    ] as const)
      task(name, units).wake();
    expect(turn()).toBe('a b c a c a');
    expect(deferred).toHaveLength(0);
  });

  test('end when their time is over, and the next goes on where the one before ended', () => {
    const { task, turn } = loop(1.5);
    task('a', 4).wake();
    task('b', 3).wake();
    expect([turn(), turn(), turn(), turn()]).toEqual(['a b a', 'b a b', 'a', '']);
  });

  test('end after so many units, also where time stands still', () => {
    const { task, turn } = loop();
    task('a', 100).wake();
    expect(turn().split(' ')).toHaveLength(64);
    expect(turn().split(' ')).toHaveLength(36);
  });

  test('run a task that is woken often once, and again when it is woken afterwards', () => {
    const { task, turn } = loop();
    const a = task('a', 1);
    a.wake();
    a.wake();
    expect(turn()).toBe('a');
    expect(turn()).toBe('');
    a.wake();
    expect(turn()).toBe('a');
  });

  test('leave what a task throws to its owner, and go on with the others', () => {
    const { task, turn } = loop();
    task('a', 2, true).wake();
    task('b', 2).wake();
    expect(turn()).toBe('a caught Error: a b b');
  });
});
