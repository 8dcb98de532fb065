import { context, fromHex, internal } from '../support.ts';
import type { VectorSource } from './vector.ts';

/** What ExaBGP 4.2.21 (Debian 12) sent to a peer in AS 65001; each message once. */
export const EXABGP: VectorSource = {
  from: 'ExaBGP 4.2.21 (Debian 12)',
  vectors: [
    {
      name: 'OPEN',
      hex: 'ffffffffffffffffffffffffffffffff00590104fdea005a0a0909023c02060104000100010206010400020001020641040000fdea02080506000100010002020c400a80780001018000020180020202000202460002020600',
      message: {
        kind: 'open',
        as: 65002,
        holdTime: 90,
        routerID: '10.9.9.2',
        capabilities: [
          { kind: 'multiprotocol', family: 'ipv4-unicast' },
          { kind: 'multiprotocol', family: 'ipv6-unicast' },
          { kind: 'four-octet-as', as: 65002 },
          { kind: 'extended-next-hop', families: [{ family: 'ipv4-unicast', nextHopAfi: 2 }] },
          {
            kind: 'graceful-restart',
            restarting: true,
            notification: false,
            restartTime: 120,
            families: [
              { family: 'ipv4-unicast', forwarding: true },
              { family: 'ipv6-unicast', forwarding: true },
            ],
          },
          { kind: 'route-refresh' },
          { kind: 'enhanced-route-refresh' },
          { kind: 'extended-message' },
        ],
      },
    },
    { name: 'KEEPALIVE', hex: 'ffffffffffffffffffffffffffffffff001304', message: { kind: 'keepalive' } },
    {
      name: 'End-of-RIB ipv4-unicast',
      context: { ...context, extendedNextHop: true },
      hex: 'ffffffffffffffffffffffffffffffff00170200000000',
      message: { kind: 'end-of-rib', family: 'ipv4-unicast' },
    },
    {
      name: 'End-of-RIB ipv6-unicast',
      context: { ...context, extendedNextHop: true },
      hex: 'ffffffffffffffffffffffffffffffff001e0200000007900f0003000201',
      message: { kind: 'end-of-rib', family: 'ipv6-unicast' },
    },
    {
      name: 'UPDATE announce ipv4-unicast',
      context: { ...context, extendedNextHop: true },
      hex: 'ffffffffffffffffffffffffffffffff0069020000004e4001010040021402020000fdeafa56ea0101020000fdeb0000fdec4003040a09090280040400000032c00808fdea0064ffffff01c010080002fdea00000007c0200c0000fdea0000000100000002180a0100',
      message: {
        kind: 'update',
        withdrawn: [],
        announced: [
          {
            family: 'ipv4-unicast',
            prefixes: ['10.1.0.0/24'],
            attributes: {
              origin: 'igp',
              asPath: [
                { kind: 'sequence', asns: [65002, 4200000001] },
                { kind: 'set', asns: [65003, 65004] },
              ],
              med: 50,
              communities: [4259971172, 4294967041],
              extendedCommunities: [0x0002fdea00000007n],
              largeCommunities: [{ global: 65002, local1: 1, local2: 2 }],
            },
            nextHop: '10.9.9.2',
          },
        ],
      },
    },
    {
      name: 'UPDATE announce ipv4-unicast (2)',
      context: { ...context, extendedNextHop: true },
      hex: 'ffffffffffffffffffffffffffffffff004002000000294001010040020602010000fdea800e1900010110fd09000000000000000000000000000200180a0101',
      message: {
        kind: 'update',
        withdrawn: [],
        announced: [
          {
            family: 'ipv4-unicast',
            prefixes: ['10.1.1.0/24'],
            attributes: { origin: 'igp', asPath: [{ kind: 'sequence', asns: [65002] }] },
            nextHop: 'fd09::2',
          },
        ],
      },
    },
    {
      name: 'UPDATE announce ipv6-unicast',
      context: { ...context, extendedNextHop: true },
      hex: 'ffffffffffffffffffffffffffffffff0045020000002e4001010040020602010000fdea800e1e00020110fd090000000000000000000000000002004020010db800010000',
      message: {
        kind: 'update',
        withdrawn: [],
        announced: [
          {
            family: 'ipv6-unicast',
            prefixes: ['2001:db8:1::/64'],
            attributes: { origin: 'igp', asPath: [{ kind: 'sequence', asns: [65002] }] },
            nextHop: 'fd09::2',
          },
        ],
      },
    },
    {
      name: 'UPDATE announce ipv4-unicast (3)',
      context: { ...context, extendedNextHop: true },
      hex: 'ffffffffffffffffffffffffffffffff004402000000294001010040020602010000fdea4003040a090902400600c007080000fdea0a090902c0630401020304110a0180',
      message: {
        kind: 'update',
        withdrawn: [],
        announced: [
          {
            family: 'ipv4-unicast',
            prefixes: ['10.1.128.0/17'],
            attributes: {
              origin: 'igp',
              asPath: [{ kind: 'sequence', asns: [65002] }],
              atomicAggregate: true,
              aggregator: { as: 65002, address: '10.9.9.2' },
              unknown: [{ type: 99, value: fromHex('01020304') }],
            },
            nextHop: '10.9.9.2',
          },
        ],
      },
    },
    {
      name: 'ROUTE-REFRESH request ipv4-unicast',
      hex: 'ffffffffffffffffffffffffffffffff00170500010001',
      message: { kind: 'route-refresh', operation: 'request', family: 'ipv4-unicast' },
    },
    {
      name: 'UPDATE withdraw ipv4-unicast',
      context: { ...context, extendedNextHop: true },
      hex: 'ffffffffffffffffffffffffffffffff001b020004180a01000000',
      message: {
        kind: 'update',
        withdrawn: [{ family: 'ipv4-unicast', prefixes: ['10.1.0.0/24'] }],
        announced: [],
      },
    },
    {
      name: 'UPDATE withdraw ipv6-unicast',
      context: { ...context, extendedNextHop: true },
      hex: 'ffffffffffffffffffffffffffffffff0033020000001c4001010040020602010000fdea800f0c0002014020010db800010000',
      message: {
        kind: 'update',
        withdrawn: [{ family: 'ipv6-unicast', prefixes: ['2001:db8:1::/64'] }],
        announced: [],
      },
    },
    {
      name: 'UPDATE announce ipv4-unicast as a reflector',
      context: internal,
      hex: 'ffffffffffffffffffffffffffffffff00420200000027400101014002004003040a090902400504000000c88009040a000001800a080a0000020a000003180a0100',
      message: {
        kind: 'update',
        withdrawn: [],
        announced: [
          {
            family: 'ipv4-unicast',
            prefixes: ['10.1.0.0/24'],
            attributes: {
              origin: 'egp',
              asPath: [],
              localPref: 200,
              originatorID: '10.0.0.1',
              clusterList: ['10.0.0.2', '10.0.0.3'],
            },
            nextHop: '10.9.9.2',
          },
        ],
      },
    },
  ],
};
