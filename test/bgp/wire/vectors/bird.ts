import { context, fromHex } from '../support.ts';
import type { VectorSource } from './vector.ts';

/** What BIRD 2.0.12 (Debian 12) sent to a peer in AS 65001; each message once. */
export const BIRD: VectorSource = {
  from: 'BIRD 2.0.12 (Debian 12)',
  vectors: [
    {
      name: 'OPEN',
      hex: 'ffffffffffffffffffffffffffffffff00610104fdea005a0a090902440242010400010001010400020001020005060001000100020600400a0078000101000002010041040000fdea4504000101034600470e00010100000e1000020100000e10',
      message: {
        kind: 'open',
        as: 65002,
        holdTime: 90,
        routerID: '10.9.9.2',
        capabilities: [
          { kind: 'multiprotocol', family: 'ipv4-unicast' },
          { kind: 'multiprotocol', family: 'ipv6-unicast' },
          { kind: 'route-refresh' },
          { kind: 'extended-next-hop', families: [{ family: 'ipv4-unicast', nextHopAfi: 2 }] },
          { kind: 'extended-message' },
          {
            kind: 'graceful-restart',
            restarting: false,
            notification: false,
            restartTime: 120,
            families: [
              { family: 'ipv4-unicast', forwarding: false },
              { family: 'ipv6-unicast', forwarding: false },
            ],
          },
          { kind: 'four-octet-as', as: 65002 },
          { kind: 'add-path', families: [{ family: 'ipv4-unicast', mode: 'both' }] },
          { kind: 'enhanced-route-refresh' },
          {
            kind: 'long-lived-graceful-restart',
            families: [
              { family: 'ipv4-unicast', forwarding: false, staleTime: 3600 },
              { family: 'ipv6-unicast', forwarding: false, staleTime: 3600 },
            ],
          },
        ],
      },
    },
    { name: 'KEEPALIVE', hex: 'ffffffffffffffffffffffffffffffff001304', message: { kind: 'keepalive' } },
    {
      name: 'UPDATE announce ipv4-unicast',
      context: { ...context, addPathReceive: ['ipv4-unicast'] },
      hex: 'ffffffffffffffffffffffffffffffff005c02000000354001010040020602010000fdea4003040a090902c00804fdea0064c010080002fdea00000007c0200c0000fdea000000010000000200000002180a010000000002110a0180',
      message: {
        kind: 'update',
        withdrawn: [],
        announced: [
          {
            family: 'ipv4-unicast',
            prefixes: ['10.1.0.0/24', '10.1.128.0/17'],
            pathIds: [2, 2],
            attributes: {
              origin: 'igp',
              asPath: [{ kind: 'sequence', asns: [65002] }],
              communities: [4259971172],
              extendedCommunities: [0x0002fdea00000007n],
              largeCommunities: [{ global: 65002, local1: 1, local2: 2 }],
            },
            nextHop: '10.9.9.2',
          },
        ],
      },
    },
    {
      name: 'End-of-RIB ipv4-unicast',
      context: { ...context, addPathReceive: ['ipv4-unicast'] },
      hex: 'ffffffffffffffffffffffffffffffff00170200000000',
      message: { kind: 'end-of-rib', family: 'ipv4-unicast' },
    },
    {
      name: 'UPDATE announce ipv6-unicast',
      context: { ...context, addPathReceive: ['ipv4-unicast'] },
      hex: 'ffffffffffffffffffffffffffffffff004d0200000036900e002500020110fd090000000000000000000000000002003020010db800024020010db8000100004001010040020602010000fdea',
      message: {
        kind: 'update',
        withdrawn: [],
        announced: [
          {
            family: 'ipv6-unicast',
            prefixes: ['2001:db8:2::/48', '2001:db8:1::/64'],
            attributes: { origin: 'igp', asPath: [{ kind: 'sequence', asns: [65002] }] },
            nextHop: 'fd09::2',
          },
        ],
      },
    },
    {
      name: 'End-of-RIB ipv6-unicast',
      context: { ...context, addPathReceive: ['ipv4-unicast'] },
      hex: 'ffffffffffffffffffffffffffffffff001d0200000006800f03000201',
      message: { kind: 'end-of-rib', family: 'ipv6-unicast' },
    },
    {
      name: 'ROUTE-REFRESH begin ipv4-unicast',
      hex: 'ffffffffffffffffffffffffffffffff00170500010101',
      message: { kind: 'route-refresh', operation: 'begin', family: 'ipv4-unicast' },
    },
    {
      name: 'ROUTE-REFRESH end ipv4-unicast',
      hex: 'ffffffffffffffffffffffffffffffff00170500010201',
      message: { kind: 'route-refresh', operation: 'end', family: 'ipv4-unicast' },
    },
    {
      name: 'ROUTE-REFRESH begin ipv6-unicast',
      hex: 'ffffffffffffffffffffffffffffffff00170500020101',
      message: { kind: 'route-refresh', operation: 'begin', family: 'ipv6-unicast' },
    },
    {
      name: 'ROUTE-REFRESH end ipv6-unicast',
      hex: 'ffffffffffffffffffffffffffffffff00170500020201',
      message: { kind: 'route-refresh', operation: 'end', family: 'ipv6-unicast' },
    },
    {
      name: 'UPDATE withdraw ipv4-unicast',
      context: { ...context, addPathReceive: ['ipv4-unicast'] },
      hex: 'ffffffffffffffffffffffffffffffff002702001000000002180a010000000002110a01800000',
      message: {
        kind: 'update',
        withdrawn: [{ family: 'ipv4-unicast', prefixes: ['10.1.0.0/24', '10.1.128.0/17'], pathIds: [2, 2] }],
        announced: [],
      },
    },
    {
      name: 'UPDATE withdraw ipv6-unicast',
      context: { ...context, addPathReceive: ['ipv4-unicast'] },
      hex: 'ffffffffffffffffffffffffffffffff002e0200000017900f00130002013020010db800024020010db800010000',
      message: {
        kind: 'update',
        withdrawn: [{ family: 'ipv6-unicast', prefixes: ['2001:db8:2::/48', '2001:db8:1::/64'] }],
        announced: [],
      },
    },
    {
      name: 'NOTIFICATION 6/2',
      hex: 'ffffffffffffffffffffffffffffffff002e030602186d61696e74656e616e63653a206772c3a961742032303236',
      message: {
        kind: 'notification',
        code: 6,
        subcode: 2,
        data: fromHex('186d61696e74656e616e63653a206772c3a961742032303236'),
      },
    },
  ],
};
