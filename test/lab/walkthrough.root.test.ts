import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/agent/clock.ts';
import { commandRunner, mustRun } from '../../src/lab/command.ts';
import { down } from '../../src/lab/down.ts';
import { inspectLab } from '../../src/lab/inspect.ts';
import { enter, type Lab, makeLab } from '../../src/lab/lab.ts';
import { labNamespaces } from '../../src/lab/namespace.ts';
import { addressesOf, checkPods, nodeConfList, nodeRuntime, sandboxOf } from '../../src/lab/pods.ts';
import { ProcessTable } from '../../src/lab/process.ts';
import { isAlive } from '../../src/lab/process-identity.ts';
import { programCommand } from '../../src/lab/program.ts';
import { labScene } from '../../src/lab/scene.ts';
import { showStatus } from '../../src/lab/status.ts';
import type { Scene } from '../../src/lab/step.ts';
import { steps } from '../../src/lab/steps/walkthrough.ts';
import { labTopology, nodeOf } from '../../src/lab/topology.ts';
import { up } from '../../src/lab/up.ts';
import { runCheck } from '../../src/lab/walk.ts';
import { address } from '../../src/net/address.ts';

const signal = new AbortController().signal;
/** Of its own, so that a lab that somebody uses on this machine is not disturbed. */
const name = `t${process.pid.toString(36)}`;
const env = { PATH: process.env['PATH'] ?? '' };
const run = commandRunner(env);

let lab: Lab;
let said = '';

beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'grylab-'));
  lab = makeLab({
    name,
    directory,
    clock: systemClock,
    run,
    write: (text) => (said += text),
    program: programCommand,
    fingerprint: 'test',
    env,
  });
});

afterAll(async () => {
  await down(lab, signal);
  await rm(lab.layout.root, { recursive: true, force: true });
}, 30_000);

/** Everything of the machine itself that a careless lab could change. */
async function machine(): Promise<readonly string[]> {
  const looks = [
    ['ip', '-o', 'link', 'show'],
    ['ip', '-4', 'route', 'show', 'table', 'all'],
    ['ip', '-6', 'route', 'show', 'table', 'all'],
    ['sysctl', 'net.ipv4.ip_forward', 'net.ipv6.conf.all.forwarding', 'net.ipv6.conf.default.accept_dad'],
    ['iptables-save', '-t', 'nat'],
  ];
  const texts = await Promise.all(looks.map((argv) => run(argv)));
  return texts.map(({ stdout }) => stdout.replaceAll(/^#.*$|\[\d+:\d+\]/gm, ''));
}

let before: readonly string[];

test('up: from nothing to pods that are reachable', { timeout: 120_000 }, async () => {
  before = await machine();
  await up(lab, signal).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${said}`);
  });
  expect(said).toMatch(/The lab is up after \d+\.\d s\.\n$/);
  expect(await machine()).toEqual(before);
});

test('up again: there is nothing to do', async () => {
  said = '';
  await up(lab, signal);
  expect(said).toMatch(/^The lab is up already \(checked in \d+\.\d s\)\.\n$/);
});

test('with another program it is outdated, not broken', async () => {
  const changed: Lab = { ...lab, fingerprint: 'another' };
  expect(await inspectLab(changed)).toEqual({
    kind: 'outdated',
    reason: 'the program has changed since it was started',
  });
});

describe('exec', () => {
  const options = ['lab', 'exec', `--name=${name}`];
  test.each([
    ['with --, its exit code passed on', ['pod-a1', '--', 'sh', '-c', 'echo here; exit 7'], 7, 'here'],
    ['without --, its options are its own', ['node-a', 'gryphon', 'version', '-o', 'yaml'], 0, 'version: '],
    [
      "the router's birdc knows its socket",
      ['router', '--', 'birdc', 'show', 'status'],
      0,
      'Daemon is up and running',
    ],
    ['a program that is not there', ['node-a', '--', 'no-such-program'], 127, ''],
    ['a place that is not there', ['node-d', '--', 'true'], 2, ''],
  ])('%s', async (_, rest, exitCode, output) => {
    const result = await run([...programCommand, ...options, `--dir=${lab.layout.root}`, ...rest]);
    expect(result).toMatchObject({ exitCode, stdout: expect.stringContaining(output) });
  });

  test('a shell where no command is given', async () => {
    const input = 'ip -o link show dev eth0; exit 3\n';
    const result = await run([...programCommand, ...options, `--dir=${lab.layout.root}`, 'pod-b2'], {
      input,
    });
    expect(result).toMatchObject({ exitCode: 3, stdout: expect.stringContaining('eth0@') });
  });
});

test('status: every place, its addresses, its state', async () => {
  said = '';
  expect(await showStatus(lab)).toBe(true);
  expect(said).toMatch(/^ {2}node-a +gry-\S+-node-a +192\.168\.34\.10, fd00:34::10 +\d+ +ready$/m);
  expect(said).toMatch(/^ {4}pod-c2 +gry-\S+-pod-c2 +10\.233\.102\.\d+, fd00:10:233:66::\w+ /m);
});

/** Only for the labels, which are needed before there is a lab. */
const anyScene: Scene = {
  topology: labTopology('lab'),
  podAddress: (_, family) => address(family === 4 ? '192.0.2.1' : '2001:db8::1'),
  hostLink: () => 'gryp00000000000',
};

describe('the walk-through', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await labScene(lab);
  });

  describe.each(steps)('$title', (step) => {
    afterAll(async () => {
      for (const check of step.restore?.(scene) ?? []) {
        expect((await runCheck(lab, check, signal)).verdict).toBeUndefined();
      }
    });

    test.each(step.checks(anyScene).map(({ label }) => label))('%s', async (label) => {
      const check = step.checks(scene).find((candidate) => candidate.label === label);
      if (check === undefined) throw new Error(`no check ${label}`);
      const { verdict, result } = await runCheck(lab, check, signal);
      expect(verdict, result.stdout).toBeUndefined();
    });
  });
});

describe('the runtime', () => {
  const node = nodeOf(labTopology(name), 'node-a');

  test('DEL takes the pod off, may be repeated, and ADD brings it back with another address', async () => {
    const list = await nodeConfList(lab, node);
    const runtime = nodeRuntime(lab, node);
    const sandbox = sandboxOf(lab, 'pod-a2');
    const links = async (): Promise<string> => mustRun(run, enter(lab, 'pod-a2', ['ip', '-o', 'link']));
    const first = addressesOf((await runtime.cached(list, sandbox)) ?? { cniVersion: '' });

    await runtime.del(list, sandbox);
    await runtime.del(list, { ...sandbox, netns: '' });
    expect(await links()).not.toContain('eth0');
    await expect(checkPods(lab, node)).rejects.toThrow('failed (CHECK)');

    // As a kubelet does it: a new sandbox each time.
    const next = { ...sandbox, containerID: sandbox.containerID.toUpperCase() };
    const second = addressesOf(await runtime.add(list, next));
    await runtime.check(list, next);
    expect(await links()).toContain('eth0');
    expect(second.ipv4).not.toBe(first.ipv4);
  });
});

describe('what goes wrong', () => {
  test('an agent is killed: the lab says so, and the next up starts it anew', {
    timeout: 120_000,
  }, async () => {
    const victim = (await lab.processes.list()).find((record) => record.name === 'node-b');
    process.kill(victim?.pid ?? Number.NaN, 'SIGKILL');
    await expect.poll(async () => victim !== undefined && isAlive(victim)).toBe(false);
    expect(await inspectLab(lab)).toEqual({ kind: 'broken', reason: 'the process of node-b has ended' });
    said = '';
    await up(lab, signal);
    expect(said).toContain('Starting the lab anew: the process of node-b has ended.\n');
    expect(await inspectLab(lab)).toEqual({ kind: 'whole' });
  });

  test('up is interrupted half way: down removes what is there', { timeout: 60_000 }, async () => {
    await down(lab, signal);
    const controller = new AbortController();
    const interrupted: Lab = {
      ...lab,
      write: (text) => {
        if (text.includes('agents:')) controller.abort(new Error('interrupted'));
      },
    };
    await expect(up(interrupted, controller.signal)).rejects.toThrow('interrupted');
    expect(await inspectLab(lab)).toEqual({
      kind: 'broken',
      reason: 'an earlier start did not come to its end',
    });
    await down(lab, signal);
    expect(await inspectLab(lab)).toEqual({ kind: 'nothing' });
  });

  test('records are lost, and somebody has a shell in the lab', { timeout: 60_000 }, async () => {
    await up(lab, signal);
    const records = await lab.processes.list();
    const visitor = new ProcessTable(join(lab.layout.root, 'visitor'), systemClock);
    const shell = await visitor.start({
      name: 'visitor',
      argv: enter(lab, 'pod-a1', ['sleep', '60']),
      env,
      log: join(lab.layout.logs, 'visitor.log'),
    });
    await rm(lab.layout.processes, { recursive: true });
    said = '';
    await down(lab, signal);
    expect(records.map(isAlive)).not.toContain(true);
    expect(isAlive(shell)).toBe(true);
    expect(said).toContain(`  left alone: process ${shell.pid} (sleep), which somebody runs in the lab\n`);
    await visitor.stop([shell], signal);
  });

  test('an agent that cannot start: up fails at once and shows its last words', {
    timeout: 60_000,
  }, async () => {
    said = '';
    const unlucky = 'case $1 in agent) echo "no luck today"; exit 1;; *) exec "$0" "$@";; esac';
    const program = ['sh', '-c', unlucky, ...programCommand];
    await expect(up({ ...lab, program }, signal)).rejects.toThrow(/the process of node-[abc] has ended/);
    expect(said).toMatch(/^node-[abc]: has ended$/m);
    expect(said).toContain('    no luck today\n');
  });
});

test('down leaves nothing: no namespace, no process, no file, and the machine as it was', async () => {
  const records = await lab.processes.list();
  said = '';
  await down(lab, signal);
  expect(await labNamespaces(lab)).toEqual([]);
  expect(records.map(isAlive)).not.toContain(true);
  expect((await readdir(tmpdir())).map((file) => join(tmpdir(), file))).not.toContain(lab.layout.root);
  expect(await machine()).toEqual(before);
  await down(lab, signal);
  expect(said).toMatch(/There was no lab\.\n$/);
});
