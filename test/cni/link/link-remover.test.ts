import { expect, test } from 'vitest';
import { LinkRemover } from '../../../src/cni/link/link-remover.ts';
import type { NetlinkFailure, NetlinkRequest } from '../../../src/netlink/rtnetlink.ts';
import type { LinkRecord } from '../../../src/netlink/wire/records.ts';

/** Takes requests, and answers each batch when told to. */
class Kernel {
  readonly batches: { readonly requests: readonly NetlinkRequest[]; answer(...f: NetlinkFailure[]): void }[] =
    [];
  /** Indexes of the links in the group for removal. */
  members: readonly number[] = [];

  runAsync(requests: Iterable<NetlinkRequest>): Promise<readonly NetlinkFailure[]> {
    const { promise, resolve } = Promise.withResolvers<readonly NetlinkFailure[]>();
    this.batches.push({ requests: [...requests], answer: (...failures) => resolve(failures) });
    return promise;
  }

  links(): readonly LinkRecord[] {
    const link = { mtu: 1500, up: true, carrier: true, loopback: false };
    const lo = { ...link, index: 1, name: 'lo' };
    return [lo, ...this.members.map((index) => ({ ...link, index, name: `v${index}`, group }))];
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

/** Three removals that came while another was under way, answered with these failures: what was asked at last, what each is told. */
async function outcomes(members: readonly number[], ...failures: readonly NetlinkFailure[]) {
  const kernel = new Kernel();
  const remover = new LinkRemover(kernel);
  const batch = (i: number) => kernel.batches[i]?.requests;
  const first = remover.remove(1);
  const others = [2, 3, 4].map((index) => remover.remove(index));
  expect(batch(0)).toEqual([alone(1)]);
  kernel.batches[0]?.answer();
  expect(await first).toBeUndefined();
  await expect.poll(() => batch(1)).toEqual([enter(2), enter(3), enter(4)]);
  kernel.members = members;
  kernel.batches[1]?.answer(...failures.filter(({ request }) => request.kind === 'link.set'));
  await expect.poll(() => batch(2)).toBeDefined();
  kernel.batches[2]?.answer(...failures.filter(({ request }) => request.kind === 'link.delete'));
  return { asked: batch(2), told: (await Promise.all(others)).map((failed) => failed?.message) };
}

test.each<[string, readonly NetlinkFailure[], readonly (string | undefined)[]]>([
  ['all go', [], [undefined, undefined, undefined]],
  ['one has gone by itself', [failure(enter(3), 'ENODEV')], [undefined, undefined, undefined]],
  ['all have gone by themselves', [failure(together, 'ENODEV')], [undefined, undefined, undefined]],
  ['one cannot enter the group', [failure(enter(3), 'EPERM')], [undefined, 'EPERM', undefined]],
  ['the group cannot be deleted', [failure(together, 'EBUSY')], ['EBUSY', 'EBUSY', 'EBUSY']],
])('links wanted while one is deleted go together: %s', async (_, failures, told) => {
  expect(await outcomes([2, 3, 4], ...failures)).toEqual({ asked: [together], told });
});

test("somebody else's link in the group stays: ours go one by one, and each is told its own failure", async () => {
  expect(await outcomes([2, 3, 4, 77], failure(alone(4), 'EPERM'))).toEqual({
    asked: [alone(2), alone(3), alone(4)],
    told: [undefined, undefined, 'EPERM'],
  });
});

test('what netlink throws reaches whoever waits, and the next removal is tried again', async () => {
  let broken = true;
  const remover = new LinkRemover({
    runAsync: () => (broken ? Promise.reject(new Error('socket closed')) : Promise.resolve([])),
    links: () => [],
  });
  await expect(remover.remove(1)).rejects.toThrow('socket closed');
  broken = false;
  expect(await remover.remove(1)).toBeUndefined();
});
