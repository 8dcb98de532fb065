import { expect, test } from 'vitest';
import { FlowFlusher } from '../../src/cni/flow-flusher.ts';
import { type Address, address } from '../../src/net/address.ts';
import type { Log } from '../../src/ports/log.ts';
import { FakeClock } from '../support/fake-clock.ts';

const a = address('10.244.1.1');
const b = address('10.244.1.2');

function create(fail?: 'open' | 'forget' | 'forget once') {
  const clock = new FakeClock();
  const forgotten: (readonly Address[])[] = [];
  const warnings: unknown[] = [];
  const log: Log = {
    debug: () => {},
    info: () => {},
    warn: (msg, fields) => void warnings.push([msg, fields]),
    error: () => {},
    component: () => log,
  };
  let open = 0;
  let opened = 0;
  const flusher = new FlowFlusher({
    open: () => {
      if (fail === 'open') throw new Error('protocol not supported');
      open++;
      opened++;
      return {
        forget: (addresses) => {
          if (fail === 'forget' || (fail === 'forget once' && opened === 1))
            return Promise.reject(new Error('lost'));
          forgotten.push(addresses);
          return Promise.resolve(1);
        },
        [Symbol.dispose]: () => void open--,
      };
    },
    clock,
    log,
  });
  return { clock, flusher, forgotten, warnings, isOpen: () => open };
}

test('addresses freed within a second are forgotten together, once', async () => {
  const { clock, flusher, forgotten, isOpen } = create();
  flusher.add([a]);
  await clock.advanceAsync(500);
  flusher.add([b]);
  expect(forgotten).toEqual([]);
  await clock.advanceAsync(500);
  expect(forgotten).toEqual([[a, b]]);
  await clock.advanceAsync(10_000);
  expect(forgotten).toHaveLength(1);
  await flusher.stop();
  expect(isOpen()).toBe(0);
});

test('who is given an address that does not rest waits until it is forgotten, and nobody else waits', async () => {
  const { flusher, forgotten, clock } = create();
  flusher.add([a]);
  await flusher.forgotten([b]);
  expect(forgotten).toEqual([]);
  await flusher.forgotten([a, b]);
  expect(forgotten).toEqual([[a]]);
  expect(clock.pending).toBe(0);
  await flusher.forgotten([a]);
  expect(forgotten).toHaveLength(1);
});

test('what was freed last is forgotten at the stop, and nothing after it', async () => {
  const { clock, flusher, forgotten } = create();
  flusher.add([a]);
  await flusher.stop();
  expect(forgotten).toEqual([[a]]);
  flusher.add([b]);
  await clock.advanceAsync(5000);
  expect(forgotten).toHaveLength(1);
});

test('answers that were lost are asked for once more, by another socket', async () => {
  const { clock, flusher, forgotten, warnings, isOpen } = create('forget once');
  flusher.add([a]);
  await clock.advanceAsync(1000);
  expect([forgotten, warnings, isOpen()]).toEqual([[[a]], [], 1]);
  await flusher.stop();
  expect(isOpen()).toBe(0);
});

test.each(['open', 'forget'] as const)(
  'a kernel that fails at "%s" is told, and nothing else fails',
  async (fail) => {
    const { clock, flusher, warnings, isOpen } = create(fail);
    flusher.add([a]);
    await clock.advanceAsync(1000);
    expect(warnings).toMatchObject([
      ['connections of freed addresses are not forgotten', { addresses: [a] }],
    ]);
    expect(isOpen()).toBe(0);
    await flusher.stop();
  },
);
