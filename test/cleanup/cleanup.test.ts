import { once } from 'node:events';
import fs from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cleanUp } from '../../src/cleanup/cleanup.ts';
import type { CleanupItem } from '../../src/cleanup/item.ts';
import type { CleanupNetlink } from '../../src/cleanup/kernel.ts';
import type { NetlinkFailure, NetlinkRequest } from '../../src/netlink/rtnetlink.ts';
import type { LinkRecord } from '../../src/netlink/wire/records.ts';
import { silentLog } from '../../src/ports/log.ts';
import { FakeClock, settle } from '../support/fake-clock.ts';
import { FakeIptables } from '../support/fake-iptables.ts';

/** The links of a node; deleting them takes a grace period, however many go in one message. */
class Links implements CleanupNetlink {
  #links: readonly LinkRecord[];
  gracePeriods = 0;
  failNext: Error | undefined;

  constructor(aliases: readonly (string | undefined)[]) {
    this.#links = aliases.map((alias, i) => {
      const name = `gryp${i.toString(16).padStart(11, '0')}`;
      const link = { index: i + 2, name, mtu: 1500, up: true, carrier: true, loopback: false };
      return alias === undefined ? link : { ...link, alias };
    });
  }

  links = (): readonly LinkRecord[] => this.#links;

  routesAsync = (): Promise<readonly never[]> => Promise.resolve([]);

  runAsync(requests: Iterable<NetlinkRequest>): Promise<readonly NetlinkFailure[]> {
    if (this.failNext !== undefined) return Promise.reject(this.failNext);
    for (const request of requests) this.#carryOut(request);
    return Promise.resolve([]);
  }

  #carryOut(request: NetlinkRequest): void {
    if (request.kind === 'link.delete') {
      const { link: selector } = request;
      this.gracePeriods++;
      this.#links = this.#links.filter((link) =>
        'group' in selector
          ? link.group !== selector.group
          : 'index' in selector && link.index !== selector.index,
      );
    } else if (request.kind === 'link.set' && 'index' in request.link) {
      const { link: selector, group = 0 } = request;
      this.#links = this.#links.map((link) => (link.index === selector.index ? { ...link, group } : link));
    }
  }
}

let root: string;
let clock: FakeClock;
let iptables: FakeIptables;
beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'gry-cleanup-'));
  for (const name of ['run', 'state', 'bin', 'net.d']) fs.mkdirSync(path.join(root, name));
  clock = new FakeClock();
  iptables = new FakeIptables();
});
afterEach(() => fs.rmSync(root, { recursive: true }));

async function clean(netlink: CleanupNetlink, force: boolean): Promise<readonly CleanupItem[]> {
  const options = {
    netlink,
    firewall: { runner: iptables, clock, log: silentLog },
    paths: {
      cniSocket: path.join(root, 'run/cni.sock'),
      stateDir: path.join(root, 'state'),
      cniBinDir: path.join(root, 'bin'),
      cniConfDir: path.join(root, 'net.d'),
    },
    protocol: 71,
    clock,
    force,
  };
  const items: CleanupItem[] = [];
  for await (const item of cleanUp(options, new AbortController().signal)) items.push(item);
  return items;
}

test.each<[string, string | undefined, boolean]>([
  ['of a pod that lives', 'gryphon:gryphon/c1/eth0', true],
  ['of an ADD that was cut short', 'gryphon+gryphon/c1/eth0', false],
  ['of an ADD that was cut short at once', undefined, false],
  ['whose DEL was answered', 'gryphon-gryphon/c1/eth0', false],
])('a link %s', async (_, alias, isRefused) => {
  const netlink = new Links([alias]);
  const done = clean(netlink, false);
  if (isRefused) await expect(done).rejects.toMatchObject({ code: 'GRY_CLEANUP_PODS' });
  else await done;
  expect(netlink.links()).toHaveLength(isRefused ? 1 : 0);
});

test('thousands of links go together', async () => {
  const netlink = new Links(Array.from({ length: 3000 }, (_, i) => `gryphon:gryphon/c${i}/eth0`));
  const items = await clean(netlink, true);
  expect(items.filter(({ kind, outcome }) => kind === 'link' && outcome === 'removed')).toHaveLength(3000);
  expect(netlink.links()).toEqual([]);
  expect(netlink.gracePeriods).toBe(2);
});

test('a kernel that does not answer holds up nothing else', async () => {
  const netlink = new Links(['gryphon:gryphon/c1/eth0']);
  netlink.failNext = new Error('the answer is lost');
  fs.writeFileSync(path.join(root, 'state/ipam.journal'), '');
  expect(await clean(netlink, true)).toMatchObject([
    { kind: 'link', outcome: 'failed', reason: expect.stringContaining('the answer is lost') as unknown },
    { kind: 'file', name: path.join(root, 'state/ipam.journal'), outcome: 'removed' },
  ]);
});

const variants = ['iptables', 'ip6tables'].flatMap((name) =>
  ['nft', 'legacy'].flatMap((variant) => ['save', 'restore'].map((verb) => `${name}-${variant}-${verb}`)),
);
const plain = ['iptables', 'ip6tables'].flatMap((name) =>
  ['save', 'restore'].map((verb) => `${name}-${verb}`),
);

test.each<[string, readonly string[], readonly string[]]>([
  ['all programs', [], []],
  ['programs without variants', variants, []],
  ['no programs', [...variants, ...plain, 'ipset'], ['iptables-save', 'ip6tables-save', 'ipset']],
  ['no ipset', ['ipset'], ['ipset']],
  ['none for IPv6', variants.filter((name) => /^ip6.*nft/.test(name)), ['ip6tables-nft-save']],
])('on a node with %s the rest is removed, and what could not be seen is told', async (_, missing, told) => {
  for (const program of missing) iptables.missing.add(program);
  const journal = path.join(root, 'state/ipam.journal');
  fs.writeFileSync(journal, '');
  const items = await clean(new Links(['gryphon-gryphon/c1/eth0']), false);
  expect(items.filter(({ outcome }) => outcome === 'removed')).toMatchObject([
    { kind: 'link' },
    { kind: 'file', name: journal },
  ]);
  expect(items.filter(({ outcome }) => outcome === 'failed').map(({ name }) => name)).toEqual(told);
});

test('reference plugins stay, whoever brought them, and are told last', async () => {
  for (const name of ['gryphon', 'portmap', 'calico']) fs.writeFileSync(path.join(root, 'bin', name), '');
  expect(await clean(new Links([]), false)).toMatchObject([
    { name: path.join(root, 'bin/gryphon'), outcome: 'removed' },
    {
      name: path.join(root, 'bin/portmap'),
      outcome: 'kept',
      reason: expect.stringContaining('other') as unknown,
    },
  ]);
  expect(fs.readdirSync(path.join(root, 'bin')).sort()).toEqual(['calico', 'portmap']);
});

test('what was cut short while it was written goes too, and what others wrote stays', async () => {
  const ours = [
    'net.d/.05-gryphon.conflist.17.tmp',
    'run/cni.sock.new',
    'state/boot-id.new',
    'state/ipam.journal.new',
    'bin/.gryphon.17.tmp',
    'bin/.portmap.4711.tmp',
  ];
  const others = ['bin/.other.17.tmp', 'bin/portmap', 'net.d/.05-gryphon.conflist', 'state/ipam.journal.old'];
  for (const file of [...ours, ...others]) fs.writeFileSync(path.join(root, file), '');
  const items = await clean(new Links([]), false);
  const gone = items.filter(({ outcome }) => outcome === 'removed');
  expect(gone.map(({ name }) => path.relative(root, name)).toSorted()).toEqual(ours.toSorted());
  expect(others.every((file) => fs.existsSync(path.join(root, file)))).toBe(true);
});

test('an agent that does not let go within a minute is no longer asked to', async () => {
  const server = createServer().listen(path.join(root, 'run/cni.sock'));
  await once(server, 'listening');
  const done = expect(clean(new Links([]), false)).rejects.toMatchObject({ code: 'GRY_CLEANUP_AGENT' });
  await settle();
  expect(fs.existsSync(path.join(root, 'run/leave'))).toBe(true);
  for (let i = 0; i < 700; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    await clock.advanceAsync(200);
  }
  await done;
  expect(fs.existsSync(path.join(root, 'run/leave'))).toBe(false);
  server.close();
});
