import { describe, expect, it } from 'vitest';
import type { BGPFilterRecord } from '../../../src/kube/records/bgp-filter.ts';
import { address } from '../../../src/net/address.ts';
import { prefix } from '../../../src/net/prefix.ts';
import { bgpFilter, bgpPeer, byName, node } from '../../support/records.ts';
import { computeFor, golden, problemLines } from './support.ts';

const nodes = byName(
  node('a', ['10.0.1.0/24'], ['192.0.2.1']),
  node('b', ['10.0.2.0/24'], ['192.0.2.2'], { asNumber: 65_002 }),
);
const configuration = (more: object = {}): ReadonlyMap<string, never> =>
  byName({ name: 'default', nodeToNodeMeshEnabled: false, unsupported: [], ...more }) as never;

const corp = bgpFilter('corp', {
  importV4: [{ action: 'Accept', cidr: prefix('10.9.0.0/16'), matchOperator: 'In' }],
  exportV6: [{ action: 'Reject' }],
});
const strict = bgpFilter('strict', { importV6: [{ action: 'Reject' }], exportV4: [{ action: 'Accept' }] });

/** What `a` lets in and out of one peer with these filters. */
function policies(
  peer: { readonly asNumber: number; readonly filters?: readonly string[]; readonly peerIP?: string },
  more: { readonly filters?: readonly BGPFilterRecord[]; readonly configuration?: object } = {},
): string {
  const { asNumber, filters = [], peerIP = '198.51.100.1' } = peer;
  const lines = golden(
    computeFor('a', nodes, {
      peers: byName(bgpPeer('p', peerIP, asNumber, { filters, reversePeering: 'Manual' })),
      filters: byName(...(more.filters ?? [corp, strict])),
      configurations: configuration(more.configuration),
    }),
  );
  return lines[0]?.replace(/^.*?; /, '') ?? '';
}

describe('without a rule that decides', () => {
  it.each([
    ['a router of another AS', { asNumber: 64_600 }, 'in none; out originated'],
    ['a router of our AS', { asNumber: 64_512 }, 'in of originators 192.0.2.2 10.0.2.0/24; out originated'],
    ['a node', { asNumber: 65_002, peerIP: '192.0.2.2' }, 'in exactly 10.0.2.0/24; out originated'],
  ])('%s', (_, peer, expected) => {
    expect(policies(peer)).toBe(expected);
  });

  it.each([
    ['a router of another AS', { asNumber: 64_600 }, 'in none; out none'],
    ['a router of our AS', { asNumber: 64_512 }, 'in of originators 192.0.2.2 10.0.2.0/24; out originated'],
    [
      'a node of another AS',
      { asNumber: 65_002, peerIP: '192.0.2.2' },
      'in exactly 10.0.2.0/24; out originated',
    ],
  ])('with ebgpRequiresPolicy: %s (RFC 8212)', (_, peer, expected) => {
    expect(policies(peer, { configuration: { ebgpRequiresPolicy: true } })).toBe(expected);
  });
});

describe('rules go before what holds without them', () => {
  it.each([
    [
      ['corp'],
      'in accept by BGPFilter corp importV4[0], else none; out reject by BGPFilter corp exportV6[0], else originated',
    ],
    [
      ['corp', 'strict'],
      'in accept by BGPFilter corp importV4[0], else reject by BGPFilter strict importV6[0], else none; out reject by BGPFilter corp exportV6[0], else accept by BGPFilter strict exportV4[0], else originated',
    ],
    [
      ['strict', 'corp'],
      'in reject by BGPFilter strict importV6[0], else accept by BGPFilter corp importV4[0], else none; out accept by BGPFilter strict exportV4[0], else reject by BGPFilter corp exportV6[0], else originated',
    ],
  ])('%j', (filters, expected) => {
    expect(policies({ asNumber: 64_600, filters })).toBe(expected);
  });

  it('with ebgpRequiresPolicy only what they accept passes', () => {
    const peer = { asNumber: 64_600, filters: ['strict'] };
    expect(policies(peer, { configuration: { ebgpRequiresPolicy: true } })).toBe(
      'in reject by BGPFilter strict importV6[0], else none; out accept by BGPFilter strict exportV4[0], else none',
    );
  });
});

describe('a filter that does not exist', () => {
  const peers = byName(bgpPeer('p', '198.51.100.1', 64_600, { filters: ['corp', 'lost', 'strict'] }));
  const result = computeFor('a', nodes, {
    peers,
    filters: byName(corp, strict),
    configurations: configuration(),
  });

  it('rejects everything that those before it have not decided', () => {
    const [peer] = result.config?.peers ?? [];
    const lines = (
      rules: readonly { readonly family: string; readonly name: string; readonly action: string }[],
    ) => rules.map(({ family, name, action }) => `${family} ${action} ${name}`);
    expect(lines(peer?.import.rules ?? [])).toEqual([
      'ipv4-unicast accept BGPFilter corp importV4[0]',
      'ipv4-unicast reject BGPFilter lost, which does not exist',
      'ipv6-unicast reject BGPFilter lost, which does not exist',
      'ipv6-unicast reject BGPFilter strict importV6[0]',
    ]);
    expect(lines(peer?.export.rules ?? [])).toEqual([
      'ipv6-unicast reject BGPFilter corp exportV6[0]',
      'ipv4-unicast reject BGPFilter lost, which does not exist',
      'ipv6-unicast reject BGPFilter lost, which does not exist',
      'ipv4-unicast accept BGPFilter strict exportV4[0]',
    ]);
  });

  it('is reported once', () => {
    expect(problemLines(result)).toEqual([
      'error GRY_BGP_FILTER_MISSING BGPPeer p spec.filters: there is no usable BGPFilter lost: it counts as one that rejects every route; create BGPFilter lost, correct what is wrong in it, or take its name out',
    ]);
  });
});

describe('what a rule becomes', () => {
  const ruleOf = (fields: Partial<BGPFilterRecord['importV4'][number]>) => {
    const filter = bgpFilter('f', { importV4: [{ action: 'Accept', ...fields }] });
    const peers = byName(bgpPeer('p', '198.51.100.1', 64_600, { filters: ['f'] }));
    const facts = { peers, filters: byName(filter), configurations: configuration() };
    return computeFor('a', nodes, facts).config?.peers[0]?.import.rules?.[0];
  };

  it('its conditions, all of them', () => {
    expect(
      ruleOf({
        cidr: prefix('10.0.0.0/8'),
        matchOperator: 'NotIn',
        prefixLength: { min: 16, max: 24 },
        source: 'RemotePeers',
        interface: 'eth*',
        peerType: 'iBGP',
        asPathPrefix: [65_000],
        communities: [{ kind: 'standard', value: 1 }],
      }),
    ).toEqual({
      name: 'BGPFilter f importV4[0]',
      family: 'ipv4-unicast',
      match: {
        cidr: { prefix: '10.0.0.0/8', operator: 'NotIn' },
        prefixLength: { min: 16, max: 24 },
        source: 'RemotePeers',
        interface: 'eth*',
        peerType: 'iBGP',
        asPathPrefix: [65_000],
        communities: [{ kind: 'standard', value: 1 }],
      },
      action: 'accept',
      operations: [],
    });
  });

  it.each([
    [{ prependASPath: [65_000, 65_001] }, { kind: 'prepend-as-path', asns: [65_000, 65_001] }],
    [
      { addCommunity: { kind: 'standard', value: 5 } as const },
      { kind: 'add-community', community: { kind: 'standard', value: 5 } },
    ],
    // Of Calico's metrics the smaller is better; 1024 is ordinary, as LOCAL_PREF 100 is.
    [{ setPriority: 1 }, { kind: 'set-local-pref', value: 1123 }],
    [{ setPriority: 512 }, { kind: 'set-local-pref', value: 612 }],
    [{ setPriority: 1024 }, { kind: 'set-local-pref', value: 100 }],
    [{ setPriority: 1124 }, { kind: 'set-local-pref', value: 0 }],
    [{ setPriority: 2_147_483_646 }, { kind: 'set-local-pref', value: 0 }],
  ])('the operation %j', (operation, expected) => {
    expect(ruleOf({ operations: [operation] })?.operations).toEqual([expected]);
  });

  it('a filter that speaks of links has the name of the one that leads to the peer', () => {
    const filter = bgpFilter('f', { exportV4: [{ action: 'Reject', interface: 'eth*' }] });
    const peers = byName(
      bgpPeer('asks', '198.51.100.1', 64_600, { filters: ['f'] }),
      bgpPeer('does-not', '198.51.100.2', 64_600),
    );
    const result = computeFor('a', nodes, {
      peers,
      filters: byName(filter),
      configurations: configuration(),
      linkTo: (to) => (to === address('198.51.100.1') ? 'eth7' : 'never'),
    });
    expect(result.config?.peers.map((p) => p.link)).toEqual(['eth7', undefined]);
  });
});
