import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CniError, TRY_AGAIN_LATER } from '../../src/lab/cni-answer.ts';
import type { ConfList } from '../../src/lab/conflist.ts';
import { CniRuntime, type Sandbox } from '../../src/lab/runtime.ts';
import { FakePlugins } from '../support/fake-plugins.ts';

const list: ConfList = {
  name: 'net',
  cniVersion: '1.1.0',
  disableCheck: false,
  plugins: [{ type: 'a', socket: '/run/cni.sock' }, { type: 'b' }],
};
const sandbox: Sandbox = {
  containerID: 'c0ffee',
  netns: '/run/netns/pod',
  ifname: 'eth0',
  pod: { namespace: 'default', name: 'web', uid: 'u1' },
};
const first = { cniVersion: '1.1.0', ips: [{ address: '192.0.2.1/32' }] };
const last = { cniVersion: '1.1.0', ips: [{ address: '192.0.2.1/32' }, { address: '192.0.2.2/32' }] };

let plugins: FakePlugins;
let cacheDir: string;
let runtime: CniRuntime;

beforeEach(async () => {
  plugins = new FakePlugins();
  cacheDir = await mkdtemp(join(tmpdir(), 'gryphon-lab-runtime-'));
  runtime = new CniRuntime({
    run: plugins.run,
    launcher: ['nsenter', '--net=/run/netns/node', '--'],
    binDir: '/opt/cni/bin',
    cacheDir,
    path: '/usr/bin',
  });
});

afterEach(() => rm(cacheDir, { recursive: true }));

describe('ADD', () => {
  test('each plugin in turn, the result of one handed to the next', async () => {
    expect(await runtime.add(list, sandbox)).toEqual(last);
    expect(plugins.verbs).toEqual(['ADD a', 'ADD b']);
    expect(plugins.calls.map((call) => call.stdin)).toEqual([
      { type: 'a', socket: '/run/cni.sock', name: 'net', cniVersion: '1.1.0' },
      { type: 'b', name: 'net', cniVersion: '1.1.0', prevResult: first },
    ]);
  });

  test('parameters as containerd passes them, and no other variable', async () => {
    await runtime.add(list, sandbox);
    expect(plugins.calls[0]?.env).toEqual({
      PATH: '/usr/bin',
      CNI_COMMAND: 'ADD',
      CNI_CONTAINERID: 'c0ffee',
      CNI_NETNS: '/run/netns/pod',
      CNI_IFNAME: 'eth0',
      CNI_PATH: '/opt/cni/bin',
      CNI_ARGS:
        'IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web;K8S_POD_INFRA_CONTAINER_ID=c0ffee;K8S_POD_UID=u1',
    });
    expect(plugins.calls[0]?.launcher).toEqual(['nsenter', '--net=/run/netns/node', '--']);
  });

  test('the last result is cached', async () => {
    await runtime.add(list, sandbox);
    expect(await readdir(cacheDir)).toEqual(['net-c0ffee-eth0']);
    expect(await runtime.cached(list, sandbox)).toEqual(last);
  });

  test('a failure is undone in reverse, and its own reason is told', async () => {
    plugins.failNext.set('ADD b', {
      stdout: JSON.stringify({ code: TRY_AGAIN_LATER, msg: 'no podCIDR', details: 'yet' }),
    });
    const failure: unknown = await runtime.add(list, sandbox).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(CniError);
    expect(failure).toMatchObject({
      message: 'plugin b failed (ADD): no podCIDR; yet',
      fields: { cniCode: 11 },
      remedy: 'try again later',
    });
    expect(plugins.verbs).toEqual(['ADD a', 'ADD b', 'DEL b', 'DEL a']);
    expect([...plugins.held]).toEqual([]);
    expect(await readdir(cacheDir)).toEqual([]);
  });

  test.each([
    ['', 'plugin a printed no result for ADD: ""'],
    ['[]', 'plugin a printed no result for ADD: "[]"'],
  ])('output %j is no result', async (stdout, message) => {
    const run = async (argv: readonly string[]) => ({ argv, exitCode: 0, stdout, stderr: '' });
    const careless = new CniRuntime({ run, launcher: [], binDir: '/b', cacheDir, path: '' });
    await expect(careless.add(list, sandbox)).rejects.toThrow(message);
  });

  test('a plugin that dies without an error object is quoted', async () => {
    plugins.failNext.set('ADD a', { stdout: '', stderr: 'Segmentation fault' });
    await expect(runtime.add(list, sandbox)).rejects.toThrow(
      'nsenter --net=/run/netns/node -- /opt/cni/bin/a ended with 1: Segmentation fault',
    );
  });
});

describe('DEL', () => {
  test('in reverse, each with the last result; then the cache is empty', async () => {
    await runtime.add(list, sandbox);
    await runtime.del(list, sandbox);
    expect(plugins.verbs.slice(2)).toEqual(['DEL b', 'DEL a']);
    expect(plugins.calls.slice(2).map((call) => call.stdin['prevResult'])).toEqual([last, last]);
    expect([...plugins.held]).toEqual([]);
    expect(await readdir(cacheDir)).toEqual([]);
  });

  test('may be repeated, and then has no result to give', async () => {
    await runtime.del(list, sandbox);
    expect(plugins.calls.map((call) => 'prevResult' in call.stdin)).toEqual([false, false]);
  });

  test('a failing plugin stops the chain and keeps the cache for the next try', async () => {
    await runtime.add(list, sandbox);
    plugins.failNext.set('DEL b', { stdout: JSON.stringify({ code: 5, msg: 'disk full' }) });
    await expect(runtime.del(list, sandbox)).rejects.toThrow('plugin b failed (DEL): disk full');
    expect([...plugins.held]).toEqual(['a c0ffee/eth0', 'b c0ffee/eth0']);
    await runtime.del(list, sandbox);
    expect([...plugins.held]).toEqual([]);
  });

  test('a torn cache means a call without prevResult', async () => {
    await writeFile(join(cacheDir, 'net-c0ffee-eth0'), '{"kind":"cni');
    await runtime.del(list, sandbox);
    expect(plugins.calls.map((call) => 'prevResult' in call.stdin)).toEqual([false, false]);
  });
});

describe('CHECK and STATUS', () => {
  test('CHECK goes to all, with the last result', async () => {
    await runtime.add(list, sandbox);
    await runtime.check(list, sandbox);
    expect(plugins.verbs.slice(2)).toEqual(['CHECK a', 'CHECK b']);
    expect(plugins.calls.at(-1)?.stdin['prevResult']).toEqual(last);
  });

  test('CHECK is left out where the list says so', async () => {
    await runtime.check({ ...list, disableCheck: true }, sandbox);
    expect(plugins.calls).toEqual([]);
  });

  test('STATUS has empty parameters, as libcni sends it', async () => {
    await runtime.status(list);
    expect(plugins.verbs).toEqual(['STATUS a', 'STATUS b']);
    expect(plugins.calls[0]?.env).toMatchObject({ CNI_CONTAINERID: '', CNI_NETNS: '', CNI_IFNAME: '' });
  });

  test('STATUS came with 1.1.0', async () => {
    await runtime.status({ ...list, cniVersion: '1.0.0' });
    expect(plugins.calls).toEqual([]);
  });
});
