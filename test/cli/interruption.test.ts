import { expect, test } from 'vitest';
import { interruptibly, withoutInterrupts } from '../../src/cli/interruption.ts';

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s: whatever the work makes of it, it was interrupted',
  async (name) => {
    const killed = interruptibly(async (signal) => {
      process.emit(name);
      expect(signal.aborted).toBe(true);
      throw new Error('the command was killed');
    });
    await expect(killed).rejects.toThrow(expect.objectContaining({ code: 'GRY_LAB_INTERRUPTED' }));
    expect(process.listeners(name).filter((f) => f.name === 'stop')).toEqual([]);
  },
);

test('without a signal the work speaks for itself', async () => {
  expect(await interruptibly(async () => 7)).toBe(7);
  await expect(interruptibly(() => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
});

test('a command in the foreground gets Ctrl-C alone', async () => {
  const before = process.listenerCount('SIGINT');
  const done = await withoutInterrupts(async () => {
    process.emit('SIGINT');
    return 'done';
  });
  expect([done, process.listenerCount('SIGINT')]).toEqual(['done', before]);
});
