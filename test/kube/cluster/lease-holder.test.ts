import { expect, it } from 'vitest';
import { sleep } from '../../../src/kube/cluster/backoff.ts';
import type { KubeApi, KubeRequest } from '../../../src/kube/cluster/kube-api.ts';
import { LeaseHolder } from '../../../src/kube/cluster/lease-holder.ts';
import { silentLog } from '../../../src/ports/log.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { WritableKube } from '../../support/writable-kube.ts';

const LEASES = '/apis/coordination.k8s.io/v1/namespaces/gryphon-system/leases';

/** Who may hold the Lease, against a server that carries writes out at once and answers them `delay(n)` ms later, n being their number. */
function start(delay: (write: number) => number) {
  const kube = new WritableKube();
  const clock = new FakeClock();
  const stop = new AbortController();
  const server = kube.as('a');
  let writes = 0;
  /** When the last write was sent. */
  let sentAt = Number.NEGATIVE_INFINITY;
  const api: KubeApi = {
    send: async (request: KubeRequest, signal) => {
      if (request.method === 'GET') return await server.send(request, signal);
      sentAt = clock.monotonic();
      const late = delay(writes++);
      const answer = await server.send(request, signal);
      if (late > 0) await sleep(clock, late, signal);
      signal.throwIfAborted();
      return answer;
    },
  };
  const holder = new LeaseHolder({
    api,
    clock,
    log: silentLog,
    namespace: 'gryphon-system',
    name: 'gryphon-status',
    identity: 'a_1',
  });
  /** When work began and how long after the write that allows it, and when it ended. */
  const works: { readonly begun: number; readonly age: number; ended?: number }[] = [];
  const running = holder.run(async (held) => {
    const work: (typeof works)[number] = { begun: clock.monotonic(), age: clock.monotonic() - sentAt };
    works.push(work);
    if (!held.aborted)
      await new Promise((resolve) => held.addEventListener('abort', resolve, { once: true }));
    work.ended = clock.monotonic();
  }, stop.signal);
  const pass = async (seconds: number): Promise<void> => {
    for (let i = 0; i < seconds * 4; i++) await clock.advanceAsync(250);
  };
  const end = async (): Promise<void> => {
    stop.abort();
    await pass(5);
    await running;
    expect(clock.pending).toBe(0);
  };
  return { kube, works, pass, end };
}

it('a Lease that is answered for so late that others may have it soon is no leave to work', async () => {
  const { kube, works, pass, end } = start((write) => (write === 0 ? 25_000 : 0));
  await pass(100);
  expect(works).toHaveLength(1);
  expect(works[0]?.age).toBeLessThan(1000);
  expect(kube.objects(LEASES).size).toBe(1);
  await end();
});

it('work ends twenty seconds after the last renewal that was answered was sent', async () => {
  const { works, pass, end } = start((write) => (write === 0 ? 0 : 3_600_000));
  await pass(60);
  const [first] = works;
  expect((first?.ended ?? 0) - (first?.begun ?? 0)).toBeLessThanOrEqual(20_250);
  expect((first?.ended ?? 0) - (first?.begun ?? 0)).toBeGreaterThan(19_000);
  await end();
});
