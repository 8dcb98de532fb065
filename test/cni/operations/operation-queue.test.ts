import { expect, test } from 'vitest';
import { OperationQueue } from '../../../src/cni/operations/operation-queue.ts';
import { settle } from '../../support/fake-clock.ts';

/** Operations that last until they are told to end, and what has become of them. */
function stage(limit: number): {
  readonly queue: OperationQueue;
  readonly running: Set<string>;
  readonly start: (key: string, name: string) => Promise<string>;
  readonly end: (name: string, error?: Error) => Promise<void>;
} {
  const queue = new OperationQueue(limit);
  const running = new Set<string>();
  const gates = new Map<string, PromiseWithResolvers<void>>();
  return {
    queue,
    running,
    start: (key, name) =>
      queue.run(key, async () => {
        running.add(name);
        const gate = Promise.withResolvers<void>();
        gates.set(name, gate);
        await gate.promise.finally(() => running.delete(name));
        return name;
      }),
    end: async (name, error) => {
      if (error === undefined) gates.get(name)?.resolve();
      else gates.get(name)?.reject(error);
      await settle();
    },
  };
}

test('one key: one after the other, in the order of their coming, also after a failure', async () => {
  const { running, start, end } = stage(8);
  const results = [start('pod', 'add'), start('pod', 'del'), start('pod', 'again')].map((p) =>
    p.catch(String),
  );
  await settle();
  expect([...running]).toEqual(['add']);
  await end('add', new Error('refused'));
  expect([...running]).toEqual(['del']);
  await end('del');
  expect([...running]).toEqual(['again']);
  await end('again');
  expect(await Promise.all(results)).toEqual(['Error: refused', 'del', 'again']);
});

test('different keys run in parallel up to the limit; a key that waits for itself takes no place', async () => {
  const { running, start, end } = stage(2);
  const all = [start('a', 'a1'), start('a', 'a2'), start('b', 'b1'), start('c', 'c1'), start('d', 'd1')];
  await settle();
  expect([...running]).toEqual(['a1', 'b1']);
  await end('a1');
  expect([...running]).toEqual(['b1', 'c1']);
  await end('b1');
  await end('c1');
  expect([...running]).toEqual(['d1', 'a2']);
  await end('a2');
  await end('d1');
  expect(await Promise.all(all)).toEqual(['a1', 'a2', 'b1', 'c1', 'd1']);
});

test('idle resolves when the last one has ended', async () => {
  const { queue, start, end } = stage(1);
  await queue.idle();
  let idle = false;
  const all = [start('a', 'a1'), start('a', 'a2'), start('b', 'b1')];
  const waiting = queue.idle().then(() => {
    idle = true;
  });
  for (const name of ['a1', 'b1', 'a2']) {
    await settle();
    expect(idle).toBe(false);
    await end(name);
  }
  await Promise.all([...all, waiting]);
});

test('beside the limit, yet in the turn of its key', async () => {
  const { queue, running, start, end } = stage(1);
  const order: string[] = [];
  const all = [start('a', 'a1'), start('b', 'b1')];
  const beside = ['a', 'c'].map((key) =>
    queue.runUnlimited(key, () => {
      order.push(key);
      return Promise.resolve(key);
    }),
  );
  await settle();
  expect([...running]).toEqual(['a1']);
  expect(order).toEqual(['c']);
  expect([queue.has('a'), queue.has('c')]).toEqual([true, false]);
  await end('a1');
  expect(order).toEqual(['c', 'a']);
  await end('b1');
  await Promise.all([...all, ...beside]);
});
