import { describe, expect, it } from 'vitest';
import { Contact } from '../../../src/kube/cluster/contact.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';

const HALF_A_MINUTE = 30_000;

/** Somebody who waits, and when (monotonic) and how the pause ended. */
function waiter(
  contact: Contact,
  clock: FakeClock,
  ms = HALF_A_MINUTE,
  signal = new AbortController().signal,
) {
  const end: { at?: number; isCutShort?: boolean } = {};
  void contact
    .pause(ms, signal)
    .then((isCutShort) => Object.assign(end, { at: clock.monotonic(), isCutShort }));
  return end;
}

describe('a pause', () => {
  it('lasts as long as it was to while nobody follows the server', async () => {
    const clock = new FakeClock();
    const one = waiter(new Contact(clock), clock);
    await clock.advanceAsync(HALF_A_MINUTE);
    expect(one).toEqual({ at: HALF_A_MINUTE, isCutShort: false });
  });

  it('ends at different times within a second of the first contact', async () => {
    const clock = new FakeClock();
    const contact = new Contact(clock);
    const all = Array.from({ length: 20 }, () => waiter(contact, clock));
    await clock.advanceAsync(5000);
    contact.join();
    await clock.advanceAsync(1000);
    expect(all.every(({ isCutShort, at = 0 }) => isCutShort === true && at >= 5000 && at < 6000)).toBe(true);
    expect(new Set(all.map(({ at }) => at)).size).toBe(20);
  });

  it('never becomes longer by a contact', async () => {
    const clock = new FakeClock();
    const contact = new Contact(clock);
    const all = Array.from({ length: 20 }, () => waiter(contact, clock, 10));
    await settle();
    contact.join();
    await clock.advanceAsync(1000);
    expect(all.every(({ at = Number.NaN }) => at <= 10)).toBe(true);
  });

  it('is not ended by the second one who follows, but by the next first one once all had lost contact', async () => {
    const clock = new FakeClock();
    const contact = new Contact(clock);
    contact.join();
    const one = waiter(contact, clock);
    contact.join();
    contact.leave();
    contact.join();
    await clock.advanceAsync(2000);
    expect(one).toEqual({});
    contact.leave();
    contact.leave();
    contact.join();
    await clock.advanceAsync(1000);
    expect(one.isCutShort).toBe(true);
  });

  it.each([
    { when: 'before a contact', join: false },
    { when: 'after one', join: true },
  ])('ends at once when it is aborted $when, and leaves no timer', async ({ join }) => {
    const clock = new FakeClock();
    const contact = new Contact(clock);
    const abort = new AbortController();
    const one = waiter(contact, clock, HALF_A_MINUTE, abort.signal);
    if (join) contact.join();
    await settle();
    abort.abort();
    await settle();
    expect(one).toEqual({ at: 0, isCutShort: join });
    expect(clock.pending).toBe(0);
  });
});
