import fs from 'node:fs';
import { expect, test } from 'vitest';
import { prefix } from '../../src/net/prefix.ts';
import { CniNode } from '../support/cni-node.ts';

const dual = { podCIDRs: [prefix('10.244.1.0/24'), prefix('fd00:244:1::/64')], mtu: 1450 };

/** A node whose agent has died, with one pod, and what the journal then was. */
async function nodeWithPod() {
  await using cleanup = new AsyncDisposableStack();
  const node = cleanup.use(await CniNode.create(dual, 0));
  await node.start();
  const pod = await node.pod();
  expect(await node.add('c1', pod)).toMatchObject({ exit: 0 });
  await node.stop('SIGKILL');
  const [link = ''] = await node.links();
  const all = cleanup.move();
  return { node, pod, link, lines: fs.readFileSync(node.journal, 'utf8').split('\n'), all };
}

/** The journal without the lines of this kind. */
const forget = (node: CniNode, lines: readonly string[], kind: string): void =>
  fs.writeFileSync(node.journal, lines.filter((line) => !line.includes(`"kind":"${kind}"`)).join('\n'));

test('a pod whose "ready" line is lost keeps its network: its link says that it is whole', async () => {
  const { node, pod, lines, all } = await nodeWithPod();
  await using _ = all;
  forget(node, lines, 'ready');
  await node.start();
  await pod.exec('ping', '-c1', '-W2', '192.0.2.10');
  await node.stop('SIGKILL');
  await node.start();
  await pod.exec('ping', '-c1', '-W2', '2001:db8::10');
  expect(await node.del('c1', pod.path)).toMatchObject({ exit: 0 });
  await expect.poll(() => node.links()).toEqual([]);
});

test.each([
  [
    'the line that it leaves is lost',
    (node: CniNode, lines: readonly string[]) => forget(node, lines, 'leave'),
  ],
  ['the journal is lost', (node: CniNode) => fs.rmSync(node.journal)],
])('a link whose DEL was answered goes at the next start although %s', async (_, lose) => {
  const { node, pod, link, lines, all } = await nodeWithPod();
  await using _all = all;
  await node.netns.ip(`link set ${link} alias gryphon-gryphon/c1/eth0`);
  lose(node, lines);
  await node.start();
  expect(await node.links()).toEqual([]);
  expect(await node.add('c2', pod)).toMatchObject({ exit: 0 });
});

test('a link that nobody finished goes at the next start although the journal does not know it', async () => {
  const { node, pod, link, all } = await nodeWithPod();
  await using _ = all;
  await node.netns.ip(`link set ${link} alias gryphon+gryphon/c1/eth0`);
  for (const family of ['-4', '-6']) await node.netns.ip(`${family} route flush proto 71`);
  fs.rmSync(node.journal);
  await node.start();
  expect(await node.links()).toEqual([]);
  expect(await node.add('c1', pod)).toMatchObject({ exit: 0 });
});

test('the link says how far it has come: whole after ADD, going from the answer to DEL on', async () => {
  await using node = await CniNode.create(dual);
  await node.start();
  const pod = await node.pod();
  await node.add('c1', pod);
  const [link = ''] = await node.links();
  const alias = () => node.netns.netlink.link({ name: link })?.alias;
  expect(alias()).toBe('gryphon:gryphon/c1/eth0');
  expect(await node.del('c1', pod.path)).toMatchObject({ exit: 0 });
  expect([undefined, 'gryphon-gryphon/c1/eth0']).toContain(alias());
});
