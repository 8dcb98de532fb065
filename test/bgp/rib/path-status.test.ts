import { describe, expect, test } from 'vitest';
import { decide } from '../../../src/bgp/rib/decision.ts';
import { makePath } from '../../../src/bgp/rib/path.ts';
import { pathStatus } from '../../../src/bgp/rib/path-status.ts';
import { WELL_KNOWN_COMMUNITIES } from '../../../src/bgp/wire/communities.ts';
import { address } from '../../../src/net/address.ts';
import { external, internal, LOCAL, path } from './paths.ts';

test('a path with everything that it can carry', () => {
  const full = makePath(
    internal(9),
    {
      origin: 'incomplete',
      asPath: [
        { kind: 'sequence', asns: [65001, 65002] },
        { kind: 'set', asns: [65003, 65004] },
      ],
      med: 5,
      localPref: 300,
      atomicAggregate: true,
      aggregator: { as: 65002, address: address('192.0.2.77') },
      communities: [WELL_KNOWN_COMMUNITIES['no-export'], 0xfde80001],
      largeCommunities: [{ global: 65000, local1: 1, local2: 2 }],
      extendedCommunities: [0x0002_fde8_0000_0064n],
      originatorID: address('10.0.0.1'),
      clusterList: ['10.0.0.9', '10.0.0.8'].map(address),
      onlyToCustomer: 65002,
      unknown: [
        { type: 128, value: new Uint8Array(4) },
        { type: 200, value: new Uint8Array(1) },
      ],
    },
    address('192.0.2.9'),
  );
  expect(pathStatus(full, decide([full]))).toEqual({
    peer: 'mesh/9',
    nextHop: '192.0.2.9',
    asPath: [65001, 65002, 65003, 65004],
    asPathText: '65001 65002 {65003 65004}',
    origin: 'incomplete',
    localPref: 300,
    med: 5,
    communities: ['no-export', '65000:1', '65000:1:2', 'rt:65000:100'],
    attributes: [
      'atomic aggregate',
      'aggregator 65002 192.0.2.77',
      'originator 10.0.0.1',
      'cluster list 10.0.0.9 10.0.0.8',
      'only to customer 65002',
      'type 128 (4 octets)',
      'type 200 (1 octet)',
    ],
    best: true,
  });
});

test('a path of this node', () => {
  expect(pathStatus(LOCAL, decide([LOCAL]))).toEqual({
    peer: 'local',
    asPath: [],
    asPathText: '',
    origin: 'igp',
    localPref: 100,
    communities: [],
    best: true,
  });
});

describe('why a path is not the best', () => {
  const best = path(external(1), [7]);
  const beside = path(external(2), [7]);
  const longer = path(external(3), [7, 8]);
  const decision = decide([longer, beside, best]);
  const reasons = [best, beside, longer]
    .map((p) => pathStatus(p, decision))
    .map(({ best: b, reason }) => [b, reason]);

  test('is the rule that it lost by, and whether it is used all the same', () => {
    expect(reasons).toEqual([
      [true, undefined],
      [false, 'higher router ID; used beside the best'],
      [false, 'longer AS path'],
    ]);
  });

  test('is what import policy says of it', () => {
    const { best: b, reason } = pathStatus(longer, undefined, 'BGPFilter corp importV4[2] rejects it');
    expect([b, reason]).toEqual([false, 'BGPFilter corp importV4[2] rejects it']);
  });
});
