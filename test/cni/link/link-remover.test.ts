import { expect, test } from 'vitest';
import { LinkRemover } from '../../../src/cni/link/link-remover.ts';
import type { NetlinkFailure, NetlinkRequest } from '../../../src/netlink/rtnetlink.ts';

/** Takes requests, and answers each batch when told to. */
class Kernel {
  readonly batches: { readonly requests: readonly NetlinkRequest[]; answer(...f: NetlinkFailure[]): void }[] =
    [];

  runAsync(requests: Iterable<NetlinkRequest>): Promise<readonly NetlinkFailure[]> {
    const { promise, resolve } = Promise.withResolvers<readonly NetlinkFailure[]>();
    this.batches.push({ requests: [...requests], answer: (...failures) => resolve(failures) });
    return promise;
  }
}

const group = 0x67727970;
const enter = (index: number): NetlinkRequest => ({ kind: 'link.set', link: { index }, group });
const alone = (index: number): NetlinkRequest => ({ kind: 'link.delete', link: { index } });
const together: NetlinkRequest = { kind: 'link.delete', link: { group } };
const failure = (request: NetlinkRequest, errnoName: string): NetlinkFailure => ({
  request,
  errno: 1,
  errnoName,
  message: errnoName,
});

/** Three removals that came while another was under way, answered with these failures: what each of the three is told. */
async function outcomes(...failures: readonly NetlinkFailure[]): Promise<readonly (string | undefined)[]> {
  const kernel = new Kernel();
  const remover = new LinkRemover(kernel);
  const first = remover.remove(1);
  const others = [2, 3, 4].map((index) => remover.remove(index));
  expect(kernel.batches.map((batch) => batch.requests)).toEqual([[alone(1)]]);
  kernel.batches[0]!.answer();
  expect(await first).toBeUndefined();
  await expect.poll(() => kernel.batches[1]?.requests).toEqual([enter(2), enter(3), enter(4), together]);
  kernel.batches[1]!.answer(...failures);
  return (await Promise.all(others)).map((told) => told?.message);
}

test.each<[string, readonly NetlinkFailure[], readonly (string | undefined)[]]>([
  ['all go', [], [undefined, undefined, undefined]],
  ['one has gone by itself', [failure(enter(3), 'ENODEV')], [undefined, undefined, undefined]],
  ['all have gone by themselves', [failure(together, 'ENODEV')], [undefined, undefined, undefined]],
  ['one cannot enter the group', [failure(enter(3), 'EPERM')], [undefined, 'EPERM', undefined]],
  ['the group cannot be deleted', [failure(together, 'EBUSY')], ['EBUSY', 'EBUSY', 'EBUSY']],
])('links wanted while one is deleted go together: %s', async (_, failures, told) => {
  expect(await outcomes(...failures)).toEqual(told);
});

test('what netlink throws reaches whoever waits, and the next removal is tried again', async () => {
  let broken = true;
  const remover = new LinkRemover({
    runAsync: () => (broken ? Promise.reject(new Error('socket closed')) : Promise.resolve([])),
  });
  await expect(remover.remove(1)).rejects.toThrow('socket closed');
  broken = false;
  expect(await remover.remove(1)).toBeUndefined();
});
