import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commandRunner } from '../../src/lab/command.ts';
import { loadDefaultConfList, type PluginStanza, parseConfList } from '../../src/lab/conflist.ts';
import { CniRuntime, type Sandbox } from '../../src/lab/runtime.ts';
import { AgentNode, nodeManifest } from '../support/agent-node.ts';
import { createNetns, type TestNetns } from '../support/netns.ts';

/** Where Debian puts the reference plugins. */
const plugins = process.env['GRYPHON_TEST_CNI_PLUGINS'] ?? '/usr/lib/cni';

let outside: TestNetns;

beforeAll(async () => {
  if (!fs.existsSync(path.join(plugins, 'portmap')))
    throw new Error(`no reference plugins in ${plugins}: apt-get install containernetworking-plugins`);
  outside = await createNetns();
});
afterAll(() => outside?.remove());

/** What people chain behind a network: host ports, shaping, sysctls, an accepting firewall. */
const behind: readonly PluginStanza[] = [
  {
    type: 'portmap',
    snat: true,
    capabilities: { portMappings: true },
    runtimeConfig: { portMappings: [{ hostPort: 18080, containerPort: 8080, protocol: 'tcp' }] },
  },
  { type: 'bandwidth', ingressRate: 8e8, ingressBurst: 8e8, egressRate: 8e8, egressBurst: 8e8 },
  { type: 'tuning', sysctl: { 'net.ipv4.conf.eth0.arp_filter': '1' }, mtu: 1300 },
  { type: 'firewall', backend: 'iptables' },
];

/** A node with an agent, and a runtime whose CNI_PATH has the reference plugins beside ours. */
async function chainNode() {
  const node = await AgentNode.create(
    outside,
    ['192.0.2.10/24', '2001:db8::10/64'],
    ['192.0.2.1/24', '2001:db8::1/64'],
  );
  const binDir = node.path('bin');
  for (const { type } of behind) fs.copyFileSync(path.join(plugins, type), path.join(binDir, type));
  node.write(
    'a.yaml',
    nodeManifest('node-a', ['10.244.1.0/24', 'fd00:244:1::/64'], ['192.0.2.10', '2001:db8::10']),
  );
  await node.gryphon('install-cni', '--cni-bin-dir', binDir);
  node.start('node-a', '--bgp', 'off');
  const written = await node.until('the conflist', () => loadDefaultConfList(node.path('net.d')));
  const runtime = new CniRuntime({
    run: commandRunner({ PATH: process.env['PATH'] ?? '' }),
    launcher: ['nsenter', `--net=${node.netns.path}`, '--'],
    binDir,
    cacheDir: node.path('cache'),
    path: '/usr/sbin:/usr/bin:/sbin:/bin',
  });
  return { node, runtime, written };
}

const sandbox = (netns: TestNetns): Sandbox => ({
  containerID: createHash('sha256').update(netns.name).digest('hex'),
  netns: netns.path,
  ifname: 'eth0',
  pod: { namespace: 'default', name: 'web-0', uid: 'uid-0' },
});

/** A TCP server on port 8080 of the pod that says hello. */
async function serve(pod: TestNetns): Promise<Disposable> {
  const script = `require('http').createServer((q, a) => a.end('hello')).listen(8080, () => console.log('up'))`;
  const child = spawn('nsenter', [`--net=${pod.path}`, process.execPath, '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => {
    child.stdout.once('data', resolve);
  });
  return { [Symbol.dispose]: () => void child.kill('SIGKILL') };
}

test('the conflist has portmap behind us where it is installed, in a version that it speaks', async () => {
  const { node, written } = await chainNode();
  await using _ = node;
  expect(written).toMatchObject({ cniVersion: '1.0.0', plugins: [{ type: 'gryphon' }, { type: 'portmap' }] });
});

test.each(['0.4.0', '1.0.0'])(
  'plugins behind us work on what we made, pass CHECK and leave nothing, version %s',
  async (cniVersion) => {
    const { node, runtime, written } = await chainNode();
    await using _ = node;
    const chain = (plugins: readonly PluginStanza[]) =>
      parseConfList(
        JSON.stringify({ cniVersion, name: 'gryphon', plugins: [written.plugins[0], ...plugins] }),
        'the chain',
      );
    using pod = await createNetns();
    const result = await runtime.add(chain(behind), sandbox(pod));
    expect(result.ips?.map((ip) => ip.address)).toEqual(['10.244.1.2/32', 'fd00:244:1::2/128']);
    await runtime.check(chain(behind.map(withoutPorts)), sandbox(pod));

    using _server = await serve(pod);
    const hello = await outside.exec('curl', '-s', '--max-time', '3', 'http://192.0.2.10:18080');
    expect(hello, 'the host port, asked from another machine').toBe('hello');
    expect(await pod.ip('link show eth0')).toContain('mtu 1300');
    expect(await node.netns.exec('tc', 'qdisc', 'show')).toMatch(/tbf .* dev gryp/);
    expect(await node.netns.exec('iptables-save')).toMatch(
      /^-A CNI-FORWARD .*10\.244\.1\.2\/32 .*-j ACCEPT$/m,
    );

    await runtime.del(chain(behind), sandbox(pod));
    await runtime.del(chain(behind), { ...sandbox(pod), netns: '' });
    expect(await node.netns.ip('-brief link')).not.toMatch(/gryp|bwp/);
    expect(await node.netns.exec('iptables-save')).not.toMatch(/10\.244\.1\.2\/|18080/);
    expect((await node.status()).drivers.flatMap((driver) => driver.failures)).toEqual([]);
  },
);

/** The CHECK of portmap 1.1 wants the IPv4 rules of its ports among those of IPv6 too, so it fails whatever network is before it. */
const withoutPorts = (stanza: PluginStanza): PluginStanza =>
  stanza.type === 'portmap' ? { ...stanza, runtimeConfig: {} } : stanza;
