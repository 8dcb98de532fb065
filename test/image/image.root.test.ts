import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { V1DaemonSet } from '@kubernetes/client-node';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeArchive } from '../../hack/image/archive.ts';
import { ownEntries } from '../../hack/image/own.ts';
import { systemEntries } from '../../hack/image/system.ts';
import { loadKustomization } from '../../hack/manifests/kustomization.ts';
import packageFile from '../../package.json' with { type: 'json' };
import { removeCgroup } from '../support/cgroup.ts';
import { Containerd } from '../support/containerd.ts';
import { createNetns, type TestNetns } from '../support/netns.ts';

const name = `localhost/gryphon:${packageFile.version}`;
/** In containerd; control groups of its containers are called so, too. */
const namespace = `grytest-${process.pid}-image`;
const resources = new AsyncDisposableStack();
const scratch = mkdtempSync(join(tmpdir(), 'gryphon-image-'));
let netns: TestNetns;
let containerd: Containerd;
let count = 0;

/** A program in the node's mount namespace, where its containerd is. */
const ctr = async (...args: readonly string[]): Promise<string> => {
  const [file = '', ...entrance] = containerd.entrance;
  const address = join(scratch, 'containerd/containerd.sock');
  return (await execa(file, [...entrance, 'ctr', '--address', address, '--namespace', namespace, ...args]))
    .stdout;
};

const base = loadKustomization(join(import.meta.dirname, '../../manifests/base'));
const daemonSet = base.find(({ object }) => object.kind === 'DaemonSet')!.object as unknown as V1DaemonSet;
const pod = daemonSet.spec!.template.spec!;
const agent = pod.containers[0]!;

/** What containers get by default, and the DaemonSet drops. */
const dropped =
  'CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD SETGID SETUID SETFCAP SETPCAP SYS_CHROOT KILL AUDIT_WRITE'
    .split(' ')
    .map((capability) => ['--cap-drop', `CAP_${capability}`]);
const added = agent.securityContext!.capabilities!.add!.map((capability) => [
  '--cap-add',
  `CAP_${capability}`,
]);
const context = ['--read-only', '--seccomp', ...dropped.flat(), ...added.flat()];
const mount = (source: string, destination: string): readonly string[] => [
  '--mount',
  `type=bind,src=${source},dst=${destination},options=rbind:rw`,
];

/** Runs a command in a container that has the rights of the agent in the DaemonSet. */
const run = (mounts: readonly string[], ...command: readonly string[]): Promise<string> =>
  ctr('run', '--rm', ...context, ...mounts, name, `probe-${count++}`, ...command);

beforeAll(async () => {
  resources.defer(() => rmSync(scratch, { recursive: true }));
  resources.defer(() => removeCgroup(namespace));
  netns = resources.use(await createNetns());
  containerd = resources.use(
    await Containerd.create({
      netns: netns.path,
      binDir: join(scratch, 'bin'),
      confDir: join(scratch, 'net.d'),
      directory: join(scratch, 'containerd'),
    }),
  );
  const archive = join(scratch, 'image.tar');
  await writeArchive(archive, {
    name,
    entrypoint: ['gryphon'],
    layers: [systemEntries(), ownEntries('/usr/lib/cni')],
  });
  await ctr('images', 'import', archive);
}, 300_000);

afterAll(() => resources.disposeAsync());

test('containerd knows the image by the name that the manifests have', async () => {
  expect((await ctr('images', 'ls', '--quiet')).split('\n')).toContain(name);
});

test.each([
  [['gryphon', 'version', '-o', 'yaml'], new RegExp(`^version: ${packageFile.version}\n`)],
  [['gryphon', 'version'], new RegExp(`^gryphon ${packageFile.version} \\(node v24\\.`)],
  [['iptables-nft', '--version'], /^iptables v\S+ \(nf_tables\)$/],
  [['iptables-legacy', '--version'], /^iptables v\S+ \(legacy\)$/],
  [['iptables', '--version'], /\(nf_tables\)$/],
  [['ip6tables-nft-save', '--version'], /\(nf_tables\)$/],
  [['ipset', '--version'], /^ipset v/],
  [['conntrack', '--version'], /^conntrack v/],
  [['sh', '-euc', 'rm -f /nothing'], /^$/],
])('%j', async (command, output) => {
  expect(await run([], ...command)).toMatch(output);
});

test('the CNI executables are placed without any capability for it', async () => {
  const bin = join(scratch, 'opt-cni-bin');
  mkdirSync(bin);
  await run(mount(bin, '/opt/cni/bin'), 'gryphon', 'install-cni');
  expect(readdirSync(bin).sort()).toEqual([
    'bandwidth',
    'gryphon',
    'host-local',
    'loopback',
    'portmap',
    'tuning',
  ]);
});

const node = (mounts: readonly string[], script: string): Promise<string> =>
  run(mounts, 'node', '--input-type=module', '--eval', script);

test('parameters of the kernel can be written where the DaemonSet mounts them', async () => {
  const script = `
    import { readFileSync, writeFileSync } from 'node:fs';
    const file = '/host/proc/sys/net/ipv4/conf/all/forwarding';
    writeFileSync(file, '1');
    console.log(readFileSync(file, 'utf8').trim());
  `;
  expect(await node(mount('/proc/sys/net', '/host/proc/sys/net'), script)).toBe('1');
});

test('seccomp and capabilities let the agent enter network namespaces', async () => {
  // Into one's own takes the same rights as into another.
  const script = `
    import { openSync } from 'node:fs';
    import koffi from '/usr/lib/gryphon/node_modules/koffi/index.js';
    const setns = koffi.load(null).func('int setns(int fd, int type)');
    console.log(setns(openSync('/proc/self/ns/net'), 0x40000000));
  `;
  expect(await node([], script)).toBe('0');
});

/** What the DaemonSet mounts, with directories of the test in the place of the host's. */
function agentMounts(): readonly string[] {
  return agent.volumeMounts!.flatMap(({ name: volume, mountPath }) => {
    const hostPath = pod.volumes!.find((candidate) => candidate.name === volume)?.hostPath;
    if (hostPath?.path.startsWith('/proc/') === true) return mount(hostPath.path, mountPath);
    const place = join(scratch, 'host', volume);
    if (hostPath?.type === 'FileOrCreate') writeFileSync(place, '');
    else mkdirSync(place, { recursive: true });
    return mount(place, mountPath);
  });
}

const nodeManifest = `apiVersion: v1
kind: Node
metadata: {name: node-a}
spec: {podCIDRs: [10.244.1.0/24]}
status: {addresses: [{type: InternalIP, address: 192.0.2.10}]}
`;

test('the agent becomes ready with the rights and the mounts of the DaemonSet', async () => {
  await netns.ip('addr add 192.0.2.10/32 dev lo');
  const mounts = agentMounts();
  const log = join(scratch, 'agent.log');
  const host = join(scratch, 'host');
  await run(mount(join(host, 'cni-bin'), '/opt/cni/bin'), 'gryphon', 'install-cni');
  writeFileSync(join(host, 'config/config.yaml'), 'sysctlDir: /host/proc/sys\nbgp: off\n');
  writeFileSync(join(host, 'config/node.yaml'), nodeManifest);
  const command = [
    ...agent.command!,
    '--source',
    'manifests',
    '--manifests',
    '/etc/gryphon',
    '--node-name',
    'node-a',
  ];
  await ctr(
    'run',
    '--detach',
    '--log-uri',
    `file://${log}`,
    '--net-host',
    ...context,
    ...mounts,
    name,
    'agent',
    ...command,
  );
  try {
    const ready = (): Promise<string> =>
      netns
        .exec('curl', '--silent', 'http://127.0.0.1:17179/readyz?verbose')
        .catch(() => readFileSync(log, 'utf8'));
    await expect.poll(ready, { timeout: 20_000, interval: 200 }).toContain('readyz check passed');
    expect(existsSync(join(host, 'cni-conf/05-gryphon.conflist'))).toBe(true);
    expect(await netns.exec('iptables-nft-save')).toContain('GRY-');
    expect(await ctr('tasks', 'exec', '--exec-id', 'status', 'agent', 'gryphon', 'status')).toContain(
      'Ready       yes',
    );
  } finally {
    await ctr('tasks', 'kill', '--signal', 'SIGTERM', 'agent');
    await expect.poll(() => ctr('tasks', 'ls'), { timeout: 10_000 }).toMatch(/agent .*STOPPED/);
    await ctr('tasks', 'rm', 'agent');
    await ctr('containers', 'rm', 'agent');
  }
});
