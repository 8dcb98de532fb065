import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { masqueradeIntent } from '../../src/calc/masquerade.ts';
import { IptablesDriver } from '../../src/iptables/driver.ts';
import { FirewallDriver } from '../../src/iptables/firewall-driver.ts';
import { IpsetDriver } from '../../src/iptables/ipset/driver.ts';
import { emptyFirewallIntent, type FirewallIntent, type TableIntent } from '../../src/iptables/model.ts';
import { type Address, address, addressFromBigInt, type Family } from '../../src/net/address.ts';
import { prefix } from '../../src/net/prefix.ts';
import { silentLog } from '../../src/ports/log.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { createNetns, type TestNetns } from '../support/netns.ts';
import { NetnsRunner } from '../support/netns-runner.ts';
import { accept, anyFirewall, filterTable } from './intents.ts';
import { membersOf, rulesOf } from './snapshot.ts';

const signal = new AbortController().signal;
const families: readonly Family[] = [4, 6];

/** What others have on a node: kube-proxy, Docker, an administrator; quotes and all. */
const foreign: Readonly<Record<string, string>> = {
  nat: String.raw`*nat
:KUBE-POSTROUTING - [0:0]
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
-A POSTROUTING -o lo -m comment --comment "say \"-j GRY-POSTROUTING\"" -j RETURN
COMMIT
`,
  filter: `*filter
:DOCKER-USER - [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -p tcp -m tcp --dport 22 -j DROP
COMMIT
`,
};

/** A node whose other programs use the given backend; the kubelet's hint tells which. */
class Node {
  readonly netns: TestNetns;
  readonly backend: string;
  readonly runner: NetnsRunner;
  readonly #clock = new FakeClock();

  constructor(netns: TestNetns, backend: string) {
    this.netns = netns;
    this.backend = backend;
    this.runner = new NetnsRunner(netns);
  }

  static async create(backend: string): Promise<Node> {
    const node = new Node(await createNetns(), backend);
    const hint = '*mangle\n:KUBE-IPTABLES-HINT - [0:0]\nCOMMIT\n';
    for (const family of families)
      for (const input of [hint, ...Object.values(foreign)]) await node.somebody(family, input);
    return node;
  }

  #program(family: Family, verb: string): string {
    return `ip${family === 4 ? '' : '6'}tables-${this.backend}-${verb}`;
  }

  async somebody(family: Family, input: string): Promise<void> {
    const request = { args: ['--noflush'], input, timeoutMs: 20_000, signal };
    const runner = new NetnsRunner(this.netns);
    const result = await runner.run({ ...request, file: this.#program(family, 'restore') });
    expect(result.stderr.replaceAll(/^#.*\n/gm, '')).toBe('');
  }

  save(family: Family, ...args: string[]): Promise<string> {
    return this.netns.exec(this.#program(family, 'save'), ...args);
  }

  agent(): FirewallDriver {
    return new FirewallDriver({ runner: this.runner, clock: this.#clock, log: silentLog });
  }

  /** Applies until the agent asks for no more: nft lets go of sets late. */
  async bring(agent: FirewallDriver, intent: FirewallIntent): Promise<void> {
    agent.set(intent);
    for (let i = 0; i < 20; i++) {
      const result = await agent.apply(signal);
      expect(result.failures).toEqual([]);
      if (result.retryAfter === undefined) return;
      await this.netns.exec('sleep', '0.1');
      this.#clock.advance(result.retryAfter);
    }
    expect.fail('sets stay in use');
  }

  async state() {
    return {
      4: rulesOf(await this.save(4)),
      6: rulesOf(await this.save(6)),
      sets: membersOf(await this.netns.exec('ipset', 'save')),
    };
  }

  /** The dump without anything of ours and without dates and counters. */
  async theirs(): Promise<string> {
    const dumps = [await this.save(4), await this.save(6)];
    const lines = dumps.flatMap((d) => d.split('\n'));
    return lines
      .filter((l) => !l.startsWith('#') && !/^:GRY-|^-A GRY-|"gry:/.test(l))
      .map((l) => l.replace(/ \[\d+:\d+\]$/, ''))
      .join('\n');
  }
}

const masquerade = masqueradeIntent({
  pools: [
    { cidr: prefix('10.233.64.0/18'), natOutgoing: true },
    { cidr: prefix('fd00:233::/48'), natOutgoing: true },
  ],
  families,
  nodeAddresses: ['192.168.34.10', '2001:db8::10'].map(address),
  podInterfaces: 'gryp+',
});

/** Why a backend cannot be tested here, or nothing. Asked in a namespace of its own, which ends with the question. */
function lacking(backend: string): string {
  for (const program of [`iptables-${backend}-restore`, `ip6tables-${backend}-restore`]) {
    const { status } = spawnSync('unshare', ['--net', program, '--noflush'], { input: '*nat\nCOMMIT\n' });
    if (status !== 0) return ` (skipped: ${program} does not work on this machine)`;
  }
  return '';
}
const backends = ['nft', 'legacy'].map((backend) => ({ backend, lacking: lacking(backend) }));

for (const { backend, lacking } of backends)
  describe.skipIf(lacking !== '')(`with real programs, backend ${backend}${lacking}`, () => {
    let node: Node;
    beforeEach(async () => {
      node = await Node.create(backend);
    });
    afterEach(() => {
      node.netns.remove();
    });

    test('a walk ends as if freshly made; others see nothing of it; nothing stays', async () => {
      const theirs = await node.theirs();
      const before = await node.state();
      const walk = [masquerade, ...fc.sample(anyFirewall, { numRuns: 6, seed: 42 }), masquerade];
      const agent = node.agent();
      for (const intent of walk) {
        await node.bring(agent, intent);
        expect(await node.theirs()).toBe(theirs);
        const fresh = await Node.create(backend);
        try {
          await fresh.bring(fresh.agent(), intent);
          expect(await node.state()).toEqual(await fresh.state());
        } finally {
          fresh.netns.remove();
        }
      }
      expect(agent.repaired).toBe(0);
      await node.bring(node.agent(), emptyFirewallIntent);
      expect(await node.state()).toEqual(before);
    });

    test('a new agent finds everything again and starts no restore program', async () => {
      for (const intent of [masquerade, ...fc.sample(anyFirewall, { numRuns: 3, seed: 7 })]) {
        await node.bring(node.agent(), intent);
        node.runner.calls.length = 0;
        await node.bring(node.agent(), intent);
        expect(node.runner.calls.filter((c) => /restore|destroy/.test(c))).toEqual([]);
      }
    });

    test('what others flush, delete or put in front is repaired and counted', async () => {
      const agent = node.agent();
      await node.bring(agent, masquerade);
      const right = await node.state();
      for (const family of families) {
        await node.somebody(family, '*filter\n-F GRY-FORWARD\nCOMMIT\n*nat\n-F GRY-POSTROUTING\nCOMMIT\n');
        await node.somebody(family, '*filter\n-I FORWARD 1 -j DOCKER-USER\nCOMMIT\n');
      }
      await node.netns.exec('ipset', 'flush', 'gry4-nat-sources');
      agent.invalidate();
      await node.bring(agent, masquerade);
      expect(agent.repaired).toBe(7);
      for (const family of families)
        await node.somebody(family, '*filter\n-D FORWARD -j DOCKER-USER\nCOMMIT\n');
      for (const family of families)
        await node.somebody(family, '*filter\n-A FORWARD -j DOCKER-USER\nCOMMIT\n');
      const now = await node.state();
      expect(now.sets).toEqual(right.sets);
      for (const family of families) {
        expect(now[family]['filter GRY-FORWARD']).toEqual(right[family]['filter GRY-FORWARD']);
        expect(now[family]['filter FORWARD']?.[0]).toBe(right[family]['filter FORWARD']?.[0]);
        expect(now[family]['nat GRY-POSTROUTING']).toEqual(right[family]['nat GRY-POSTROUTING']);
      }
    });

    test('kube-proxy comes later: our jump moves behind its own', async () => {
      const jump = '-m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING';
      const targets = async () =>
        (await node.state())[4]['nat POSTROUTING']?.map((l) => / -j (\S+)$/.exec(l)?.[1]);
      await node.somebody(4, `*nat\n-D POSTROUTING ${jump}\nCOMMIT\n`);
      const agent = node.agent();
      await node.bring(agent, masquerade);
      await node.somebody(4, `*nat\n-A POSTROUTING ${jump}\nCOMMIT\n`);
      expect(await targets()).toEqual(['RETURN', 'GRY-POSTROUTING', 'KUBE-POSTROUTING']);
      agent.invalidate();
      await node.bring(agent, masquerade);
      expect(await targets()).toEqual(['RETURN', 'KUBE-POSTROUTING', 'GRY-POSTROUTING']);
    });

    test('rules before the first difference keep their counters', async () => {
      const input = (...names: string[]): FirewallIntent => {
        const table: TableIntent = {
          ...filterTable(...names.map((n) => ({ ...accept(n), target: { kind: 'return' } as const }))),
          jumps: [{ from: 'INPUT', to: 'GRY-FORWARD', position: 'insert', reason: 'test' }],
        };
        return { sets: [], rules: { 4: { filter: table }, 6: {} } };
      };
      const counters = async (): Promise<string[]> => {
        const lines = (await node.save(4, '-c')).split('\n').filter((l) => l.includes('-A GRY-FORWARD'));
        return lines.map((l) => `${/-i (\S+)/.exec(l)?.[1]} ${/^\[(\d+):/.exec(l)?.[1]}`);
      };
      const agent = node.agent();
      await node.bring(agent, input('lo', 'b0'));
      await node.netns.exec('ping', '-c', '1', '127.0.0.1');
      // Request and reply both come in on lo.
      expect(await counters()).toEqual(['lo 2', 'b0 0']);
      await node.bring(agent, input('lo', 'c0', 'lo'));
      expect(await counters()).toEqual(['lo 2', 'c0 0', 'lo 0']);
    });
  });

test.skipIf(lacking('legacy') !== '')(
  'the lock of the legacy programs is held by somebody: waited for, reported, retried',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gryphon-lock-'));
    const lock = join(folder, 'xtables.lock');
    using netns = await createNetns();
    // A lock file of this test's own: the machine's belongs to everybody.
    const clock = new FakeClock();
    const runner = new NetnsRunner(netns, [`XTABLES_LOCKFILE=${lock}`]);
    const driver = new IptablesDriver({
      family: 4,
      runner,
      backend: { detect: async () => 'legacy' },
      clock,
      log: silentLog,
      lockWaitSeconds: 1,
    });
    const holder = spawn('flock', [lock, 'sh', '-c', 'echo held; exec cat'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    try {
      await new Promise((resolve) => holder.stdout.once('data', resolve));
      driver.set({ filter: filterTable(accept('gryp+')) });
      expect(await driver.apply(signal)).toMatchObject({
        written: 0,
        failures: [{ item: 'iptables table filter', code: 'GRY_IPTABLES_LOCKED' }],
        retryAfter: expect.any(Number),
      });
      const released = new Promise((resolve) => holder.once('exit', resolve));
      holder.stdin.end();
      await released;
      clock.advance(500);
      expect(await driver.apply(signal)).toEqual({ written: 2, failures: [] });
    } finally {
      holder.kill('SIGKILL');
      rmSync(folder, { recursive: true });
    }
  },
);

describe('real ipset', () => {
  const sets = (members: readonly Address[]) => [
    { name: 'gry4-big', type: 'hash:ip' as const, family: 4 as const, members, reason: 'test' },
  ];
  const driverIn = (runner: NetnsRunner) =>
    new IpsetDriver({ runner, clock: new FakeClock(), log: silentLog });

  test('100,000 members go in with one run, and a new agent finds them right', async () => {
    using netns = await createNetns();
    const runner = new NetnsRunner(netns);
    const members = Array.from({ length: 100_000 }, (_, i) => addressFromBigInt(BigInt(i + 0x0a000000), 4));
    const first = driverIn(runner);
    first.set(sets(members));
    expect(await first.apply(signal)).toEqual({ written: 1, failures: [] });
    expect(runner.calls).toEqual(['ipset list -name', 'ipset -exist restore']);
    expect((await netns.exec('ipset', 'save', 'gry4-big')).split('\n').length - 1).toBe(members.length);
    const next = driverIn(runner);
    next.set(sets(members));
    expect(await next.apply(signal)).toEqual({ written: 0, failures: [] });
  });

  test('a set with another limit is swapped under the rule that uses it; leftovers are swept', async () => {
    using netns = await createNetns();
    await netns.exec('ipset', 'create', 'gry4-big', 'hash:ip', 'maxelem', '9');
    await netns.exec('ipset', 'create', 'gry4-big-t', 'hash:ip', 'maxelem', '1048576');
    await netns.exec('ipset', 'add', 'gry4-big-t', '10.9.9.9');
    await netns.exec(
      'iptables-nft',
      '-A',
      'INPUT',
      '-m',
      'set',
      '--match-set',
      'gry4-big',
      'src',
      '-j',
      'DROP',
    );
    const driver = driverIn(new NetnsRunner(netns));
    driver.set(sets([address('10.0.0.1')]));
    expect(await driver.apply(signal)).toEqual({ written: 1, failures: [] });
    expect(await driver.sweep(signal)).toEqual({ written: 0, failures: [] });
    expect(membersOf(await netns.exec('ipset', 'save'))).toEqual({
      'create gry4-big hash:ip family inet maxelem 1048576': ['add gry4-big 10.0.0.1'],
    });
  });

  test('a set of another type that a rule uses is reported, not broken', async () => {
    using netns = await createNetns();
    await netns.exec('ipset', 'create', 'gry4-big', 'hash:net');
    await netns.exec(
      'iptables-nft',
      '-A',
      'INPUT',
      '-m',
      'set',
      '--match-set',
      'gry4-big',
      'src',
      '-j',
      'DROP',
    );
    const driver = driverIn(new NetnsRunner(netns));
    driver.set(sets([]));
    expect(await driver.apply(signal)).toMatchObject({
      failures: [{ item: 'ipset gry4-big', code: 'GRY_IPSET_IN_USE' }],
    });
  });
});
