import fs from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { AgentNode, nodeManifest } from '../support/agent-node.ts';
import { buildShim, runShim } from '../support/cni-node.ts';
import { createNetns, createSwitch, type TestNetns } from '../support/netns.ts';

const gryphon = path.join(import.meta.dirname, '../../bin/gryphon');

const pools = `apiVersion: gryphon.dev/v1alpha1
kind: IPPool
metadata: { name: pods }
spec: { cidr: 10.244.0.0/16, natOutgoing: true }
---
`;
const manifests =
  pools +
  nodeManifest('node-a', ['10.244.1.0/24'], ['192.0.2.1']) +
  nodeManifest('node-b', ['10.244.2.0/24'], ['192.0.2.2']);

interface Cleaned {
  readonly exit: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** `gryphon cleanup` with the paths of the node. */
async function cleanup(node: AgentNode, ...flags: readonly string[]): Promise<Cleaned> {
  const paths = ['--run-dir', node.path('run'), '--state-dir', node.path('state')];
  paths.push('--cni-bin-dir', node.path('bin'), '--cni-conf-dir', node.path('net.d'));
  const argv = [`--net=${node.netns.path}`, gryphon, 'cleanup', ...paths, ...flags];
  const { exitCode, stdout, stderr } = await execa('nsenter', argv, { reject: false });
  return { exit: exitCode, stdout, stderr };
}

async function installShim(node: AgentNode): Promise<void> {
  await buildShim();
  await execa(gryphon, [
    'install-cni',
    '--cni-bin-dir',
    node.path('bin'),
    '--cni-plugin-dir',
    node.path('bin'),
  ]);
}

/** Everything of ours that can be seen, by marks. */
async function remains(node: AgentNode): Promise<readonly string[]> {
  const { netns } = node;
  const shown = [
    await netns.ip('-brief link'),
    await netns.ip('route show table all'),
    await netns.ip('-6 route show table all'),
    ...(await Promise.all(
      ['iptables-nft-save', 'ip6tables-nft-save', 'iptables-legacy-save', 'ipset'].map((program) =>
        netns.exec(program, ...(program === 'ipset' ? ['list', '-name'] : [])),
      ),
    )),
  ];
  const files = ['bin', 'net.d', 'state', 'run'].flatMap((directory) =>
    fs.readdirSync(node.path(directory)).map((name) => `${directory}/${name}`),
  );
  return [
    ...shown
      .join('\n')
      .split('\n')
      .filter((line) => /gryp|GRY|gry4|gry6|proto 71/.test(line)),
    ...files,
  ];
}

const attach = (node: AgentNode, pod: TestNetns): Promise<{ readonly exit: number | undefined }> =>
  runShim(node.path('run/cni.sock'), { command: 'ADD', containerID: 'c1', netns: pod.path });

test('refuses while pods live; then everything goes, peers forget us at once, and the agent stays away until it may come back', async () => {
  using lan = await createSwitch();
  using pod = await createNetns();
  await using a = await AgentNode.plug(lan, ['192.0.2.1/24']);
  await using b = await AgentNode.plug(lan, ['192.0.2.2/24']);
  for (const node of [a, b]) {
    await installShim(node);
    node.write('all.yaml', manifests);
  }
  a.start('node-a');
  b.start('node-b');
  await b.until('the route to node-a', async () =>
    (await b.routes()).some((r) => r.includes('10.244.1.0/24')),
  );
  await a.until('a pod is attached', async () => (await attach(a, pod)).exit === 0);

  const refused = await cleanup(a);
  expect(refused.exit).toBe(1);
  expect(refused.stderr).toMatch(/1 pod lives on this node \(gryp[0-9a-f]{11}\)\n\s+drain the node first/);
  expect(fs.existsSync(a.path('run/leave'))).toBe(false);
  expect((await a.status()).ready).toBe(true);

  await runShim(a.path('run/cni.sock'), { command: 'DEL', containerID: 'c1' });
  await a.until('the link has gone', async () => !(await a.netns.ip('-brief link')).includes('gryp'));
  const started = Date.now();
  const done = await cleanup(a);
  expect(done.exit).toBe(0);
  // Far below the hold time of 30 s and the restart time of 120 s.
  await b.until(
    'the route has gone',
    async () => !(await b.routes()).some((r) => r.includes('10.244.1.0/24')),
  );
  expect(Date.now() - started).toBeLessThan(25_000);
  const lines = done.stdout.split('\n');
  expect(lines).toContain(`removed  file    ${a.path('net.d/05-gryphon.conflist')}`);
  expect(lines.at(-1)).toBe(`removed  file    ${a.path('bin/gryphon')}`);
  expect(done.stdout).toMatch(/^removed {2}rules {3}\d+ chains, jumps and sets of iptables \(nft\)$/m);
  expect(done.stdout).toMatch(/^removed {2}routes {2}\d+ routes? of protocol 71$/m);
  expect(await remains(a)).toEqual(['run/leave']);
  expect(await a.status()).toMatchObject({ ready: false, checks: [{ name: 'away' }] });

  const again = await cleanup(a);
  expect(again).toMatchObject({ exit: 0, stdout: 'nothing of Gryphon on this node' });

  await a.stop();
  a.start('node-a');
  await a.until('it stays away after a restart', async () => (await a.status()).checks[0]?.name === 'away');
  expect(await remains(a)).toEqual(['run/leave']);
  fs.rmSync(a.path('run/leave'));
  await b.until('the route is back', async () => (await b.routes()).some((r) => r.includes('10.244.1.0/24')));
});

test('by force, without an agent: pods lose their links, and what is not ours stays', async () => {
  using outside = await createNetns();
  using pod = await createNetns();
  await using node = await AgentNode.create(outside, ['192.0.2.1/24']);
  await installShim(node);
  fs.writeFileSync(node.path('bin/portmap'), 'somebody else needs it');
  node.write('all.yaml', manifests);
  node.start('node-a', '--bgp', 'off');
  await node.until('a pod is attached', async () => (await attach(node, pod)).exit === 0);
  await node.stop('SIGKILL');
  await node.netns.ip('link add grypother type veth peer name far-end');
  await node.netns.ip('route add blackhole 198.51.100.0/24');
  await node.netns.exec('iptables-nft', '-A', 'FORWARD', '-j', 'ACCEPT');
  fs.writeFileSync(node.path('net.d/10-other.conflist'), '{}');

  expect(await cleanup(node)).toMatchObject({ exit: 1 });
  const done = await cleanup(node, '--force');
  expect(done.exit).toBe(0);
  expect(done.stdout).toMatch(/^removed {2}link {4}gryp[0-9a-f]{11} \(container c1\)$/m);
  expect(await pod.ip('-brief link')).not.toContain('eth0');
  expect((await remains(node)).map((line) => line.split(/[@ ]/)[0])).toEqual([
    'far-end',
    'grypother',
    'bin/portmap',
    'net.d/10-other.conflist',
    'run/leave',
  ]);
  expect(await node.netns.ip('route')).toContain('blackhole 198.51.100.0/24');
  expect(await node.netns.exec('iptables-nft-save')).toContain('-A FORWARD -j ACCEPT');
});

/**
 * In place of the program that writes rules: it cannot be interrupted, as when it waits for the xtables lock, and comes to an end just
 * after the agent has closed its socket. Gives the file that is there when it was started.
 */
function slowRestore(node: AgentNode): string {
  const directory = node.path('slow');
  fs.mkdirSync(directory);
  const started = node.path('restoring');
  const script = `#!/bin/sh
trap '' TERM
touch ${started}
while [ -e ${node.path('run/cni.sock')} ]; do sleep 0.05; done
sleep 0.7
exec /usr/sbin/iptables-nft-restore "$@"
`;
  fs.writeFileSync(path.join(directory, 'iptables-nft-restore'), script, { mode: 0o755 });
  return started;
}

test('what the agent is just writing is finished or given up before anything is removed', async () => {
  using outside = await createNetns();
  await using node = await AgentNode.create(outside, ['192.0.2.1/24']);
  await installShim(node);
  node.write('all.yaml', manifests);
  const restoring = slowRestore(node);
  const search = `PATH=${node.path('slow')}:${process.env['PATH']}`;
  node.startBy(['env', search], 'node-a', '--bgp', 'off');
  await node.until('rules are being written', () => Promise.resolve(fs.existsSync(restoring)));
  expect(await cleanup(node)).toMatchObject({ exit: 0 });
  await node.until('the agent is away', async () => (await node.status()).checks[0]?.name === 'away');
  expect(await remains(node)).toEqual(['run/leave']);
});
