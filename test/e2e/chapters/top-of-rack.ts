import fs from 'node:fs';
import { expect, test } from 'vitest';
import { layout } from '../cluster/layout.ts';
import type { Service } from '../cluster/machine.ts';
import { until } from '../cluster/until.ts';
import type { Stage } from '../stage.ts';

const AS_ROUTER = 64600;
const AS_NODES = 64512;

/** A router that takes whoever calls from the rack, in either family, and tells the kernel what it learns. */
const birdConfiguration = `log stderr all;
router id ${layout.router.ipv4};
protocol device { }
protocol kernel { ipv4 { import none; export where source = RTS_BGP; }; }
protocol kernel { ipv6 { import none; export where source = RTS_BGP; }; }
${[
  ['ipv4', layout.router.ipv4, '192.0.2.0/24'],
  ['ipv6', layout.router.ipv6, '2001:db8:0:1::/64'],
]
  .map(
    ([family, own, range]) => `protocol bgp rack_${family} {
  local ${own} as ${AS_ROUTER};
  neighbor range ${range} as ${AS_NODES};
  dynamic name "node_${family}_";
  ${family} { import all; export none; };
}`,
  )
  .join('\n')}
`;

const peerObjects = [layout.router.ipv4, layout.router.ipv6].map((peerIP, index) => ({
  apiVersion: 'gryphon.dev/v1alpha1',
  kind: 'BGPPeer',
  metadata: { name: `top-of-rack-${index}` },
  spec: { peerIP, asNumber: AS_ROUTER },
}));

export function topOfRack(stage: Stage): void {
  let bird: Service;

  const learned = async (): Promise<readonly string[]> => {
    const { router } = stage.cluster;
    const routes = await Promise.all(
      ['-4', '-6'].map((family) => router.ip(`${family} -json route show proto bird`)),
    );
    return routes.flatMap((text) => (JSON.parse(text) as { dst: string }[]).map(({ dst }) => dst)).sort();
  };

  test('learns the pod CIDRs of all nodes', async () => {
    const { router, kubectl } = stage.cluster;
    fs.writeFileSync(router.file('/run/bird.conf'), birdConfiguration);
    bird = router.start('bird', ['bird', '-f', '-c', '/run/bird.conf', '-s', '/run/bird.ctl']);
    await kubectl.apply(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: peerObjects }));
    const nodes = await kubectl.list('nodes');
    const cidrs = nodes.flatMap((node) => node.spec['podCIDRs'] as readonly string[]).sort();
    await expect.poll(learned, { timeout: 30_000 }).toEqual(cidrs);
  });

  test('reaches pods', async () => {
    for (const { ipv4, ipv6 } of stage.probes)
      for (const address of [ipv4, ipv6])
        await stage.cluster.router.exec('ping', '-c', '1', '-W', '2', address);
  });

  test('is seen by the agents, who take nothing from it', async () => {
    const text = await stage.cluster.kubectl.do(
      '--namespace gryphon-system exec daemonset/gryphon --container agent -- gryphon peers --output json',
    );
    const { items } = JSON.parse(text) as { items: readonly { name: string }[] };
    const peers = items.filter(({ name }) => name.includes('top-of-rack'));
    expect(peers).toMatchObject(
      ['ipv4-unicast', 'ipv6-unicast'].map((family) => ({
        state: 'established',
        prefixes: { [family]: { received: 0, advertised: 1 } },
      })),
    );
  });

  test('forgets everything when the peers are deleted', async () => {
    await stage.cluster.kubectl.do('delete bgppeers --all');
    await until('the router has no routes to pods', 20, async () => (await learned()).length === 0);
    await bird.kill('SIGTERM');
  });
}
