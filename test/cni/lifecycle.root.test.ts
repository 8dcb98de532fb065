import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { hostLinkName } from '../../src/cni/link/owner.ts';
import { encodeRecord } from '../../src/ipam/journal-record.ts';
import { prefix } from '../../src/net/prefix.ts';
import { CniNode, type PluginAnswer } from '../support/cni-node.ts';
import { createNetns } from '../support/netns.ts';

const dual = { podCIDRs: [prefix('10.244.1.0/24'), prefix('fd00:244:1::/64')], mtu: 1450 };

/** Where links wait that go together, "gryp" in ASCII. */
const REMOVAL_GROUP: number = 0x67_72_79_70;

const addressesOf = (answer: PluginAnswer): readonly string[] =>
  (answer.json.ips ?? []).map((ip) => ip.address);

test('a second ADD of the same container is refused and harms nothing, in the same sandbox and in another', async () => {
  await using node = await CniNode.create(dual);
  await node.start();
  const [pod, other] = [await node.pod(), await node.pod()];
  await node.add('c1', pod);
  // The kernel confirms its own link-local address a moment later.
  await expect.poll(() => pod.ip('address show eth0')).not.toContain('tentative');
  const before = await pod.ip('-json address show eth0');
  expect(await node.add('c1', pod)).toMatchObject({ exit: 1, json: { code: 102 } });
  expect(await node.add('c1', other)).toMatchObject({ exit: 1, json: { code: 102 } });
  expect(await pod.ip('-json address show eth0')).toBe(before);
  expect(await other.ip('-brief link')).not.toContain('eth0');
  await pod.exec('ping', '-c1', '-W2', '192.0.2.10');
});

test("an interface of somebody else's under the wanted name is refused and stays", async () => {
  await using node = await CniNode.create(dual);
  await node.start();
  const pod = await node.pod();
  await pod.ip('link add eth0 type veth peer name other');
  expect(await node.add('c1', pod)).toMatchObject({ exit: 1, json: { code: 102 } });
  expect(await pod.ip('-brief link')).toContain('eth0');
  await expect.poll(() => node.links()).toEqual([]);
});

test("a link of somebody else's under the name that the host end would have is refused and stays as it is", async () => {
  await using node = await CniNode.create(dual);
  await node.start();
  const hostLink = hostLinkName({ network: 'gryphon', containerID: 'c1', ifname: 'eth0' });
  await node.netns.ip(`link add ${hostLink} type veth peer name other`);
  await node.netns.ip(`link set ${hostLink} alias gryphon:gryphon/c2/eth0`);
  const before = await node.netns.ip(`-json link show ${hostLink}`);
  const pod = await node.pod();
  const answer = await node.add('c1', pod);
  expect(answer).toMatchObject({ exit: 1, json: { code: 102 } });
  expect(answer.json.msg).toContain(hostLink);
  expect(await node.netns.ip(`-json link show ${hostLink}`)).toBe(before);
  expect(await pod.ip('-brief link')).not.toContain('eth0');
});

test('what is no sandbox is refused before anything is touched', async () => {
  await using node = await CniNode.create(dual);
  await node.start();
  const file = path.join(node.directory, 'plain-file');
  fs.writeFileSync(file, '');
  const sandboxes = {
    'the namespace of the node': node.netns.path,
    'a plain file': file,
    'nothing at all': '/var/run/netns/grytest-missing',
    'another kind of namespace': '/proc/self/ns/uts',
  };
  for (const [what, netns] of Object.entries(sandboxes)) {
    const answer = await node.call({ command: 'ADD', containerID: 'c1', netns });
    expect(answer, what).toMatchObject({ exit: 1, json: { code: 8 } });
  }
  await expect.poll(() => node.links()).toEqual([]);
  expect(fs.readFileSync(node.journal, 'utf8').split('\n')).toHaveLength(2);
});

test('DEL succeeds whatever has become of the sandbox, and never touches the next one of the same pod', async () => {
  await using node = await CniNode.create(dual);
  await node.start();
  const args = 'IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web-0';
  const [old, fresh] = [await createNetns(), await node.pod()];
  await node.add('old', old, { args });
  await node.add('fresh', fresh, { args });
  old.remove();
  const file = path.join(node.directory, 'plain-file');
  fs.writeFileSync(file, '');
  for (const netns of [old.path, '', file, fresh.path]) {
    expect(await node.del('old', netns), netns).toMatchObject({ exit: 0, stdout: '' });
  }
  expect(await node.del('never-added', '')).toMatchObject({ exit: 0, stdout: '' });
  await fresh.exec('ping', '-c1', '-W2', '192.0.2.10');
  await expect.poll(() => node.links()).toHaveLength(1);
});

test('an ADD that fails half-way leaves neither link nor address', async () => {
  await using node = await CniNode.create({ ...dual, podCIDRs: [prefix('10.244.1.0/30')] }, 0);
  await node.start();
  await node.netns.ip('route add 10.244.1.1/32 dev uplink');
  const pod = await node.pod();
  const refused = await node.add('c1', pod);
  expect(refused).toMatchObject({ exit: 1, json: { code: 103, msg: 'route to 10.244.1.1 is refused' } });
  await expect.poll(() => node.links()).toEqual([]);
  expect(await pod.ip('-brief link')).not.toContain('eth0');
  expect(await node.netns.ip('route show 10.244.1.1')).toContain('dev uplink');
  await node.netns.ip('route del 10.244.1.1/32 dev uplink');
  expect(addressesOf(await node.add('c1', pod))).toEqual(['10.244.1.2/32']);
  expect(addressesOf(await node.add('c2', await node.pod()))).toEqual(['10.244.1.1/32']);
});

test('a restarted agent knows every pod, also when it was killed', async () => {
  await using node = await CniNode.create(dual);
  await node.start();
  const pod = await node.pod();
  const added = await node.add('c1', pod);
  for (const kill of [undefined, 'SIGKILL'] as const) {
    await node.stop(kill);
    await pod.exec('ping', '-c1', '-W2', '192.0.2.10');
    await node.start();
    const check = {
      command: 'CHECK',
      containerID: 'c1',
      netns: pod.path,
      config: { prevResult: added.json },
    };
    expect(await node.call(check)).toMatchObject({ exit: 0 });
  }
  expect(addressesOf(await node.add('c2', await node.pod()))).toEqual(['10.244.1.3/32', 'fd00:244:1::3/128']);
});

test('a lost journal is made up for from the live links', async () => {
  await using node = await CniNode.create(dual);
  await node.start();
  const pod = await node.pod();
  await node.add('c1', pod);
  await node.stop();
  fs.rmSync(node.journal);
  await node.start();
  expect(addressesOf(await node.add('c2', await node.pod()))).toEqual(['10.244.1.3/32', 'fd00:244:1::3/128']);
  expect(await node.del('c1', pod.path)).toMatchObject({ exit: 0 });
  await expect.poll(() => node.links()).toHaveLength(1);
});

test('fifty pods at once get fifty addresses, and go at once', async () => {
  await using node = await CniNode.create(dual);
  await node.start();
  const pods = await Promise.all(Array.from({ length: 50 }, () => node.pod()));
  const answers = await Promise.all(pods.map((pod, i) => node.add(`c${i}`, pod)));
  expect(answers.map((a) => a.exit)).toEqual(answers.map(() => 0));
  expect(new Set(answers.flatMap(addressesOf)).size).toBe(100);
  await expect.poll(() => node.links()).toHaveLength(50);
  const gone = await Promise.all(pods.map((pod, i) => node.del(`c${i}`, pod.path)));
  expect(gone.map((a) => a.exit)).toEqual(gone.map(() => 0));
  await expect.poll(() => node.links()).toEqual([]);
  expect(await node.netns.ip('route show proto 71')).toBe('');
});

test('IPv6 works where it is turned off by default, in the pod and on the node', async () => {
  await using node = await CniNode.create(dual);
  await node.start();
  await node.netns.exec('sysctl', '-q', '-w', 'net.ipv6.conf.default.disable_ipv6=1');
  const pod = await node.pod();
  await pod.exec(
    'sysctl',
    '-q',
    '-w',
    'net.ipv6.conf.all.disable_ipv6=1',
    'net.ipv6.conf.default.disable_ipv6=1',
  );
  expect(await node.add('c1', pod)).toMatchObject({ exit: 0 });
  await pod.exec('ping', '-c1', '-W2', '2001:db8::10');
});

test('GC removes what the runtime does not name, and only that', async () => {
  await using node = await CniNode.create(dual);
  await node.start();
  for (const id of ['kept', 'lost']) await node.add(id, await node.pod());
  const valid = [{ containerID: 'kept', ifname: 'eth0' }];
  expect(await node.call({ command: 'GC', config: {} })).toMatchObject({ exit: 1, json: { code: 7 } });
  expect(await node.call({ command: 'GC', config: { 'cni.dev/valid-attachments': valid } })).toMatchObject({
    exit: 0,
  });
  await expect.poll(() => node.links()).toHaveLength(1);
});

test('a link that is deleted by hand: CHECK tells, the address is free after a while, a late DEL is fine', async () => {
  await using node = await CniNode.create({ ...dual, podCIDRs: [prefix('10.244.1.0/31')] }, 0, 50);
  await node.start();
  const [pod, whole] = [await node.pod(), await node.pod()];
  const { json: prevResult } = await node.add('lost', pod);
  await node.add('whole', whole);
  await node.netns.ip(`link del ${prevResult.interfaces![0]!.name}`);
  const check = { command: 'CHECK', containerID: 'lost', netns: pod.path, config: { prevResult } };
  expect((await node.call(check)).json.details).toContain('the node has no link gryp');
  await expect
    .poll(() => node.log(), { timeout: 10_000 })
    .toContain('addresses of a pod whose link has gone are released');
  expect(addressesOf(await node.add('next', await node.pod()))).toEqual(['10.244.1.0/32']);
  expect(await node.del('lost', pod.path)).toMatchObject({ exit: 0 });
  await expect.poll(() => node.links()).toHaveLength(2);
});

test('CHECK tells what is missing', async () => {
  await using node = await CniNode.create(dual);
  await node.start();
  const pod = await node.pod();
  const { json: prevResult } = await node.add('c1', pod);
  const check = (): Promise<PluginAnswer> =>
    node.call({ command: 'CHECK', containerID: 'c1', netns: pod.path, config: { prevResult } });
  const damages: readonly [string, () => Promise<string>][] = [
    ['eth0 lacks the address fd00:244:1::2', () => pod.ip('address del fd00:244:1::2/128 dev eth0')],
    ['the pod lacks the route 0.0.0.0/0', () => pod.ip('route del default')],
    ['the node lacks the route 10.244.1.2', () => node.netns.ip('route del 10.244.1.2/32')],
    ['eth0 is down', () => pod.ip('link set eth0 down')],
  ];
  for (const [told, damage] of damages) {
    await damage();
    const answer = await check();
    expect(answer).toMatchObject({ exit: 1, json: { code: 101 } });
    expect(answer.json.details).toContain(told);
  }
  await node.del('c1', pod.path);
  expect((await check()).json).toMatchObject({
    code: 101,
    msg: 'the container has no addresses of this node',
  });
});

/** Writes a connection of this address into the node's table. */
async function insertFlow(node: CniNode, source: string, port = 80): Promise<void> {
  const tcp = ['-I', '-p', 'tcp', '-t', '300', '--state', 'ESTABLISHED'];
  const flow = ['-s', source, '-d', farOf(source), '--sport', '4000', '--dport', String(port)];
  await node.netns.exec('conntrack', ...tcp, ...flow);
}

/** Whose connections the node knows. */
async function flowSources(node: CniNode): Promise<readonly string[]> {
  const lists = ['192.0.2.9', '2001:db8::9'].map((far) => node.netns.exec('conntrack', '-L', '-d', far));
  const text = (await Promise.all(lists)).join('\n');
  return [...text.matchAll(/^tcp.*?src=(\S+)/gm)].map((m) => m[1] ?? '').sort();
}

/** Whom a pod of that address speaks with. */
const farOf = (source: string): string => (source.includes(':') ? '2001:db8::9' : '192.0.2.9');

test("connections of a freed address are forgotten, others' are not", async () => {
  await using node = await CniNode.create(dual, 30_000, 10);
  await node.start();
  await node.add('c1', await node.pod());
  const own = ['10.244.1.2', 'fd00:244:1::2'];
  const others = ['10.244.1.200', 'fd00:244:1::200'];
  for (const source of [...own, ...others]) await insertFlow(node, source);
  expect(await flowSources(node)).toEqual([...own, ...others].sort());
  await node.del('c1');
  await expect.poll(() => flowSources(node), { timeout: 5000 }).toEqual(others);
});

test('connections of a freed address are forgotten also when the agent was killed before it came to that', async () => {
  await using node = await CniNode.create(dual);
  await node.start();
  await node.add('c1', await node.pod());
  await node.del('c1');
  await expect.poll(() => fs.readFileSync(node.journal, 'utf8')).toContain('"kind":"free"');
  await node.stop('SIGKILL');
  for (const source of ['10.244.1.2', '10.244.1.200']) await insertFlow(node, source);
  await node.start({ haste: 10 });
  await expect.poll(() => flowSources(node), { timeout: 5000 }).toEqual(['10.244.1.200']);
});

test('an address that is given again at once: the connections of its old pod are forgotten first, those of the new one never', async () => {
  await using node = await CniNode.create(dual);
  await node.start();
  const config = { runtimeConfig: { ips: ['10.244.1.77'] } };
  await node.add('old', await node.pod(), { config });
  await insertFlow(node, '10.244.1.77', 80);
  await node.del('old');
  expect(await node.add('new', await node.pod(), { config })).toMatchObject({ exit: 0 });
  expect(await flowSources(node)).toEqual([]);
  await insertFlow(node, '10.244.1.77', 81);
  // A stop does at once what the agent would do within a second.
  await node.stop();
  expect(await flowSources(node)).toEqual(['10.244.1.77']);
});

test('DEL is answered before the link has gone: a sandbox that is used again never meets remains', async () => {
  await using node = await CniNode.create(dual);
  await node.start();
  const pod = await node.pod();
  for (let i = 0; i < 10; i++) {
    expect(await node.add(`c${i}`, pod)).toMatchObject({ exit: 0 });
    expect(await node.del(`c${i}`, pod.path)).toMatchObject({ exit: 0, stdout: '' });
  }
  for (let i = 0; i < 5; i++) {
    expect(await node.add('same', pod)).toMatchObject({ exit: 0 });
    expect(await node.del('same', pod.path)).toMatchObject({ exit: 0, stdout: '' });
  }
  await expect.poll(() => node.links()).toEqual([]);
});

test('an agent that dies after the answer to a DEL takes the link apart at its next start', async () => {
  await using node = await CniNode.create({ ...dual, podCIDRs: [prefix('10.244.1.0/30')] }, 0);
  await node.start();
  const pod = await node.pod();
  await node.add('c1', pod);
  await node.stop();
  // What is on disk when the agent dies between the answer and the kernel's work.
  const [header = '', ...rest] = fs.readFileSync(node.journal, 'utf8').trimEnd().split('\n');
  const leave = encodeRecord({ kind: 'leave', id: 'gryphon/c1/eth0' }).trimEnd();
  fs.writeFileSync(node.journal, `${[header, ...rest, leave].join('\n')}\n`);
  await node.start();
  expect(await node.links()).toEqual([]);
  expect(await node.add('c2', pod)).toMatchObject({ exit: 0 });
});

test("a link of somebody else's in the group of those that go is not deleted with them", async () => {
  await using node = await CniNode.create(dual);
  await node.start();
  await node.netns.ip('link add foreign type veth peer name foreign1');
  await node.netns.ip(`link set foreign group ${REMOVAL_GROUP}`);
  const pods = await Promise.all(Array.from({ length: 10 }, () => node.pod()));
  await Promise.all(pods.map((pod, i) => node.add(`c${i}`, pod)));
  expect(await node.links()).toHaveLength(10);
  await Promise.all(pods.map((pod, i) => node.del(`c${i}`, pod.path)));
  await expect.poll(() => node.links()).toEqual([]);
  expect(await node.netns.ip('-brief link show foreign')).toContain('foreign@foreign1');
});
