import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Peer } from '../../src/api/resources/peer.ts';
import type { Daemon } from '../interop/daemon.ts';
import { bird } from '../interop/daemons/bird.ts';
import type { AgentNode } from '../support/agent-node.ts';
import { type AgentPair, agentPair, bgpDefaults, learnedRoutes, pairNodes } from '../support/agent-pair.ts';
import { connect, createNetns, createSwitch, type TestNetns } from '../support/netns.ts';

let lan: TestNetns;
/** Where a router outside of the cluster runs. */
let outside: TestNetns;

beforeAll(async () => {
  lan = await createSwitch();
  outside = await createNetns();
  await connect(
    { netns: outside, name: 'eth0', addresses: ['192.0.2.1/24', '2001:db8::1/64'] },
    { netns: lan, name: 'router' },
  );
  await lan.ip('link set router master br0');
});
afterAll(() => {
  outside?.remove();
  lan?.remove();
});

/** Waits until the node has exactly these routes to other machines, in any order. */
const hasRoutes = (node: AgentNode, ...routes: readonly string[]): Promise<unknown> =>
  node.until('the routes', async () => {
    expect((await node.remoteRoutes()).toSorted()).toEqual(routes.toSorted());
    return true;
  });

async function started({ a, b }: AgentPair): Promise<void> {
  a.start('node-a');
  b.start('node-b');
  await Promise.all([hasRoutes(a, ...learnedRoutes.a), hasRoutes(b, ...learnedRoutes.b)]);
}

/** Gives the node other manifests, and waits until it has read them. */
async function change(node: AgentNode, manifests: string): Promise<void> {
  const read = (): number => node.log().match(/manifest read/g)?.length ?? 0;
  const before = read();
  node.write('all.yaml', manifests);
  await node.until('the manifest', () => Promise.resolve(read() > before));
}

describe('a cordoned node', () => {
  const [first, second] = pairNodes.split(/(?<=^---\n)/m);
  const cordoned = `${first}${second?.replace('spec:', 'spec:\n  unschedulable: true')}`;
  const podCIDRs = ['10.244.2.0/24', 'fd00:244:2::/64'];

  it('keeps its routes; they become the last choice where that is asked for', async () => {
    await using pair = await agentPair(lan);
    const { a, b } = pair;
    await started(pair);
    using monitor = a.watchRoutes();
    /** Waits until this is what node-a knows of the ways to node-b's pods. */
    const paths = (localPref: number, communities: readonly string[]): Promise<unknown> =>
      a.until(`LOCAL_PREF ${localPref}`, async () => {
        const routes = (await a.bgpRoutes()).filter(({ prefix }) => podCIDRs.includes(prefix));
        const wanted = { paths: [{ localPref, communities, best: true }], kernel: { state: 'installed' } };
        expect(routes).toMatchObject([wanted, wanted]);
        return true;
      });
    await paths(100, []);

    for (const node of [b, a]) await change(node, cordoned);
    await paths(100, []);
    for (const node of [b, a]) {
      await change(node, cordoned + bgpDefaults('gracefulShutdownWhenCordoned: true'));
    }
    await paths(0, ['graceful-shutdown']);
    for (const node of [b, a]) {
      await change(node, pairNodes + bgpDefaults('gracefulShutdownWhenCordoned: true'));
    }
    await paths(100, []);

    expect((await a.peers()).map(({ state, flaps }) => [state, flaps])).toEqual([['established', 0]]);
    expect(await a.remoteRoutes()).toEqual(learnedRoutes.a);
    expect(await monitor.upToNow()).toEqual([]);
  });
});

/** A BGPPeer of node-a alone: the router outside. */
const router = (...fields: readonly string[]): string =>
  `apiVersion: gryphon.dev/v1alpha1
kind: BGPPeer
metadata: {name: border}
spec: {${['node: node-a', 'peerIP: 192.0.2.1', 'asNumber: 64600', ...fields].join(', ')}}
---
`;

const filter = (...lists: readonly string[]): string =>
  `apiVersion: gryphon.dev/v1alpha1
kind: BGPFilter
metadata: {name: border}
spec: {${lists.join(', ')}}
---
`;

/** The router as node-a has it. */
const border = async (node: AgentNode): Promise<Peer | undefined> =>
  (await node.peers()).find(({ name }) => name === 'peer/border');

const startRouter = (prefixes: readonly string[]): Promise<Daemon> =>
  bird.start(outside, {
    as: 64600,
    routerID: '192.0.2.1',
    neighbors: [{ address: '192.0.2.10', as: 64512, local: '192.0.2.1' }],
    routes: prefixes.map((prefix) => ({ prefix })),
    nextHops: { ipv4: '192.0.2.1', ipv6: '2001:db8::1' },
  });

/** Waits until the router has been told these prefixes. */
const isTold = (node: AgentNode, daemon: Daemon, prefixes: readonly string[]): Promise<unknown> =>
  node.until('the router to be told', async () => {
    const told = (await daemon.received('192.0.2.10')).map(({ prefix }) => prefix);
    expect(told.toSorted()).toEqual(prefixes);
    return true;
  });

describe.skipIf(!bird.installed)('a router outside of the cluster', () => {
  const own = ['10.244.1.0/24', 'fd00:244:1::/64'];
  const inside = ['10.244.1.128/25', 'fd00:244:1:0:8000::/65'];
  const foreign = ['0.0.0.0/0', '10.50.0.0/24', 'fd50::/64'];
  const way = {
    default: 'default via 192.0.2.1 dev eth0 src 192.0.2.10',
    ipv4: '10.50.0.0/24 via 192.0.2.1 dev eth0 src 192.0.2.10',
    ipv6: 'fd50::/64 via 2001:db8::1 dev eth0 src 2001:db8::10 metric 1024 pref medium',
  };
  const filtered = router('filters: [border]');
  const takeAll = ['importV4: [{action: Accept}]', 'importV6: [{action: Accept}]'];

  it('gets what is ours and gives what a filter accepts, and no change of that costs the session', async () => {
    await using pair = await agentPair(lan);
    const { a } = pair;
    await using daemon = await startRouter([...foreign, ...own, ...inside]);
    a.write('all.yaml', pairNodes + router());
    await started(pair);
    const up = await a.until('the session', async () => {
      const peer = await border(a);
      return peer?.state === 'established' && peer.endOfRib && peer;
    });
    const isSame = async (): Promise<void> =>
      expect(await border(a)).toMatchObject({ flaps: 0, establishedAt: up.establishedAt });

    // node-b's podCIDRs, which node-a has learned, are not passed on; nothing is taken.
    await isTold(a, daemon, own);
    const counts = { received: 4, accepted: 0, advertised: 1 };
    expect(await border(a)).toMatchObject({
      prefixes: { 'ipv4-unicast': counts, 'ipv6-unicast': { ...counts, received: 3 } },
    });
    expect(await a.remoteRoutes()).toEqual(learnedRoutes.a);

    a.write('all.yaml', pairNodes + filtered + filter(...takeAll));
    await hasRoutes(a, ...learnedRoutes.a, ...Object.values(way));
    const reasons = (await a.bgpRoutes())
      .filter(({ prefix }) => [...own, ...inside].includes(prefix))
      .map(({ prefix, paths }) => [prefix, paths.find(({ peer }) => peer === 'peer/border')?.reason]);
    expect(Object.fromEntries(reasons)).toEqual({
      '10.244.1.0/24': 'this node originates the prefix',
      '10.244.1.128/25': 'it lies inside a prefix of this node',
      'fd00:244:1::/64': 'this node originates the prefix',
      'fd00:244:1:0:8000::/65': 'it lies inside a prefix of this node',
    });

    const onlyDefault = 'importV4: [{action: Accept, cidr: 0.0.0.0/0, matchOperator: Equal}]';
    const noIPv6 = 'exportV6: [{action: Reject}]';
    a.write('all.yaml', pairNodes + filtered + filter(onlyDefault, noIPv6));
    await hasRoutes(a, ...learnedRoutes.a, way.default);
    await isTold(a, daemon, ['10.244.1.0/24']);
    await isSame();

    a.write('all.yaml', pairNodes + router());
    await hasRoutes(a, ...learnedRoutes.a);
    await isTold(a, daemon, own);
    await isSame();

    const strict = bgpDefaults('ebgpRequiresPolicy: true');
    a.write('all.yaml', pairNodes + strict + router());
    await isTold(a, daemon, []);
    expect(await a.remoteRoutes()).toEqual(learnedRoutes.a);
    a.write('all.yaml', pairNodes + strict + filtered + filter('exportV4: [{action: Accept}]'));
    await isTold(a, daemon, ['10.244.1.0/24', '10.244.2.0/24']);
    await isSame();
  });

  it('that tells too much is warned about, then sent away for the restart time', async () => {
    await using pair = await agentPair(lan);
    const { a } = pair;
    const numbered = (count: number): readonly { readonly prefix: string }[] =>
      Array.from({ length: count }, (_, i) => ({ prefix: `10.50.${i}.0/24` }));
    await using daemon = await startRouter([]);
    const limit = ['maxPrefixes: 5', 'maxPrefixesRestartTime: 4'];
    a.write('all.yaml', pairNodes + router(...limit));
    a.start('node-a');
    const established = (): Promise<Peer> =>
      a.until('the session', async () => {
        const peer = await border(a);
        return peer?.state === 'established' && peer;
      });
    await established();
    const limitProblem = async (): Promise<object | undefined> =>
      (await border(a))?.problems.find(({ code }) => code === 'GRY_BGP_PREFIX_LIMIT');
    expect(await limitProblem()).toBeUndefined();

    await daemon.announce(numbered(4));
    expect(await a.until('the warning', limitProblem)).toMatchObject({
      severity: 'warning',
      message: 'ipv4-unicast: 4 prefixes, the session ends when there are more than 5',
    });
    expect(await border(a)).toMatchObject({ state: 'established', flaps: 0 });

    await daemon.announce(numbered(6));
    const down = await a.until('the end', async () => {
      const peer = await border(a);
      return peer?.state === 'idle' && peer;
    });
    const reason = 'ipv4-unicast: 6 prefixes are more than the limit of 5; tried again after 4 s';
    expect(down).toMatchObject({
      lastDown: {
        reason: expect.stringContaining(reason),
        notification: { direction: 'sent', code: 6, subcode: 1, name: expect.stringContaining('Maximum') },
      },
      problems: [{ code: 'GRY_BGP_PREFIX_LIMIT', severity: 'error' }],
    });
    expect(await a.gryphon('peers')).toContain(reason);
    expect(await daemon.describe('192.0.2.10')).toMatch(/[Mm]aximum number of prefixes/);

    // The router goes on dialling, and is not let in before.
    await daemon.announce(numbered(3));
    const { establishedAt = '', problems } = await established();
    const away = Date.parse(establishedAt) - Date.parse(down.lastDown?.at ?? '');
    expect(away).toBeGreaterThanOrEqual(4_000);
    expect(problems).toEqual([]);
  });
});
