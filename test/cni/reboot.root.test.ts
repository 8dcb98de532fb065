import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { prefix } from '../../src/net/prefix.ts';
import { CniNode, type PluginAnswer } from '../support/cni-node.ts';

const dual = { podCIDRs: [prefix('10.244.1.0/30'), prefix('fd00:244:1::/126')], mtu: 1450 };

const addressesOf = (answer: PluginAnswer): readonly string[] =>
  (answer.json.ips ?? []).map((ip) => ip.address);

test('after a reboot every address is free, and late DELs of the pods before it touch nobody', async () => {
  await using node = await CniNode.create(dual);
  await node.start();
  const before = [];
  for (const id of ['old-a', 'old-b']) before.push(...addressesOf(await node.add(id, await node.pod())));
  expect(await node.add('full', await node.pod())).toMatchObject({ exit: 1, json: { code: 11 } });
  await node.stop('SIGKILL');

  // What a reboot takes: every link, and everything below /run. The journal is on disk.
  for (const link of await node.links()) await node.netns.ip(`link del ${link}`);
  fs.rmSync(path.dirname(node.socketPath), { recursive: true });
  // A runtime that is up before the agent ends its old sandboxes at once: it is told success.
  expect(await node.del('old-a', '')).toMatchObject({ exit: 0, stdout: '' });
  await node.start({ bootID: 'next' });

  const [pod, other] = [await node.pod(), await node.pod()];
  const after = [await node.add('new-a', pod), await node.add('new-b', other)];
  expect(after.flatMap(addressesOf).sort()).toEqual(before.sort());
  for (const netns of ['', '/var/run/netns/grytest-gone', pod.path])
    for (const id of ['old-a', 'old-b'])
      expect(await node.del(id, netns)).toMatchObject({ exit: 0, stdout: '' });
  for (const living of [pod, other]) {
    await living.exec('ping', '-c1', '-W2', '192.0.2.10');
    await living.exec('ping', '-c1', '-W2', '2001:db8::10');
  }
  expect(await node.links()).toHaveLength(2);
});
