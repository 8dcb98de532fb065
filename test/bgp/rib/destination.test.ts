import { describe, expect, test } from 'vitest';
import type { ImportPolicy } from '../../../src/bgp/config.ts';
import type { FilterMatch } from '../../../src/bgp/filter.ts';
import { isDestination } from '../../../src/bgp/rib/destination.ts';
import { Rib } from '../../../src/bgp/rib/rib.ts';
import { address } from '../../../src/net/address.ts';
import { prefix } from '../../../src/net/prefix.ts';
import { prefixWords } from '../../../src/net/prefix-words.ts';
import { attributes, external } from './paths.ts';
import { announced } from './routes.ts';

/** Each block with what lies inside of it, then what is wider or beside it. */
const ROWS: readonly (readonly [block: string, refused: readonly string[], taken: readonly string[]])[] = [
  ['0.0.0.0/8', ['0.0.0.0/32', '0.1.2.0/24'], ['0.0.0.0/0', '0.0.0.0/1', '0.0.0.0/7', '1.0.0.0/8']],
  ['127.0.0.0/8', ['127.0.0.1/32', '127.128.0.0/9'], ['126.0.0.0/7', '64.0.0.0/2', '126.0.0.0/8']],
  [
    '169.254.0.0/16',
    ['169.254.0.0/17', '169.254.169.254/32'],
    ['169.254.0.0/15', '169.255.0.0/16', '169.253.0.0/16', '169.0.0.0/8'],
  ],
  [
    '224.0.0.0/4',
    ['224.0.0.0/8', '239.1.0.0/16', '239.255.255.255/32'],
    ['223.0.0.0/8', '192.0.0.0/2', '128.0.0.0/1'],
  ],
  ['240.0.0.0/4', ['240.0.0.1/32', '255.0.0.0/8', '255.255.255.255/32'], ['192.0.0.0/3']],
  ['224.0.0.0/3', [], []],
  ['ff00::/8', ['ff02::/16', 'ff02::1/128', 'ffff::/16'], ['fe00::/7', 'fe00::/8', 'fc00::/7', '8000::/1']],
  ['fe80::/10', ['fe80::/64', 'fe80::1/128', 'febf::/16'], ['fe80::/9', 'fe7f::/16', 'fec0::/10']],
  ['::/128', [], ['::/0', '::/1', '::/96', '::/126']],
  ['::1/128', [], ['::2/128', '::2/127', '::1:0/128', '0:0:1::1/128', '0:1::/128', '1::/128', '1::1/128']],
  ['::/127', [], []],
];

describe.each(ROWS)('%s', (block, inside, others) => {
  const isTaken = (text: string): boolean => isDestination(prefixWords(prefix(text)));

  test('is refused, with what lies inside', () => {
    expect([block, ...inside].filter(isTaken)).toEqual([]);
  });

  test('is refused alone', () => {
    expect(others.filter((text) => !isTaken(text))).toEqual([]);
  });
});

describe('in a RIB', () => {
  const ODD = prefix('239.1.0.0/16');
  const accepting = (match: FilterMatch): ImportPolicy => ({
    kind: 'none',
    rules: [{ name: 'BGPFilter corp', family: 'ipv4-unicast', match, action: 'accept', operations: [] }],
  });
  test.each<readonly [string, ImportPolicy]>([
    ['accepts everything', { kind: 'all' }],
    ['names the prefix', { kind: 'exactly', prefixes: [ODD] }],
    ['has a rule that accepts everything', accepting({})],
    ['has a rule that accepts the prefix', accepting({ cidr: { prefix: ODD, operator: 'Equal' } })],
  ])('one is refused by a policy that %s, and people see why', (_, policy) => {
    const rib = new Rib();
    const peer = rib.open(external(9), policy, { localAS: 64512, remoteAS: 7 });
    const route = {
      family: 'ipv4-unicast',
      attributes: attributes([7]),
      nextHop: address('192.0.2.9'),
    } as const;
    rib.announce(peer, announced({ ...route, prefixes: [ODD] }));
    rib.flush();
    const reasons = [...rib.entries()].flatMap(({ paths }) => paths.map(({ reason }) => reason));
    expect([peer.received('ipv4-unicast'), peer.accepted('ipv4-unicast'), reasons]).toEqual([
      1,
      0,
      ['it is multicast, loopback, link-local or reserved'],
    ]);
    expect([...rib.learned.routes()]).toEqual([]);
  });
});
