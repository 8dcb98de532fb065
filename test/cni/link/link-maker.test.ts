import { expect, test } from 'vitest';
import { LinkMaker } from '../../../src/cni/link/link-maker.ts';
import type { NetlinkFailure, NetlinkRequest } from '../../../src/netlink/rtnetlink.ts';

/** Takes requests, and ends each batch when told to: with refusals of the links of these names, or with an exception. */
class Kernel {
  readonly batches: string[] = [];
  #ends: ((refused: readonly string[] | Error) => void)[] = [];

  runAsync(requests: Iterable<NetlinkRequest>): Promise<readonly NetlinkFailure[]> {
    const all = [...requests];
    this.batches.push(all.map(nameOf).join(' '));
    const { promise, resolve, reject } = Promise.withResolvers<readonly NetlinkFailure[]>();
    this.#ends.push((refused) => {
      if (refused instanceof Error) reject(refused);
      else resolve(all.filter((request) => refused.includes(nameOf(request))).map(failure));
    });
    return promise;
  }

  end(refused: readonly string[] | Error = []): void {
    this.#ends.shift()?.(refused);
  }
}

const make = (name: string): NetlinkRequest => ({ kind: 'link.create', name, linkKind: 'dummy' });
const nameOf = (request: NetlinkRequest): string => (request.kind === 'link.create' ? request.name : '');
const failure = (request: NetlinkRequest): NetlinkFailure => ({
  request,
  errno: 17,
  errnoName: 'EEXIST',
  message: 'EEXIST',
});

test('what is wanted while some are made goes to the kernel at one go, and everybody is told of their own', async () => {
  const kernel = new Kernel();
  const maker = new LinkMaker(kernel);
  const wanted = [['a'], ['b', 'c'], ['d'], ['e', 'f']].map((names) => maker.make(names.map(make)));
  expect(kernel.batches).toEqual(['a']);
  kernel.end();
  await expect.poll(() => kernel.batches).toEqual(['a', 'b c d e f']);
  kernel.end(['c', 'd']);
  const told = await Promise.all(wanted);
  expect(told.map((failures) => failures.map(({ request }) => nameOf(request)))).toEqual([
    [],
    ['c'],
    ['d'],
    [],
  ]);
});

test('an exception is told to those whom it concerns; the next are tried as if nothing had been', async () => {
  const kernel = new Kernel();
  const maker = new LinkMaker(kernel);
  const first = maker.make([make('a')]);
  const others = ['b', 'c'].map((name) => maker.make([make(name)]));
  kernel.end();
  await first;
  await expect.poll(() => kernel.batches).toHaveLength(2);
  kernel.end(new Error('the answers were lost'));
  expect((await Promise.allSettled(others)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  const later = maker.make([make('d')]);
  kernel.end();
  expect(await later).toEqual([]);
  expect(kernel.batches).toEqual(['a', 'b c', 'd']);
});
