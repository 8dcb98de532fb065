import { expect, it } from 'vitest';
import { rehearse } from '../../src/agent/rehearsal.ts';
import { FakeClock } from '../support/fake-clock.ts';

it('brings every route to the kernel and out of it again', async () => {
  expect(await rehearse(new FakeClock(), new AbortController().signal)).toBe(2 * 12_000);
});

it('ends when it is aborted', async () => {
  const abort = new AbortController();
  const rehearsal = rehearse(new FakeClock(), abort.signal);
  abort.abort(new Error('enough'));
  await expect(rehearsal).rejects.toThrow('enough');
});
