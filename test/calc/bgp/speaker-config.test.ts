import { expect, it } from 'vitest';
import type { BgpFacts } from '../../../src/calc/bgp/facts.ts';
import type { BgpResult } from '../../../src/calc/bgp/speaker-config.ts';
import type { NodeRecord } from '../../../src/kube/records/node.ts';
import { address } from '../../../src/net/address.ts';
import { bgpPeer, byName, node } from '../../support/records.ts';
import { computeFor } from './support.ts';

const cluster = byName(
  node('a', ['10.0.1.0/24', 'fd00:1::/64'], ['192.0.2.1', '2001:db8::1'], { labels: { rack: 'r1' } }),
  node('b', ['10.0.2.0/24'], ['192.0.2.2', '2001:db8::2']),
  node('c', ['10.0.3.0/24'], ['2001:db8::3'], { asNumber: 65_003 }),
);

const compute = (
  more: Partial<BgpFacts> = {},
  nodes: ReadonlyMap<string, NodeRecord> = cluster,
  self = 'a',
): BgpResult => computeFor(self, nodes, more);

/** One line per peer. */
function golden(result: BgpResult): string[] {
  return (result.config?.peers ?? []).map((p) => {
    const importing = p.import.kind === 'exactly' ? p.import.prefixes.join(',') : p.import.kind;
    return `${p.name} ${p.localAddress ?? '*'} AS${p.localAS} -> ${p.address}:${p.port} AS${p.remoteAS} hold ${p.holdTime}/${p.keepaliveTime} import ${importing} export ${p.export.kind}${p.passive ? ' passive' : ''}${p.enabled === false ? ' disabled' : ''}`;
  });
}

it('meshes with every other node over a family that both have', () => {
  const result = compute();
  expect(golden(result)).toEqual([
    'mesh/b 192.0.2.1 AS64512 -> 192.0.2.2:179 AS64512 hold 30/10 import 10.0.2.0/24 export originated',
    'mesh/c 2001:db8::1 AS64512 -> 2001:db8::3:179 AS65003 hold 30/10 import 10.0.3.0/24 export originated',
  ]);
  expect(result.config).toMatchObject({
    routerID: '192.0.2.1',
    localAS: 64_512,
    listen: [
      { address: '192.0.2.1', port: 179 },
      { address: '2001:db8::1', port: 179 },
    ],
    originated: [{ prefix: '10.0.1.0/24' }, { prefix: 'fd00:1::/64' }],
    nextHops: { ipv4: '192.0.2.1', ipv6: '2001:db8::1' },
  });
});

it('merges BGPConfiguration default and node.NAME', () => {
  const configurations = byName(
    { name: 'default', asNumber: 65_000, holdTime: 9, listenPort: 1790, unsupported: [] },
    { name: 'node.a', asNumber: 65_001, keepaliveTime: 2, unsupported: [] },
    { name: 'node.b', asNumber: 65_002, listenPort: 1791, unsupported: [] },
  );
  expect(golden(compute({ configurations }))).toEqual([
    'mesh/b 192.0.2.1 AS65001 -> 192.0.2.2:1791 AS65002 hold 9/2 import 10.0.2.0/24 export originated',
    'mesh/c 2001:db8::1 AS65001 -> 2001:db8::3:1790 AS65003 hold 9/2 import 10.0.3.0/24 export originated',
  ]);
  expect(compute({ configurations }, cluster, 'c').config?.peers[0]).toMatchObject({
    localAS: 65_003,
    remoteAS: 65_001,
    holdTime: 9,
    keepaliveTime: 3,
  });
});

it('adds the peers that name this node, choose it, or are for all', () => {
  const noMesh = byName({ name: 'default', nodeToNodeMeshEnabled: false, unsupported: [] });
  const peers = byName(
    bgpPeer('everybody', '198.51.100.1', 64_600),
    bgpPeer('mine', '198.51.100.2', 64_601, {
      node: 'a',
      port: 1790,
      holdTime: 6,
      description: 'rack 1',
      passive: true,
    }),
    bgpPeer('other', '198.51.100.3', 64_602, { node: 'b' }),
    bgpPeer('rack1', '2001:db8:1::1', 64_512, {
      nodeSelector: "rack == 'r1'",
      sourceAddress: 'None',
      keepaliveTime: 5,
    }),
    bgpPeer('rack2', '198.51.100.5', 64_603, { nodeSelector: "rack == 'r2'" }),
    bgpPeer('off', '198.51.100.6', 64_604, { enabled: false }),
    bgpPeer('self', '192.0.2.1', 64_512),
  );
  expect(golden(compute({ configurations: noMesh, peers }))).toEqual([
    'peer/everybody 192.0.2.1 AS64512 -> 198.51.100.1:179 AS64600 hold 30/10 import none export originated',
    'peer/mine 192.0.2.1 AS64512 -> 198.51.100.2:1790 AS64601 hold 6/2 import none export originated passive',
    'peer/off 192.0.2.1 AS64512 -> 198.51.100.6:179 AS64604 hold 30/10 import none export originated disabled',
    'peer/rack1 * AS64512 -> 2001:db8:1::1:179 AS64512 hold 30/5 import originators export originated',
    // Every other node is told to peer with us.
    'peer/self/b 192.0.2.1 AS64512 -> 192.0.2.2:179 AS64512 hold 30/10 import 10.0.2.0/24 export originated',
  ]);
});

it('ebgpRequiresPolicy: external peers without policy get nothing (RFC 8212)', () => {
  const configurations = byName({
    name: 'default',
    ebgpRequiresPolicy: true,
    nodeToNodeMeshEnabled: false,
    unsupported: [],
  });
  const peers = byName(bgpPeer('ext', '198.51.100.1', 64_600), bgpPeer('int', '198.51.100.2', 64_512));
  expect(golden(compute({ configurations, peers })).map((l) => l.split(' ').at(-1))).toEqual([
    'none',
    'originated',
  ]);
});

it('a BGPPeer that names a node takes the place of its mesh session and keeps its import policy', () => {
  const peers = byName(bgpPeer('to-b', '192.0.2.2', 64_512, { holdTime: 3 }));
  expect(golden(compute({ peers }))).toContain(
    'peer/to-b 192.0.2.1 AS64512 -> 192.0.2.2:179 AS64512 hold 3/1 import 10.0.2.0/24 export originated',
  );
  expect(golden(compute({ peers }))).toHaveLength(2);
});

it('reports what cannot be', () => {
  const v4only = byName(node('a', ['10.0.1.0/24'], ['192.0.2.1']));
  const peers = byName(
    bgpPeer('one', '198.51.100.1', 1),
    bgpPeer('two', '198.51.100.1', 2),
    bgpPeer('six', '2001:db8::9', 3),
  );
  expect(compute({ peers }, v4only).problems.map((p) => `${p.code} ${p.subject}`)).toEqual([
    'GRY_BGP_PEER_FAMILY BGPPeer six',
    'GRY_BGP_PEER_DUPLICATE BGPPeer two',
  ]);
});

it('has no speaker without a node or an address, and a hashed router ID without IPv4', () => {
  expect(compute({}, cluster, 'nobody').config).toBeUndefined();
  expect(compute({}, byName(node('a', ['10.0.1.0/24'], []))).config).toBeUndefined();
  const six = byName(node('a', ['fd00:1::/64'], ['2001:db8::1']), node('b', [], ['192.0.2.2']));
  const result = compute({}, six);
  expect(result.config?.routerID).not.toBe(address('0.0.0.0'));
  expect(result.config?.routerID).toBe(compute({}, six).config?.routerID);
  expect(result.config?.peers).toEqual([]);
});
