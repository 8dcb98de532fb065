import { expect, it } from 'vitest';
import { Turns } from '../../../src/kube/cluster/turns.ts';
import { FakeClock } from '../../support/fake-clock.ts';

it('a turn is given when a slice is used up, and what others did before a part arrived does not count', async () => {
  const clock = new FakeClock();
  let given = 0;
  const turns = new Turns(clock, (fn) => {
    given++;
    fn();
  });
  const parts = async function* (): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < 3; i++) {
      clock.advance(100);
      await Promise.resolve();
      yield new Uint8Array();
    }
  };
  for await (const _ of turns.slice(parts())) {
    // Six objects of a millisecond each.
    for (let i = 0; i < 6; i++) {
      clock.advance(1);
      await turns.give();
    }
  }
  expect(given).toBe(6);
});
