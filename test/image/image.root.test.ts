import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeArchive } from '../../hack/image/archive.ts';
import { ownEntries } from '../../hack/image/own.ts';
import { systemEntries } from '../../hack/image/system.ts';
import packageFile from '../../package.json' with { type: 'json' };
import { Containerd } from '../support/containerd.ts';
import { createNetns } from '../support/netns.ts';

const name = `localhost/gryphon:${packageFile.version}`;
const resources = new AsyncDisposableStack();
const scratch = mkdtempSync(join(tmpdir(), 'gryphon-image-'));
let containerd: Containerd;
let count = 0;

/** A program in the node's mount namespace, where its containerd is. */
const ctr = async (...args: readonly string[]): Promise<string> => {
  const [file = '', ...entrance] = containerd.entrance;
  const address = join(scratch, 'containerd/containerd.sock');
  return (await execa(file, [...entrance, 'ctr', '--address', address, '--namespace', 'k8s.io', ...args]))
    .stdout;
};

/** What containers get by default, and the DaemonSet drops. */
const dropped =
  'CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD SETGID SETUID SETFCAP SETPCAP SYS_CHROOT KILL AUDIT_WRITE'
    .split(' ')
    .map((capability) => ['--cap-drop', `CAP_${capability}`]);
const added = ['NET_ADMIN', 'SYS_ADMIN'].map((capability) => ['--cap-add', `CAP_${capability}`]);

/** Runs a command in a container that has what the agent has in the DaemonSet. */
const run = (mounts: readonly string[], ...command: readonly string[]): Promise<string> =>
  ctr(
    'run',
    '--rm',
    '--read-only',
    '--seccomp',
    ...dropped.flat(),
    ...added.flat(),
    ...mounts.flatMap((mount) => ['--mount', mount]),
    name,
    `probe-${count++}`,
    ...command,
  );

beforeAll(async () => {
  resources.defer(() => rmSync(scratch, { recursive: true }));
  const netns = resources.use(await createNetns());
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
  await run([`type=bind,src=${bin},dst=/opt/cni/bin,options=rbind:rw`], 'gryphon', 'install-cni');
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
  const mount = 'type=bind,src=/proc/sys/net,dst=/host/proc/sys/net,options=rbind:rw';
  expect(await node([mount], script)).toBe('1');
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
