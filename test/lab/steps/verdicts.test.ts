import { describe, expect, test } from 'vitest';
import { type Scene, type Verdict } from '../../../src/lab/step.ts';
import {
  bestPaths,
  peersEstablished,
  presence,
  protocolsEstablished,
  routerRoutes,
} from '../../../src/lab/steps/bgp.ts';
import { answeredBy } from '../../../src/lab/steps/gateway.ts';
import { masquerades } from '../../../src/lab/steps/masquerade.ts';
import { allAnswered } from '../../../src/lab/steps/ping.ts';
import { defaultVia, hostAddressWithin } from '../../../src/lab/steps/pod.ts';
import { localRoutes, routeVia } from '../../../src/lab/steps/route.ts';
import { labTopology } from '../../../src/lab/topology.ts';
import { address } from '../../../src/net/address.ts';
import * as recorded from '../recorded.ts';

const topology = labTopology('lab');
const scene: Scene = {
  topology,
  podAddress: (pod, family) =>
    address(`${family === 4 ? '10.233.90.' : 'fd00:10:233:5a::'}${pod === 'pod-a1' ? 2 : 3}`),
  hostLink: (pod) => (pod === 'pod-a1' ? 'gryp0123456789a' : 'gryp0123456789b'),
};

const good = undefined;
const podOfBoth = (text: string): string =>
  `${text}${text.replaceAll('9a', '9b').replace(/\.90\.2 /, '.90.3 ')}`;

const peers = (state: string): string => `\
PEER                   ADDRESS         AS      STATE         SINCE   RECEIVED   ACCEPTED   ADVERTISED   REASON
mesh/node-b            192.168.34.11   64512   established   3s      2          2          2
mesh/node-c            192.168.35.12   64512   ${state.padEnd(14)}3s      2          2          2
peer/tor-rack-1-ipv4   192.168.34.1    64600   established   3s      2          0          2
peer/tor-rack-1-ipv6   fd00:34::1      64600   established   3s      2          0          2
`;

const paths = (best: string): string => `\
BEST   PREFIX            NEXT HOP        FROM          AS PATH   LOCAL PREF   MED   REASON
*      10.233.90.0/24    self            local         -         100          -
${best}      10.233.96.0/24    192.168.34.11   mesh/node-b   -         100          -
*      10.233.102.0/24   192.168.35.12   mesh/node-c   -         100          -
`;

const established = recorded.birdProtocols.replaceAll(/start {2}(\S+ +)Active.*/g, 'up     $1Established   ');
const routes4 = `\
Table master4:
10.233.96.0/24       unicast [node_b_ipv4 23:17:37.303] * (100) [AS64512i]
	via 192.168.34.11 on eth0
10.233.90.0/24       unicast [node_a_ipv4 23:17:37.259] * (100) [AS64512i]
	via 192.168.34.10 on eth0
10.233.102.0/24      unicast [node_c_ipv4 23:17:37.259] * (100) [AS64512i]
	via 192.168.35.12 on eth1
`;
const rule =
  '-N GRY-POSTROUTING\n-A GRY-POSTROUTING -m set --match-set gry4-nat-sources src -m comment --comment "x" -j MASQUERADE --random-fully\n';

const verdicts: readonly (readonly [string, Verdict, Verdict])[] = [
  ['one address of the CIDR', hostAddressWithin(recorded.podAddressV4, '10.233.90.0/24'), good],
  ['one beside the link-local one', hostAddressWithin(recorded.podAddressV6, 'fd00:10:233:5a::/64'), good],
  [
    'an address out of another CIDR',
    hostAddressWithin(recorded.podAddressV4, '10.233.96.0/24'),
    'wanted one /32 address out of 10.233.96.0/24, got 10.233.90.2/32',
  ],
  [
    'a subnet instead of a lone address',
    hostAddressWithin(recorded.podAddressV4.replace('/32', '/24'), '10.233.90.0/24'),
    'wanted one /32 address out of 10.233.90.0/24, got 10.233.90.2/24',
  ],
  [
    'no address',
    hostAddressWithin('', '10.233.90.0/24'),
    'wanted one /32 address out of 10.233.90.0/24, got none',
  ],

  ['the default route', defaultVia(recorded.podRoutesV4, '169.254.1.1'), good],
  ['the default route of IPv6', defaultVia(recorded.podRoutesV6, 'fe80::ecee:eeff:feee:eeee'), good],
  [
    'another gateway',
    defaultVia(recorded.nodeRoutesV4, '169.254.1.1'),
    'wanted default via 169.254.1.1 dev eth0, got via 192.168.34.1',
  ],
  [
    'no default route',
    defaultVia('', '169.254.1.1'),
    'wanted default via 169.254.1.1 dev eth0, got no default route',
  ],

  ['the MAC', answeredBy([{ address: '169.254.1.1', mac: 'ee:ee:ee:ee:ee:ee' }], '169.254.1.1'), good],
  [
    'two that answer',
    answeredBy(
      [
        { address: '169.254.1.1', mac: 'ee:ee:ee:ee:ee:ee' },
        { address: '169.254.1.1', mac: '02:00:00:00:00:01' },
      ],
      '169.254.1.1',
    ),
    'wanted 169.254.1.1 at ee:ee:ee:ee:ee:ee, got ee:ee:ee:ee:ee:ee, 02:00:00:00:00:01',
  ],
  ['silence', answeredBy([], '169.254.1.1'), 'wanted 169.254.1.1 at ee:ee:ee:ee:ee:ee, got no answer'],

  ['block and pods', localRoutes(podOfBoth(recorded.nodeRoutesV4), scene, 4), good],
  [
    'a pod without a route',
    localRoutes(recorded.nodeRoutesV4, scene, 4),
    'wanted 10.233.90.3/32 dev gryp0123456789b proto 71',
  ],
  [
    'the blackhole of somebody else',
    localRoutes(recorded.nodeRoutesV4.replace('0/24 proto 71', '0/24 proto static'), scene, 4),
    'wanted blackhole 10.233.90.0/24 proto 71',
  ],

  [
    'a remote route',
    routeVia('10.233.96.0/24 via 192.168.34.11 dev eth0 proto 71 \n', '10.233.96.0/24', '192.168.34.11'),
    good,
  ],
  [
    'by another gateway',
    routeVia('10.233.96.0/24 via 192.168.34.1 dev eth0 proto 71 \n', '10.233.96.0/24', '192.168.34.11'),
    'wanted 10.233.96.0/24 via 192.168.34.11 proto 71, got 10.233.96.0/24 via 192.168.34.1 dev eth0 proto 71',
  ],
  [
    'none',
    routeVia('', '10.233.96.0/24', '192.168.34.11'),
    'wanted 10.233.96.0/24 via 192.168.34.11 proto 71, got no route',
  ],

  ['all answered', allAnswered(recorded.pingAnswered), good],
  ['some lost', allAnswered(recorded.pingLost), 'wanted an answer to each, got 0 of 3'],
  ['no ping at all', allAnswered(''), 'wanted an answer to each, got '],

  ['all sessions', peersEstablished(peers('established'), topology), good],
  [
    'one that is not',
    peersEstablished(peers('active'), topology),
    'wanted a session with 192.168.35.12, its state is active',
  ],
  ['none', peersEstablished('', topology), 'wanted a session with 192.168.34.11, its state is not shown'],
  ['best paths', bestPaths(paths('*'), topology, 4), good],
  [
    'one without a best path',
    bestPaths(paths(' '), topology, 4),
    'wanted 10.233.96.0/24 by 192.168.34.11, got no best path',
  ],

  ['BIRD with all sessions', protocolsEstablished(established, topology), good],
  [
    'BIRD with two that are not',
    protocolsEstablished(recorded.birdProtocols, topology),
    'wanted node_c_ipv4 Established, got Active Socket: Connection refused',
  ],
  ['routes of all nodes', routerRoutes(routes4, topology, 4), good],
  [
    'one missing',
    routerRoutes(recorded.birdRoutes, topology, 4),
    'wanted 10.233.102.0/24 via 192.168.35.12, got no route',
  ],
  [
    'one too many',
    routerRoutes(
      `${routes4}0.0.0.0/0            unicast [node_a_ipv4 23:17:37.259] * (100) [i]\n\tvia 192.168.34.10 on eth0\n`,
      topology,
      4,
    ),
    'wanted pod CIDRs only, got 0.0.0.0/0',
  ],

  ['the rule', masquerades(rule), good],
  [
    'a rule that keeps ports',
    masquerades(rule.replace(' --random-fully', '')),
    expect.stringContaining('wanted --random-fully'),
  ],
  ['no rule', masquerades('-N GRY-POSTROUTING\n'), 'wanted a MASQUERADE rule in GRY-POSTROUTING'],

  ['gone, as wanted', presence('', '10.233.96.0/24', false), good],
  ['there, as wanted', presence('10.233.96.0/24 via 192.168.34.11', '10.233.96.0/24', true), good],
  [
    'still there',
    presence('10.233.96.0/24 via 192.168.34.11\n', '10.233.96.0/24', false),
    'the route to 10.233.96.0/24 is still there: 10.233.96.0/24 via 192.168.34.11',
  ],
  ['not there yet', presence('', '10.233.96.0/24', true), 'there is no route to 10.233.96.0/24'],
];

describe('verdicts', () => {
  test.each(verdicts)('%s', (_, verdict, wanted) => {
    expect(verdict).toEqual(wanted);
  });
});
