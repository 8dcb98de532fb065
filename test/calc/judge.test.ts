import { describe, expect, it } from 'vitest';
import { judge } from '../../src/calc/judge.ts';
import { usablePools } from '../../src/calc/usable-pools.ts';
import type { BGPConfigurationRecord } from '../../src/kube/records/bgp-configuration.ts';
import type { Evidence } from '../../src/kube/records/evidence.ts';
import type { IPPoolRecord } from '../../src/kube/records/ip-pool.ts';
import { prefix } from '../../src/net/prefix.ts';
import { Secret } from '../../src/net/secret.ts';
import { bgpFilter, bgpPeer, byName, node, selectedPeers } from '../support/records.ts';

const nothing: Evidence = {
  nodes: byName(node('a', [], [], { labels: { rack: '1' } }), node('b', [], [], { labels: { rack: '2' } })),
  pools: new Map(),
  bgpConfigurations: new Map(),
  bgpPeers: new Map(),
  bgpFilters: new Map(),
  secrets: new Map(),
  readSecrets: new Set(['bgp']),
};

/** Codes by object. */
const codes = (evidence: Partial<Evidence>): Record<string, string[]> =>
  Object.fromEntries(
    [...judge({ ...nothing, ...evidence })].map(([id, problems]) => [id, problems.map(({ code }) => code)]),
  );

const pool = (name: string, cidr: string, createdAt?: number): IPPoolRecord => ({
  name,
  cidr: prefix(cidr),
  natOutgoing: false,
  disabled: false,
  disableBGPExport: false,
  unsupported: [],
  ...(createdAt !== undefined && { createdAt }),
});

const configuration = (
  name: string,
  communities: readonly string[],
  definitions: readonly string[] = [],
): BGPConfigurationRecord => ({
  name,
  prefixAdvertisements: [{ cidr: prefix('10.0.0.0/8'), communities }],
  communities: new Map(definitions.map((text) => [text, { kind: 'standard', value: 1 }])),
  unsupported: [],
});

const secretOf = (name: string, key = 'tor') => ({ password: { kind: 'secret', name, key } }) as const;
const bgp = (text: string) => byName({ name: 'bgp', values: new Map([['tor', new Secret(text)]]) });

describe('pools', () => {
  it.each<[string, readonly IPPoolRecord[], readonly string[]]>([
    ['apart', [pool('a', '10.0.0.0/16'), pool('b', '10.1.0.0/16')], ['a', 'b']],
    ['of two families', [pool('a', '0.0.0.0/0'), pool('b', '::/0')], ['a', 'b']],
    ['the same range', [pool('b', '10.0.0.0/16'), pool('a', '10.0.0.0/16')], ['a']],
    ['one in the other, the name decides', [pool('b', '10.0.0.0/8'), pool('a', '10.0.0.0/16')], ['a']],
    ['a newer one in an older one', [pool('a', '10.0.0.0/16', 2), pool('b', '10.0.0.0/8', 1)], ['b']],
    ['a newer one around an older one', [pool('a', '10.0.0.0/8', 2), pool('b', '10.0.0.0/16', 1)], ['b']],
    [
      'one that overlaps only what is not used',
      [pool('a', '10.0.0.0/16', 1), pool('b', '10.0.0.0/8', 2), pool('c', '10.9.0.0/16', 3)],
      ['a', 'c'],
    ],
  ])('%s', (_, pools, expected) => {
    const records = byName(...pools);
    const { pools: used, problems } = usablePools(records);
    expect([...used.keys()].sort()).toEqual(expected);
    const left = pools.map(({ name }) => name).filter((name) => !expected.includes(name));
    expect(problems.map(({ subject }) => subject)).toEqual(left.map((name) => `IPPool ${name} spec.cidr`));
    if (left.length === 0) expect(used).toBe(records);
    expect(Object.keys(codes({ pools: records }))).toEqual(left.map((name) => `IPPool ${name}`));
  });

  it('are told which other one', () => {
    const { problems } = usablePools(byName(pool('new', '10.0.0.0/24', 2), pool('old', '10.0.0.0/8', 1)));
    expect(problems).toMatchObject([
      {
        code: 'GRY_POOL_OVERLAP',
        message:
          '10.0.0.0/24 overlaps 10.0.0.0/8 of IPPool old, which is the older one; this one is not used',
      },
    ]);
  });
});

describe('passwords', () => {
  const peer = (name: string, key?: string) =>
    byName(bgpPeer('tor', '192.0.2.1', 65_001, secretOf(name, key)));
  it.each<[string, Partial<Evidence>, boolean]>([
    ['there', { bgpPeers: peer('bgp'), secrets: bgp('s3cret\n') }, true],
    ['no Secret', { bgpPeers: peer('bgp') }, false],
    ['no key', { bgpPeers: peer('bgp', 'other'), secrets: bgp('s3cret') }, false],
    ['empty', { bgpPeers: peer('bgp'), secrets: bgp('') }, false],
    ['too long', { bgpPeers: peer('bgp'), secrets: bgp('x'.repeat(81)) }, false],
    ['a Secret that nobody has read', { bgpPeers: peer('unread') }, true],
    [
      'a file, which is another one on each node',
      { bgpPeers: byName(bgpPeer('tor', '192.0.2.1', 1, { password: { kind: 'file', path: '/p' } })) },
      true,
    ],
  ])('%s', (_, evidence, good) => {
    expect(codes(evidence)).toEqual(good ? {} : { 'BGPPeer tor': ['GRY_BGP_PASSWORD'] });
  });

  it('of the mesh', () => {
    const mesh = { name: 'default', unsupported: [], nodeMeshPassword: secretOf('bgp').password };
    expect(codes({ bgpConfigurations: byName(mesh) })).toEqual({
      'BGPConfiguration default': ['GRY_BGP_PASSWORD'],
    });
  });
});

it('filters that do not exist, one problem each', () => {
  const peer = bgpPeer('tor', '192.0.2.1', 65_001, { filters: ['here', 'gone', 'lost'] });
  expect(codes({ bgpPeers: byName(peer), bgpFilters: byName(bgpFilter('here', {})) })).toEqual({
    'BGPPeer tor': ['GRY_BGP_FILTER_MISSING', 'GRY_BGP_FILTER_MISSING'],
  });
});

describe('communities by name', () => {
  const unknown = 'GRY_BGP_COMMUNITY_UNKNOWN';
  it.each<[string, readonly BGPConfigurationRecord[], Record<string, string[]>]>([
    ['a value', [configuration('default', ['65000:1', 'no-export'])], {}],
    ['a name', [configuration('default', ['pods'], ['pods'])], {}],
    ['a name of nobody', [configuration('default', ['pods'])], { 'BGPConfiguration default': [unknown] }],
    [
      "of a node, with default's name",
      [configuration('node.a', ['pods']), configuration('default', [], ['pods'])],
      {},
    ],
    [
      "of a node, with another node's name",
      [configuration('node.a', ['pods']), configuration('node.b', [], ['pods'])],
      { 'BGPConfiguration node.a': [unknown] },
    ],
    [
      "of default, with a node's name",
      [configuration('default', ['pods']), configuration('node.b', [], ['pods'])],
      {},
    ],
  ])('%s', (_, configurations, expected) => {
    expect(codes({ bgpConfigurations: byName(...configurations) })).toEqual(expected);
  });
});

describe('two BGPPeers for one address', () => {
  const at = (name: string, asNumber: number, more = {}) => bgpPeer(name, '192.0.2.1', asNumber, more);
  const duplicate = { 'BGPPeer b': ['GRY_BGP_PEER_DUPLICATE'] };
  it.each([
    ['that want different things', [at('b', 2), at('a', 1)], duplicate],
    ['that want the same', [at('a', 1), at('b', 1, { description: 'again' })], {}],
    ['on different nodes', [at('a', 1, { node: 'a' }), at('b', 2, { node: 'b' })], {}],
    [
      'on different racks',
      [at('a', 1, { nodeSelector: "rack == '1'" }), at('b', 2, { nodeSelector: "rack == '2'" })],
      {},
    ],
    ['of which one is for all', [at('a', 1), at('b', 2, { nodeSelector: "rack == '2'" })], duplicate],
    ['of which one is for a node that is not there', [at('a', 1), at('b', 2, { node: 'gone' })], {}],
    ['of other addresses', [at('a', 1), bgpPeer('b', '192.0.2.2', 2)], {}],
    [
      'that name no address',
      [selectedPeers('a', 'all()'), selectedPeers('b', 'all()', { passive: true })],
      {},
    ],
  ])('%s', (_, peers, expected) => {
    expect(codes({ bgpPeers: byName(...peers) })).toEqual(expected);
  });

  it('a thousand of them and five thousand nodes are judged in passing', () => {
    const nodes = byName(
      ...Array.from({ length: 5000 }, (_, i) => node(`n${i}`, [], [], { labels: { rack: '1' } })),
    );
    const selector = { nodeSelector: "rack == '1'" };
    const peers = byName(...Array.from({ length: 1000 }, (_, i) => at(`p${1000 + i}`, i + 1, selector)));
    expect(judge({ ...nothing, nodes, bgpPeers: peers }).size).toBe(999);
  });

  it('a thousand racks whose routers have one address are judged in passing', () => {
    const rack = (i: number): string => `r${i % 1000}`;
    const nodes = byName(
      ...Array.from({ length: 5000 }, (_, i) => node(`n${i}`, [], [], { labels: { rack: rack(i) } })),
    );
    const peers = Array.from({ length: 1000 }, (_, i) =>
      at(`p${i}`, i + 1, { nodeSelector: `rack == '${rack(i)}' && !has(edge)` }),
    );
    expect(judge({ ...nothing, nodes, bgpPeers: byName(...peers) }).size).toBe(0);
  });
});
