import fs from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AgentNode, nodeManifest } from '../support/agent-node.ts';
import { createNetns, type TestNetns } from '../support/netns.ts';
import { Podman, podmanMajor } from '../support/podman.ts';

/** Where Debian puts the reference plugins. */
const plugins = process.env['GRYPHON_TEST_CNI_PLUGINS'] ?? '/usr/lib/cni';

let outside: TestNetns;

beforeAll(async () => {
  outside = await createNetns();
});
afterAll(() => outside?.remove());

/** A node with podman, whose only network is ours with portmap behind it. */
async function podmanNode() {
  await using cleanup = new AsyncDisposableStack();
  const node = cleanup.use(
    await AgentNode.create(outside, ['192.0.2.10/24', '2001:db8::10/64'], ['192.0.2.1/24', '2001:db8::1/64']),
  );
  node.write(
    'a.yaml',
    nodeManifest('node-a', ['10.244.1.0/24', 'fd00:244:1::/64'], ['192.0.2.10', '2001:db8::10']),
  );
  await node.gryphon('install-cni', '--cni-bin-dir', node.path('bin'), '--cni-plugin-dir', plugins);
  const podman = cleanup.use(
    await Podman.create({
      netns: node.netns.path,
      binDir: node.path('bin'),
      confDir: node.path('net.d'),
      directory: node.path('podman'),
    }),
  );
  const startAgent = () => node.startBy(podman.entrance, 'node-a', '--bgp', 'off');
  startAgent();
  await node.until('the conflist', async () => fs.existsSync(node.path('net.d/05-gryphon.conflist')));
  await node.until('ready', async () => (await node.status()).ready);
  return { node, podman, startAgent, all: cleanup.move() };
}

const links = async (node: AgentNode): Promise<readonly string[]> =>
  (await node.netns.ip('-brief link')).split('\n').filter((line) => line.startsWith('gryp'));

const addressOf = (podman: Podman, name: string): Promise<string> =>
  podman.inspect(
    name,
    '{{.NetworkSettings.Networks.gryphon.IPAddress}} {{.NetworkSettings.Networks.gryphon.GlobalIPv6Address}}',
  );

const hello = (netns: TestNetns, url: string): Promise<string> =>
  netns.exec('curl', '-gs', '--max-time', '3', url);

test.skipIf(podmanMajor() >= 5)(
  'podman over CNI: two containers, host ports, restarts of the agent, stop twice, start again, rm, no remains',
  async () => {
    const { node, podman, startAgent, all } = await podmanNode();
    await using _ = all;
    const ping = (to: string) => node.netns.exec('ping', '-c1', '-W2', to);

    await podman.run('a', '--publish', '18080:8080');
    await podman.run('b');
    expect(await addressOf(podman, 'a')).toBe('10.244.1.2 fd00:244:1::2');
    expect(await addressOf(podman, 'b')).toBe('10.244.1.3 fd00:244:1::3');
    await ping('10.244.1.2');
    await ping('fd00:244:1::3');
    for (const url of ['http://10.244.1.2:8080', 'http://[fd00:244:1::2]:8080'])
      expect(await podman.within('b', 'curl', '-gs', '--max-time', '3', url), url).toBe('hello');

    expect(await hello(outside, 'http://192.0.2.10:18080'), 'the host port, from another machine').toBe(
      'hello',
    );
    expect(await hello(node.netns, 'http://192.0.2.10:18080'), 'from the node itself').toBe('hello');
    expect(await hello(node.netns, 'http://127.0.0.1:18080'), 'over loopback').toBe('hello');

    await node.stop('SIGKILL');
    expect(await hello(outside, 'http://192.0.2.10:18080'), 'while the agent is away').toBe('hello');
    await podman.command('stop', 'a');
    await podman.command('stop', 'a');
    startAgent();
    await node.until('the link of a is gone', async () => (await links(node)).length === 1);
    expect(await podman.within('b', 'ping', '-c1', '-W2', '192.0.2.10')).toContain('1 received');

    // The same container, so the same key.
    await node.until('ready again', async () => (await node.status()).ready);
    await podman.command('start', 'a');
    expect(await addressOf(podman, 'a')).toBe('10.244.1.4 fd00:244:1::4');
    expect(await hello(node.netns, 'http://127.0.0.1:18080')).toBe('hello');
    await node.stop();
    startAgent();
    await node.until('ready again', async () => (await node.status()).ready);
    expect(await node.gryphon('pods')).toContain('10.244.1.4');

    await podman.command('stop', 'a', 'b');
    await podman.command('rm', 'a', 'b');
    await node.until('no links', async () => (await links(node)).length === 0);
    expect(await node.gryphon('pods')).not.toContain('10.244.1.');
    expect(await node.netns.exec('iptables-save')).not.toMatch(/18080|10\.244\.1\.[0-9]+\//);
    expect(await node.netns.ip('route show proto 71')).not.toContain('gryp');
    expect((await node.status()).problems.map(({ code, message }) => `${code} ${message}`)).toEqual([]);
  },
  120_000,
);
