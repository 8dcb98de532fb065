import { describe, expect, it } from 'vitest';
import { address } from '../../../src/net/address.ts';
import { bgpPeer, byName, node, selectedPeers } from '../../support/records.ts';
import { computeFor, golden, problemLines } from './support.ts';

const cluster = address('10.9.9.9');
const noMesh = byName({ name: 'default', nodeToNodeMeshEnabled: false, unsupported: [] });

/** Two workers and two reflectors of one cluster. */
const nodes = byName(
  node('r1', ['10.0.11.0/24'], ['192.0.2.11'], { labels: { rr: '' }, routeReflectorClusterID: cluster }),
  node('r2', ['10.0.12.0/24'], ['192.0.2.12'], { labels: { rr: '' }, routeReflectorClusterID: cluster }),
  node('w1', ['10.0.1.0/24'], ['192.0.2.1']),
  node('w2', ['10.0.2.0/24'], ['192.0.2.2']),
);
const reflected = byName(
  selectedPeers('clients', 'has(rr)', { nodeSelector: '!has(rr)' }),
  selectedPeers('reflectors', 'has(rr)', { nodeSelector: 'has(rr)' }),
);

describe('reflectors', () => {
  it('a worker meshes with workers and takes from reflectors what each originator may tell', () => {
    expect(golden(computeFor('w1', nodes, { peers: reflected }))).toEqual([
      'mesh/w2 AS64512 192.0.2.1 -> AS64512 192.0.2.2:179; in exactly 10.0.2.0/24; out originated',
      'peer/clients/r1 AS64512 192.0.2.1 -> AS64512 192.0.2.11:179; in of originators 192.0.2.11 10.0.11.0/24, 192.0.2.12 10.0.12.0/24, 192.0.2.2 10.0.2.0/24; out originated',
      'peer/clients/r2 AS64512 192.0.2.1 -> AS64512 192.0.2.12:179; in of originators 192.0.2.11 10.0.11.0/24, 192.0.2.12 10.0.12.0/24, 192.0.2.2 10.0.2.0/24; out originated',
    ]);
  });

  it('a reflector peers back with its clients, serves them, and is no client of the other one', () => {
    const result = computeFor('r1', nodes, { peers: reflected });
    expect(golden(result)).toEqual([
      'peer/clients/w1 AS64512 192.0.2.11 -> AS64512 192.0.2.1:179; in exactly 10.0.1.0/24; out all; client',
      'peer/clients/w2 AS64512 192.0.2.11 -> AS64512 192.0.2.2:179; in exactly 10.0.2.0/24; out all; client',
      'peer/reflectors/r2 AS64512 192.0.2.11 -> AS64512 192.0.2.12:179; in of originators 192.0.2.12 10.0.12.0/24, 192.0.2.1 10.0.1.0/24, 192.0.2.2 10.0.2.0/24; out all',
    ]);
    expect(result.config?.clusterID).toBe(cluster);
    expect(result.problems).toEqual([]);
  });

  it('a reflector of another cluster is a client, as in Calico', () => {
    const other = new Map(nodes);
    const r2 = node('r2', ['10.0.12.0/24'], ['192.0.2.12'], {
      labels: { rr: '' },
      routeReflectorClusterID: address('10.8.8.8'),
    });
    const lines = golden(computeFor('r1', other.set('r2', r2), { peers: reflected }));
    expect(lines.at(-1)).toMatch(/^peer\/reflectors\/r2 .*; out all; client$/);
  });

  it('every peer that gets the originators gets the same list', () => {
    const peers = computeFor('w1', nodes, { peers: reflected }).config?.peers ?? [];
    const lists = peers.flatMap((p) => (p.import.kind === 'originators' ? [p.import.nodes] : []));
    expect(lists).toHaveLength(2);
    expect(lists[0]).toBe(lists[1]);
  });

  it('a router in another AS gets only what is ours, a router in our AS is a client', () => {
    const peers = byName(bgpPeer('ext', '198.51.100.1', 64_600), bgpPeer('int', '198.51.100.2', 64_512));
    expect(
      golden(computeFor('r1', nodes, { peers })).map((line) => line.replace(/; in .*; out/, '; out')),
    ).toEqual([
      'peer/ext AS64512 192.0.2.11 -> AS64600 198.51.100.1:179; out originated',
      'peer/int AS64512 192.0.2.11 -> AS64512 198.51.100.2:179; out all; client',
    ]);
  });

  it('with nobody to serve is reported', () => {
    expect(problemLines(computeFor('r1', nodes))).toEqual([
      'warning GRY_BGP_REFLECTOR_ALONE Node r1: it is a route reflector, so the mesh leaves it out, and no BGPPeer gives it a session; write a BGPPeer whose peerSelector selects it, or remove its annotation gryphon.dev/route-reflector-cluster-id',
    ]);
  });
});

describe('peerSelector', () => {
  it('Manual peers nobody back', () => {
    const peers = byName(selectedPeers('p', 'has(rr)', { node: 'w1', reversePeering: 'Manual' }));
    const facts = { peers, configurations: noMesh };
    expect(golden(computeFor('w1', nodes, facts))).toHaveLength(2);
    expect(golden(computeFor('r1', nodes, facts))).toEqual([]);
  });

  it('takes the place of the mesh on both sides, with the same settings', () => {
    const peers = byName(selectedPeers('slow', 'all()', { node: 'w1', holdTime: 90, ttlSecurity: 1 }));
    for (const [self, other] of [
      ['w1', 'w2'],
      ['w2', 'w1'],
    ] as const) {
      const found = computeFor(self, nodes, { peers }).config?.peers ?? [];
      expect(found.find((p) => p.name === `peer/slow/${other}`)).toMatchObject({
        holdTime: 90,
        ttlSecurity: 1,
      });
      expect(found.map((p) => p.name)).not.toContain(`mesh/${other}`);
    }
  });

  it('what one side sends the other receives: ways of add-path, roles, who dials, the AS of the session', () => {
    const peers = byName(
      selectedPeers('p', 'has(rr)', {
        node: 'w1',
        localASNumber: 65_001,
        passive: true,
        addPath: 'Send',
        role: 'Customer',
      }),
    );
    const facts = { peers, configurations: noMesh };
    expect(computeFor('w1', nodes, facts).config?.peers[0]).toMatchObject({
      name: 'peer/p/r1',
      localAS: 65_001,
      remoteAS: 64_512,
      passive: true,
      addPath: 'send',
      role: 'customer',
    });
    expect(computeFor('r1', nodes, facts).config?.peers[0]).toMatchObject({
      name: 'peer/p/w1',
      localAS: 64_512,
      remoteAS: 65_001,
      passive: false,
      addPath: 'receive',
      role: 'provider',
    });
  });

  it('knows the port and the AS of each node', () => {
    const configurations = byName(
      { name: 'default', asNumber: 65_000, nodeToNodeMeshEnabled: false, unsupported: [] },
      { name: 'node.w2', asNumber: 65_002, listenPort: 1790, unsupported: [] },
    );
    const peers = byName(selectedPeers('p', '!has(rr)', { nodeSelector: '!has(rr)' }));
    expect(golden(computeFor('w1', nodes, { peers, configurations }))).toEqual([
      'peer/p/w2 AS65000 192.0.2.1 -> AS65002 192.0.2.2:1790; in exactly 10.0.2.0/24; out originated',
    ]);
  });

  it('prefers IPv4, falls back to IPv6, and leaves out who has no family in common', () => {
    const mixed = byName(
      node('a', ['10.0.1.0/24'], ['192.0.2.1', '2001:db8::1']),
      node('b', ['10.0.2.0/24'], ['192.0.2.2', '2001:db8::2']),
      node('c', ['10.0.3.0/24'], ['2001:db8::3']),
      node('d', ['10.0.4.0/24'], ['192.0.2.4']),
    );
    const peers = byName(selectedPeers('p', 'all()', {}));
    const names = (self: string): string[] =>
      computeFor(self, mixed, { peers }).config?.peers.map((p) => `${p.name} ${p.address}`) ?? [];
    expect(names('a')).toEqual(['peer/p/b 192.0.2.2', 'peer/p/c 2001:db8::3', 'peer/p/d 192.0.2.4']);
    expect(names('c')).toEqual(['peer/p/a 2001:db8::1', 'peer/p/b 2001:db8::2']);
    expect(names('d')).toEqual(['peer/p/a 192.0.2.1', 'peer/p/b 192.0.2.2']);
  });
});

describe('peerIP of a node', () => {
  const peers = byName(bgpPeer('to-w2', '192.0.2.2', 64_512, { node: 'w1' }));

  it('is peered back over the same family', () => {
    expect(golden(computeFor('w2', nodes, { peers, configurations: noMesh }))).toEqual([
      'peer/to-w2/w1 AS64512 192.0.2.2 -> AS64512 192.0.2.1:179; in exactly 10.0.1.0/24; out originated',
    ]);
  });

  const dual = byName(
    node('a', ['10.0.1.0/24'], ['192.0.2.1', '2001:db8::1']),
    node('b', ['10.0.2.0/24'], ['192.0.2.2', '2001:db8::2']),
    node('c', ['10.0.3.0/24'], ['192.0.2.3', '2001:db8::3']),
    node('v4', ['10.0.4.0/24'], ['192.0.2.4']),
  );

  it.each([
    [
      'names b by its IPv6 address',
      'a',
      bgpPeer('six', '2001:db8::2', 64_512, { node: 'a' }),
      ['mesh/c', 'mesh/v4', 'peer/six'],
    ],
    [
      'is named by its IPv6 address',
      'b',
      bgpPeer('six', '2001:db8::2', 64_512, { node: 'a' }),
      ['mesh/c', 'mesh/v4', 'peer/six/a'],
    ],
    [
      'has nothing to do with it',
      'c',
      bgpPeer('six', '2001:db8::2', 64_512, { node: 'a' }),
      ['mesh/a', 'mesh/b', 'mesh/v4'],
    ],
    [
      'names b, but has no address of that family',
      'v4',
      bgpPeer('six', '2001:db8::2', 64_512),
      ['mesh/a', 'mesh/b', 'mesh/c'],
    ],
    [
      'is named so by a node that has none of that family',
      'b',
      bgpPeer('six', '2001:db8::2', 64_512, { node: 'v4' }),
      ['mesh/a', 'mesh/c', 'mesh/v4'],
    ],
  ])('takes the place of the mesh whatever the family: a node that %s', (_, self, peer, expected) => {
    const found = computeFor(self, dual, { peers: byName(peer) }).config?.peers ?? [];
    expect(found.map((p) => p.name)).toEqual(expected);
  });

  it.each([
    ['of another AS', bgpPeer('to-w2', '192.0.2.2', 65_001, { node: 'w1' })],
    ['on another port', bgpPeer('to-w2', '192.0.2.2', 64_512, { node: 'w1', port: 1790 })],
    [
      'that wants it by hand',
      bgpPeer('to-w2', '192.0.2.2', 64_512, { node: 'w1', reversePeering: 'Manual' }),
    ],
  ])('but not %s', (_, peer) => {
    const facts = { peers: byName(peer), configurations: noMesh };
    expect(golden(computeFor('w2', nodes, facts))).toEqual([]);
  });

  it('with the AS of somebody else is reported where it is used', () => {
    const wrong = byName(bgpPeer('to-w2', '192.0.2.2', 65_001, { node: 'w1' }));
    expect(problemLines(computeFor('w1', nodes, { peers: wrong }))).toEqual([
      'error GRY_BGP_PEER_AS BGPPeer to-w2 spec.asNumber: it says 65001, and Node w2, whose address it names, is in AS 64512; write 64512, or give the Node another AS number',
    ]);
  });
});

describe('several BGPPeers for one neighbour', () => {
  it('that want the same do not contradict each other', () => {
    const peers = byName(selectedPeers('a', 'has(rr)', {}), selectedPeers('b', 'has(rr)', {}));
    const result = computeFor('w1', nodes, { peers });
    expect(result.problems).toEqual([]);
    expect(result.config?.peers.map((p) => p.name)).toEqual(['mesh/w2', 'peer/a/r1', 'peer/a/r2']);
  });

  it('that want different things: the first name keeps the session, the other is reported', () => {
    const peers = byName(
      selectedPeers('a', 'has(rr)', {}),
      selectedPeers('b', 'has(rr)', { node: 'w1', holdTime: 9 }),
    );
    const result = computeFor('w1', nodes, { peers });
    expect(problemLines(result)).toEqual([
      'error GRY_BGP_PEER_DUPLICATE BGPPeer b: it names 192.0.2.11, as BGPPeer a does, which keeps the session; delete one of the two, or let their nodeSelectors choose different nodes',
      'error GRY_BGP_PEER_DUPLICATE BGPPeer b: it names 192.0.2.12, as BGPPeer a does, which keeps the session; delete one of the two, or let their nodeSelectors choose different nodes',
    ]);
    expect(result.config?.peers.map((p) => p.name)).toEqual(['mesh/w2', 'peer/a/r1', 'peer/a/r2']);
  });

  it('one that names the neighbour goes before one that peers back', () => {
    const peers = byName(
      selectedPeers('a', '!has(rr)', { node: 'w2', holdTime: 9 }),
      selectedPeers('b', '!has(rr)', { node: 'w1', holdTime: 12 }),
    );
    expect(computeFor('w1', nodes, { peers }).config?.peers.map((p) => [p.name, p.holdTime])).toEqual([
      ['peer/b/w2', 12],
    ]);
  });
});
