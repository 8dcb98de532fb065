import { expect, it } from 'vitest';
import type { Origination } from '../../../src/bgp/config.ts';
import type { BGPConfigurationRecord } from '../../../src/kube/records/bgp-configuration.ts';
import { type AnyCommunity, parseAnyCommunity } from '../../../src/kube/records/community.ts';
import type { IPPoolRecord } from '../../../src/kube/records/ip-pool.ts';
import { prefix } from '../../../src/net/prefix.ts';
import { byName, node } from '../../support/records.ts';
import { computeFor, problemLines } from './support.ts';

const nodes = byName(
  node('a', ['10.1.1.0/24', 'fd00:1::/64'], ['192.0.2.1']),
  node('b', ['10.1.2.0/24'], ['192.0.2.2']),
);
const AS = 65_000 * 65_536;

const pool = (cidr: string, more: Partial<IPPoolRecord>): IPPoolRecord => ({
  name: cidr,
  cidr: prefix(cidr),
  natOutgoing: true,
  disabled: false,
  disableBGPExport: false,
  unsupported: [],
  ...more,
});
const configuration = (
  name: string,
  advertisements: readonly (readonly [string, ...string[]])[],
  communities: Readonly<Record<string, string>> = {},
): BGPConfigurationRecord => ({
  name,
  prefixAdvertisements: advertisements.map(([cidr, ...names]) => ({
    cidr: prefix(cidr),
    communities: names,
  })),
  communities: new Map(
    Object.entries(communities).map(([key, text]) => [key, parseAnyCommunity(text) as AnyCommunity]),
  ),
  unsupported: [],
});

const originated = (facts: Parameters<typeof computeFor>[2]): readonly Origination[] =>
  computeFor('a', nodes, facts).config?.originated ?? [];

it('is every podCIDR of ours, and nothing of ours is taken from others', () => {
  expect(originated({})).toEqual([{ prefix: '10.1.1.0/24' }, { prefix: 'fd00:1::/64' }]);
  expect(computeFor('a', nodes).config?.localPrefixes).toEqual(['10.1.1.0/24', 'fd00:1::/64']);
});

it.each<[string, Partial<IPPoolRecord>]>([
  ['disabled', { disabled: true }],
  ['not exported', { disableBGPExport: true }],
])('leaves out what lies in a pool that is %s, which stays ours all the same', (_, more) => {
  const facts = { pools: byName(pool('10.1.0.0/16', more), pool('fd00::/16', {})) };
  expect(originated(facts)).toEqual([{ prefix: 'fd00:1::/64' }]);
  expect(computeFor('a', nodes, facts).config?.localPrefixes).toEqual(['10.1.1.0/24', 'fd00:1::/64']);
});

it('a pool that is smaller than the podCIDR closes nothing', () => {
  expect(originated({ pools: byName(pool('10.1.1.0/25', { disabled: true })) })).toHaveLength(2);
});

it('carries the communities of every advertisement around it, once each', () => {
  const configurations = byName(
    configuration(
      'default',
      [
        ['10.1.0.0/16', 'rack', '65000:2', 'site'],
        ['10.1.1.0/24', '65000:1', 'no-export', '65000:1:1'],
        ['10.1.2.0/24', '65000:9'],
      ],
      { rack: '65000:2', site: '65000:1:1' },
    ),
  );
  expect(originated({ configurations })).toEqual([
    {
      prefix: '10.1.1.0/24',
      communities: [AS + 1, AS + 2, 0xffffff01],
      largeCommunities: [{ global: 65_000, local1: 1, local2: 1 }],
    },
    { prefix: 'fd00:1::/64' },
  ]);
});

it("the node's own list takes the place of the common one; names are looked up in both", () => {
  const configurations = byName(
    configuration('default', [['10.1.0.0/16', '65000:1']], { rack: '65000:7', site: '65000:8' }),
    configuration('node.a', [['10.1.1.0/24', 'rack', 'site']], { rack: '65000:70' }),
  );
  expect(originated({ configurations })[0]).toEqual({
    prefix: '10.1.1.0/24',
    communities: [AS + 8, AS + 70],
  });
});

it('reports a name that nothing has, and a CIDR that is nobody’s, with the rest in force', () => {
  const configurations = byName(
    configuration('default', [
      ['10.1.0.0/16', 'rakc', '65000:1'],
      ['10.1.2.0/24', '65000:1'],
      ['10.1.2.0/25', '65000:1'],
      ['10.7.0.0/16', '65000:1'],
    ]),
  );
  expect(originated({ configurations })[0]).toEqual({ prefix: '10.1.1.0/24', communities: [AS + 1] });
  expect(problemLines(computeFor('a', nodes, { configurations }))).toEqual([
    'error GRY_BGP_COMMUNITY_UNKNOWN BGPConfiguration default spec.prefixAdvertisements[0]: "rakc" is neither a community nor the name of one, it is left out; add it to spec.communities, or write it like 65000:100, 65000:1:100 or no-export',
    'warning GRY_BGP_ADVERTISEMENT_UNUSED BGPConfiguration default spec.prefixAdvertisements[2]: nothing that is announced lies within 10.1.2.0/25, so it has no effect; write a CIDR that contains whole podCIDRs of nodes, or remove it',
    'warning GRY_BGP_ADVERTISEMENT_UNUSED BGPConfiguration default spec.prefixAdvertisements[3]: nothing that is announced lies within 10.7.0.0/16, so it has no effect; write a CIDR that contains whole podCIDRs of nodes, or remove it',
  ]);
});

it('what is said for this node alone must concern this node', () => {
  const configurations = byName(configuration('node.a', [['10.1.2.0/24', '65000:1']]));
  expect(computeFor('a', nodes, { configurations }).problems.map((p) => p.code)).toEqual([
    'GRY_BGP_ADVERTISEMENT_UNUSED',
  ]);
});
