import { once } from 'node:events';
import net from 'node:net';
import { expect, test } from 'vitest';
import { encodeRequest } from '../../src/cni/protocol/frame.ts';
import { prefix } from '../../src/net/prefix.ts';
import { CniNode, startShim } from '../support/cni-node.ts';
import type { TestNetns } from '../support/netns.ts';

const dual = { podCIDRs: [prefix('10.244.1.0/24'), prefix('fd00:244:1::/64')], mtu: 1450 };

/** The bytes that the shim would send for an ADD. */
const addRequest = (containerID: string, pod: TestNetns): Buffer =>
  encodeRequest({
    environment: new Map([
      ['CNI_COMMAND', 'ADD'],
      ['CNI_CONTAINERID', containerID],
      ['CNI_NETNS', pod.path],
      ['CNI_IFNAME', 'eth0'],
      ['CNI_PATH', '/opt/cni/bin'],
    ]),
    stdin: '{"cniVersion":"1.0.0","name":"gryphon"}',
  });

/** Resolves when the agent has done everything that came before. */
const settled = (node: CniNode) => expect.poll(() => node.links(), { timeout: 10_000 });

test('a DEL that overtakes its ADD: the ADD of a caller that is dead by then leaves nothing', async () => {
  await using node = await CniNode.create(dual);
  await node.start();
  const pod = await node.pod();
  const late = net.connect({ path: node.socketPath });
  late.on('error', () => {});
  await once(late, 'connect');
  expect(await node.del('c1', pod.path)).toMatchObject({ exit: 0 });
  await new Promise<void>((resolve) => {
    late.write(addRequest('c1', pod), () => resolve());
  });
  late.destroy();
  await once(late, 'close');
  expect(await node.call({ command: 'STATUS' })).toMatchObject({ exit: 0 });
  await settled(node).toEqual([]);
  expect(await node.add('c1', pod)).toMatchObject({ exit: 0 });
});

test('callers killed at any moment of their ADD, and DEL at once: nothing stays, and the sandboxes can be used', async () => {
  await using node = await CniNode.create(dual);
  await node.start();
  const pods = await Promise.all(Array.from({ length: 12 }, () => node.pod()));
  await Promise.all(
    pods.map(async (pod, i) => {
      const call = { command: 'ADD', containerID: `c${i}`, netns: pod.path };
      const caller = startShim(node.socketPath, call);
      setTimeout(() => caller.kill(), i);
      await caller.answer;
      expect(await node.del(`c${i}`, pod.path)).toMatchObject({ exit: 0 });
    }),
  );
  await settled(node).toEqual([]);
  const again = await Promise.all(pods.map((pod, i) => node.add(`again${i}`, pod)));
  expect(again.map(({ exit }) => exit)).toEqual(pods.map(() => 0));
});

test('many calls of one container at once: they are served one after the other, one ADD wins, DEL ends it', async () => {
  await using node = await CniNode.create(dual);
  await node.start();
  const pod = await node.pod();
  const adds = await Promise.all(Array.from({ length: 8 }, () => node.add('c1', pod)));
  const told = adds.map(({ exit, json }) => (exit === 0 ? 'added' : String(json.code)));
  expect(told.toSorted()).toEqual([...Array.from({ length: 7 }, () => '102'), 'added']);
  await pod.exec('ping', '-c1', '-W2', '192.0.2.10');
  const dels = await Promise.all(Array.from({ length: 8 }, () => node.del('c1', pod.path)));
  expect(dels.map(({ exit, stdout }) => [exit, stdout])).toEqual(dels.map(() => [0, '']));
  await settled(node).toEqual([]);
});
