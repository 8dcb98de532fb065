import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inNetns, isHostNetns, openNetns } from '../../src/netlink/netns.ts';
import { createNetns, type TestNetns } from '../support/netns.ts';

const OWN = '/proc/thread-self/ns/net';
const where = (): string => readlinkSync(OWN);
const host = where();
let netns: TestNetns;

beforeAll(async () => {
  netns = await createNetns();
});
afterAll(() => netns.remove());

describe('inNetns', () => {
  test('the thread, its children and /proc/sys are inside, and outside again afterwards', () => {
    const inside = inNetns(netns.path, () => ({
      thread: where(),
      child: execFileSync('readlink', ['/proc/self/ns/net'], { encoding: 'utf8' }).trim(),
      links: readFileSync('/proc/thread-self/net/dev', 'utf8').trim().split('\n').length - 2,
    }));
    expect(inside).toEqual({ thread: inside.child, child: inside.thread, links: 1 });
    expect(inside.thread).not.toBe(host);
    expect(where()).toBe(host);
  });

  test('returns after a throw, and one within another returns to the outer', () => {
    expect(() =>
      inNetns(netns.path, () => {
        throw new Error('inside');
      }),
    ).toThrow('inside');
    expect(where()).toBe(host);
    using open = openNetns(netns.path);
    const [outer, inner, outerAgain] = inNetns(open.fd, () => [
      where(),
      inNetns(`/proc/${process.ppid}/ns/net`, where),
      where(),
    ]);
    expect(outerAgain).toBe(outer);
    expect(inner).toBe(readlinkSync(`/proc/${process.ppid}/ns/net`));
    expect(where()).toBe(host);
  });

  test('a function that is asynchronous is refused', () => {
    expect(() => inNetns(netns.path, async () => {})).toThrow(
      expect.objectContaining({ code: 'GRY_NETNS_ASYNC' }),
    );
    expect(where()).toBe(host);
  });

  test('no thread stays inside, even when the pool is first used there', () => {
    const program = `
      import { readdirSync, readFile, readlinkSync } from 'node:fs';
      import { inNetns } from '${import.meta.dirname}/../../src/netlink/netns.ts';
      inNetns('${netns.path}', () => {
        readFile('/etc/hostname', () => {
          const of = (task) => readlinkSync('/proc/self/task/' + task + '/ns/net');
          process.stdout.write([...new Set(readdirSync('/proc/self/task').map(of))].join());
        });
      });`;
    const out = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
    expect(out).toBe(host);
  });

  test('no descriptor stays open', () => {
    inNetns(netns.path, () => 0);
    const before = readdirSync('/proc/self/fd').length;
    for (let i = 0; i < 500; i++) inNetns(netns.path, () => 0);
    expect(readdirSync('/proc/self/fd').length).toBe(before);
  });
});

describe('openNetns', () => {
  test.each([
    ['/proc/self/ns/uts', 'GRY_NETNS_INVALID'],
    ['/etc/passwd', 'GRY_NETNS_INVALID'],
    ['/', 'GRY_NETNS_INVALID'],
    ['/var/run/netns/nobody', 'GRY_NETNS_MISSING'],
    ['/etc/passwd/netns', 'GRY_NETNS_MISSING'],
  ])('%s: %s', (path, code) => {
    expect(() => openNetns(path)).toThrow(expect.objectContaining({ code }));
  });

  test('a FIFO does not hang it, and nothing leaks', () => {
    const directory = mkdtempSync(join(tmpdir(), 'gryphon-netns-'));
    const fifo = join(directory, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const before = readdirSync('/proc/self/fd').length;
    expect(() => openNetns(fifo)).toThrow(expect.objectContaining({ code: 'GRY_NETNS_INVALID' }));
    expect(readdirSync('/proc/self/fd').length).toBe(before);
    rmSync(directory, { recursive: true });
  });
});

test('the own namespace is told from others', () => {
  expect([isHostNetns(OWN), isHostNetns(`/proc/${process.pid}/ns/net`), isHostNetns(netns.path)]).toEqual([
    true,
    true,
    false,
  ]);
});
