import { expect, test } from 'vitest';
import { prefix } from '../../src/net/prefix.ts';
import { CniNode } from '../support/cni-node.ts';
import { connect, createNetns, type TestNetns } from '../support/netns.ts';

const dual = { podCIDRs: [prefix('10.244.1.0/24'), prefix('fd00:244:1::/64')], mtu: 1450 };

/** A router 169.254.1.1 on a wire of its own with the node, whose default route leads there; behind it 203.0.113.1. */
async function routerOf(node: TestNetns): Promise<TestNetns> {
  const router = await createNetns();
  await connect(
    { netns: node, name: 'eth0' },
    { netns: router, name: 'eth0', addresses: ['169.254.1.1/32'] },
  );
  await router.ip('address add 203.0.113.1/32 dev lo');
  await router.ip('route add 192.0.2.10/32 dev eth0');
  await router.ip('route add 10.244.1.0/24 via 192.0.2.10 dev eth0 onlink');
  await node.ip('route add 169.254.1.1 dev eth0 scope link');
  await node.ip('route add default via 169.254.1.1 dev eth0');
  return router;
}

/** Who answers, asked on the wire of the router for the router's own address: nobody but the router may. */
const answersOnTheWire = (router: TestNetns): Promise<string> =>
  router.exec('arping', '-c1', '-w1', '-S', '203.0.113.1', '-i', 'eth0', '169.254.1.1').catch(String);

test('a node whose own router is 169.254.1.1 keeps it, and its pods have the gateway all the same', async () => {
  await using node = await CniNode.create({ ...dual, routerAtGateway: true });
  using router = await routerOf(node.netns);
  await node.start();
  const pod = await node.pod();
  expect(await node.add('c1', pod)).toMatchObject({ exit: 0 });
  await pod.exec('ping', '-c1', '-W2', '203.0.113.1');
  await pod.exec('ping', '-c1', '-W2', '2001:db8::10');
  expect(await pod.exec('arping', '-c1', '-w2', '-I', 'eth0', '169.254.1.1')).toContain('ee:ee:ee:ee:ee:ee');
  expect(await node.netns.ip('route get 169.254.1.1')).toContain('dev eth0');
  expect(await node.netns.ip('-4 address')).not.toContain('169.254.1.1');
  expect(await answersOnTheWire(router)).not.toContain('bytes from');
  expect(await node.del('c1', pod.path)).toMatchObject({ exit: 0 });
  expect(await node.netns.ip('neigh show proxy')).toBe('');
});
