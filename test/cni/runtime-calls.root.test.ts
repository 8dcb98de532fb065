import { spawn } from 'node:child_process';
import { beforeAll, expect, test } from 'vitest';
import { hostLinkName } from '../../src/cni/link/owner.ts';
import { supportedVersions } from '../../src/cni/protocol/version.ts';
import { prefix } from '../../src/net/prefix.ts';
import { buildShim, CniNode, type PluginAnswer, type PluginCall } from '../support/cni-node.ts';
import type { TestNetns } from '../support/netns.ts';

/**
 * The calls of runtimes that cannot be installed here, one after the other as they make them, environment and standard input
 * alike: CRI-O (ocicni, libcni) and cri-dockerd.
 */

const dual = { podCIDRs: [prefix('10.244.1.0/24'), prefix('fd00:244:1::/64')], mtu: 1450 };

/** SHA-256 sized, as container IDs are. */
const containerID = 'c0ffee'.padEnd(64, '0');
const hostLink = hostLinkName({ network: 'gryphon', containerID, ifname: 'eth0' });

/** What the configuration holds besides: libcni leaves `capabilities` in although the specification says otherwise. */
const injected = {
  mtu: 0,
  capabilities: { ips: true, 'io.kubernetes.cri.pod-annotations': true },
  runtimeConfig: { 'io.kubernetes.cri.pod-annotations': { 'kubernetes.io/config.source': 'api' } },
};

const withFamily = [
  { version: '4', address: '10.244.1.2/32', interface: 1 },
  { version: '6', address: 'fd00:244:1::2/128', interface: 1 },
];
const withoutFamily = withFamily.map(({ address, interface: index }) => ({ address, interface: index }));
const host = { name: hostLink, mac: 'ee:ee:ee:ee:ee:ee' };
const pod = { name: 'eth0', mac: 'MAC', sandbox: 'NETNS' };

/** The whole result of an ADD, by version. */
const results: Readonly<Record<string, unknown>> = {
  '0.3.1': { cniVersion: '0.3.1', interfaces: [host, pod], ips: withFamily },
  '0.4.0': { cniVersion: '0.4.0', interfaces: [host, pod], ips: withFamily },
  '1.0.0': { cniVersion: '1.0.0', interfaces: [host, pod], ips: withoutFamily },
  '1.1.0': {
    cniVersion: '1.1.0',
    interfaces: [
      { ...host, mtu: 1450 },
      { ...pod, mtu: 1450 },
    ],
    ips: withoutFamily,
  },
};

/** One call and what has to come of it: an exit code and what is printed, or the code of an error. */
interface Step {
  readonly what: string;
  readonly call: PluginCall;
  readonly told: { readonly exit: 0; readonly stdout: unknown } | { readonly exit: 1; readonly code: number };
}

const done = { exit: 0, stdout: '' } as const;
const refused = (code: number) => ({ exit: 1, code }) as const;
const versions = { cniVersion: '1.1.0', supportedVersions };
/** For commands without a container libcni sets the variables to nothing. */
const nobody = { containerID: '', netns: '', ifname: '' };

/** What a step came to, with what differs from run to run named. */
function toldBy({ exit, stdout, json }: PluginAnswer, netns: string): unknown {
  if (exit !== 0) return { exit, code: json.code };
  if (json.interfaces === undefined) return { exit, stdout: stdout === '' ? '' : json };
  const interfaces = json.interfaces.map((link) => {
    if (link.sandbox === undefined) return link;
    return { ...link, mac: 'MAC', sandbox: link.sandbox === netns ? 'NETNS' : link.sandbox };
  });
  return { exit, stdout: { ...json, interfaces } };
}

async function replay(node: CniNode, netns: string, steps: readonly Step[]): Promise<void> {
  for (const { what, call, told } of steps) {
    expect(toldBy(await node.call(call), netns), what).toEqual(told);
  }
}

const args = [
  'IgnoreUnknown=1',
  'K8S_POD_NAMESPACE=default',
  'K8S_POD_NAME=web-0',
  `K8S_POD_INFRA_CONTAINER_ID=${containerID}`,
  'K8S_POD_UID=5c0f3b3c-0000-4000-8000-000000000000',
].join(';');

/** The cached result as it comes back in `prevResult`. */
async function cachedResult(node: CniNode, pod: TestNetns, cniVersion: string): Promise<unknown> {
  const answer = await node.add(containerID, pod, { args, config: { cniVersion, ...injected } });
  expect(toldBy(answer, pod.path)).toEqual({ exit: 0, stdout: results[cniVersion] });
  return answer.json;
}

beforeAll(buildShim);

test.each(['0.3.1', '0.4.0', '1.0.0', '1.1.0'])('CRI-O, configuration of %s', async (cniVersion) => {
  await using node = await CniNode.create(dual);
  const modern = cniVersion === '1.1.0';
  const config = { cniVersion, ...injected };
  const version: Step = {
    what: 'VERSION of every plugin when the configuration is loaded',
    call: {
      command: 'VERSION',
      containerID: '',
      netns: 'dummy',
      ifname: 'dummy',
      stdin: '{"cniVersion":"1.1.0"}',
    },
    told: { exit: 0, stdout: versions },
  };
  const status: PluginCall = { command: 'STATUS', ...nobody, config };
  await replay(node, '', [
    version,
    { what: 'STATUS every 500 ms, nobody there', call: status, told: refused(50) },
    { what: 'and again', call: status, told: refused(50) },
  ]);

  await node.start();
  const ready = modern ? done : refused(1);
  const leftover = (netns: string): PluginCall => ({
    command: 'DEL',
    containerID: 'dead'.padEnd(64, '0'),
    netns,
    args,
    config: { ...config, prevResult: results[cniVersion] },
  });
  const valid = { 'cni.dev/valid-attachments': [], 'cni.dev/attachments': [] };
  await replay(node, '', [
    { what: 'STATUS', call: status, told: ready },
    {
      what: 'GC once, both keys',
      call: { command: 'GC', ...nobody, config: { ...config, ...valid } },
      told: ready,
    },
    {
      what: 'DEL of what did not outlive a reboot, path gone',
      call: leftover('/var/run/netns/gone'),
      told: done,
    },
    { what: 'DEL of the same, no path', call: leftover(''), told: done },
  ]);

  const pod = await node.pod();
  const prevResult = await cachedResult(node, pod, cniVersion);
  const cached = { ...config, prevResult };
  const call = (command: string, netns = pod.path): PluginCall => ({
    command,
    containerID,
    netns,
    args,
    config: cached,
  });
  await replay(node, pod.path, [
    {
      what: 'CHECK right after ADD',
      call: call('CHECK'),
      told: cniVersion === '0.3.1' ? refused(1) : done,
    },
    { what: 'STATUS every 5 s', call: status, told: ready },
    {
      what: 'GC with the pod among the living',
      call: {
        command: 'GC',
        ...nobody,
        config: {
          ...config,
          'cni.dev/valid-attachments': [{ containerID, ifname: 'eth0' }],
          'cni.dev/attachments': [{ containerID, ifname: 'eth0' }],
        },
      },
      told: ready,
    },
  ]);
  await pod.exec('ping', '-c1', '-W2', '192.0.2.10');
  await replay(node, pod.path, [
    { what: 'DEL', call: call('DEL'), told: done },
    {
      what: 'DEL at the next restart, the namespace a plain file',
      call: call('DEL', '/dev/null'),
      told: done,
    },
    { what: 'STATUS', call: status, told: ready },
  ]);
  await expect.poll(() => node.links()).toEqual([]);
});

test.each(['0.3.1', '0.4.0', '1.0.0'])('cri-dockerd, configuration of %s', async (cniVersion) => {
  await using node = await CniNode.create(dual);
  await node.start();
  // Its sandboxes have no name: a process lends its namespace.
  const pod = await node.pod();
  const holder = spawn('nsenter', [`--net=${pod.path}`, 'sleep', '60'], { stdio: 'ignore' });
  using _ = { [Symbol.dispose]: () => void holder.kill('SIGKILL') };
  const netns = `/proc/${holder.pid}/ns/net`;
  const isInside = () =>
    node.call({ command: 'ADD', containerID, netns, args, config: { cniVersion, ...injected } });
  // nsenter needs a moment to get there; before it did, the namespace is the one of the test itself.
  await expect
    .poll(async () => (await pod.exec('sh', '-c', `[ ${netns} -ef ${pod.path} ]; echo $?`)).trim())
    .toBe('0');
  const added = await isInside();
  expect(toldBy(added, netns)).toEqual({ exit: 0, stdout: results[cniVersion] });

  const config = { cniVersion, ...injected, prevResult: added.json };
  const del = (path: string): PluginCall => ({ command: 'DEL', containerID, netns: path, args, config });
  await pod.exec('ping', '-c1', '-W2', '2001:db8::10');
  await replay(node, netns, [
    {
      what: 'VERSION of an older libcni',
      call: {
        command: 'VERSION',
        containerID: '',
        netns: 'dummy',
        ifname: 'dummy',
        stdin: '{"cniVersion":"1.0.0"}',
      },
      told: { exit: 0, stdout: { ...versions, cniVersion: '1.0.0' } },
    },
    { what: 'DEL', call: del(netns), told: done },
    { what: 'DEL again, kubelet comes twice', call: del(netns), told: done },
    { what: 'DEL again, the process has ended', call: del('/proc/4194304/ns/net'), told: done },
    { what: 'DEL again, nothing known any more', call: del(''), told: done },
  ]);
  await expect.poll(() => node.links()).toEqual([]);
});
