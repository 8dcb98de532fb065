import { context, fromHex } from '../support.ts';
import type { VectorSource } from './vector.ts';

/** What FRR 8.4.4 (Debian 12) sent to a peer in AS 65001; each message once. */
export const FRR: VectorSource = {
  from: 'FRR 8.4.4 (Debian 12)',
  vectors: [
    {
      name: 'OPEN',
      hex: 'ffffffffffffffffffffffffffffffff007f0104fdea00b40a0909026202060104000100010206010400020001020280000202020002024600020641040000fdea02020600020a45080001010300020103020c490a086672722d7065657200020c400ac07800010100000201000210470e0001018000000000020180000000',
      message: {
        kind: 'open',
        as: 65002,
        holdTime: 180,
        routerID: '10.9.9.2',
        capabilities: [
          { kind: 'multiprotocol', family: 'ipv4-unicast' },
          { kind: 'multiprotocol', family: 'ipv6-unicast' },
          { kind: 'unknown', code: 128, value: new Uint8Array(0) },
          { kind: 'route-refresh' },
          { kind: 'enhanced-route-refresh' },
          { kind: 'four-octet-as', as: 65002 },
          { kind: 'extended-message' },
          {
            kind: 'add-path',
            families: [
              { family: 'ipv4-unicast', mode: 'both' },
              { family: 'ipv6-unicast', mode: 'both' },
            ],
          },
          { kind: 'fqdn', host: 'frr-peer', domain: '' },
          {
            kind: 'graceful-restart',
            restarting: true,
            notification: true,
            restartTime: 120,
            families: [
              { family: 'ipv4-unicast', forwarding: false },
              { family: 'ipv6-unicast', forwarding: false },
            ],
          },
          {
            kind: 'long-lived-graceful-restart',
            families: [
              { family: 'ipv4-unicast', forwarding: true, staleTime: 0 },
              { family: 'ipv6-unicast', forwarding: true, staleTime: 0 },
            ],
          },
        ],
      },
    },
    { name: 'KEEPALIVE', hex: 'ffffffffffffffffffffffffffffffff001304', message: { kind: 'keepalive' } },
    {
      name: 'End-of-RIB ipv4-unicast',
      hex: 'ffffffffffffffffffffffffffffffff00170200000000',
      message: { kind: 'end-of-rib', family: 'ipv4-unicast' },
    },
    {
      name: 'End-of-RIB ipv6-unicast',
      hex: 'ffffffffffffffffffffffffffffffff001d0200000006800f03000201',
      message: { kind: 'end-of-rib', family: 'ipv6-unicast' },
    },
    {
      name: 'UPDATE announce ipv6-unicast',
      hex: 'ffffffffffffffffffffffffffffffff0055020000003e900e002500020110fd090000000000000000000000000002004020010db8000100003020010db80002400101005002000602010000fdea80040400000000',
      message: {
        kind: 'update',
        withdrawn: [],
        announced: [
          {
            family: 'ipv6-unicast',
            prefixes: ['2001:db8:1::/64', '2001:db8:2::/48'],
            attributes: { origin: 'igp', asPath: [{ kind: 'sequence', asns: [65002] }], med: 0 },
            nextHop: 'fd09::2',
          },
        ],
      },
    },
    {
      name: 'UPDATE announce ipv4-unicast',
      hex: 'ffffffffffffffffffffffffffffffff00600200000041400101005002000a02020000fdeafa56ea014003040a09090180040400000032c00804fdea0064c0200c0000fdea0000000100000002c010080002fdea00000007180a0100110a0180',
      message: {
        kind: 'update',
        withdrawn: [],
        announced: [
          {
            family: 'ipv4-unicast',
            prefixes: ['10.1.0.0/24', '10.1.128.0/17'],
            attributes: {
              origin: 'igp',
              asPath: [{ kind: 'sequence', asns: [65002, 4200000001] }],
              med: 50,
              communities: [4259971172],
              largeCommunities: [{ global: 65002, local1: 1, local2: 2 }],
              extendedCommunities: [0x0002fdea00000007n],
            },
            nextHop: '10.9.9.1',
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
      name: 'ROUTE-REFRESH request ipv6-unicast',
      hex: 'ffffffffffffffffffffffffffffffff00170500020001',
      message: { kind: 'route-refresh', operation: 'request', family: 'ipv6-unicast' },
    },
    {
      name: 'UPDATE withdraw ipv4-unicast',
      hex: 'ffffffffffffffffffffffffffffffff001b020004180a01000000',
      message: {
        kind: 'update',
        withdrawn: [{ family: 'ipv4-unicast', prefixes: ['10.1.0.0/24'] }],
        announced: [],
      },
    },
    {
      name: 'UPDATE withdraw ipv6-unicast',
      hex: 'ffffffffffffffffffffffffffffffff00270200000010900f000c0002014020010db800010000',
      message: {
        kind: 'update',
        withdrawn: [{ family: 'ipv6-unicast', prefixes: ['2001:db8:1::/64'] }],
        announced: [],
      },
    },
    {
      name: 'NOTIFICATION 6/9',
      hex: 'ffffffffffffffffffffffffffffffff002e0306090602166d61696e74656e616e6365206f66207370696e652037',
      message: {
        kind: 'notification',
        code: 6,
        subcode: 9,
        data: fromHex('0602166d61696e74656e616e6365206f66207370696e652037'),
      },
    },
    {
      name: 'OPEN of a four-octet AS',
      hex: 'ffffffffffffffffffffffffffffffff007f01045ba000b40a090902620206010400010001020601040002000102028000020202000202460002064104fa56ea0902020600020a45080001010300020103020c490a086672722d7065657200020c400ac07800010100000201000210470e0001018000000000020180000000',
      message: {
        kind: 'open',
        as: 4200000009,
        holdTime: 180,
        routerID: '10.9.9.2',
        capabilities: [
          { kind: 'multiprotocol', family: 'ipv4-unicast' },
          { kind: 'multiprotocol', family: 'ipv6-unicast' },
          { kind: 'unknown', code: 128, value: new Uint8Array(0) },
          { kind: 'route-refresh' },
          { kind: 'enhanced-route-refresh' },
          { kind: 'four-octet-as', as: 4200000009 },
          { kind: 'extended-message' },
          {
            kind: 'add-path',
            families: [
              { family: 'ipv4-unicast', mode: 'both' },
              { family: 'ipv6-unicast', mode: 'both' },
            ],
          },
          { kind: 'fqdn', host: 'frr-peer', domain: '' },
          {
            kind: 'graceful-restart',
            restarting: true,
            notification: true,
            restartTime: 120,
            families: [
              { family: 'ipv4-unicast', forwarding: false },
              { family: 'ipv6-unicast', forwarding: false },
            ],
          },
          {
            kind: 'long-lived-graceful-restart',
            families: [
              { family: 'ipv4-unicast', forwarding: true, staleTime: 0 },
              { family: 'ipv6-unicast', forwarding: true, staleTime: 0 },
            ],
          },
        ],
      },
    },
    {
      name: 'UPDATE with AS4_PATH to a two-octet peer',
      context: { ...context, fourOctetAS: false },
      hex: 'ffffffffffffffffffffffffffffffff005d0200000046900e002500020110fd090000000000000000000000000002004020010db8000100003020010db80002400101005002000402015ba080040400000000d01100060201fa56ea09',
      message: {
        kind: 'update',
        withdrawn: [],
        announced: [
          {
            family: 'ipv6-unicast',
            prefixes: ['2001:db8:1::/64', '2001:db8:2::/48'],
            attributes: { origin: 'igp', asPath: [{ kind: 'sequence', asns: [4200000009] }], med: 0 },
            nextHop: 'fd09::2',
          },
        ],
      },
    },
    {
      name: 'UPDATE with AS4_PATH and AS4_AGGREGATOR to a two-octet peer',
      context: { ...context, fourOctetAS: false },
      hex: 'ffffffffffffffffffffffffffffffff0055020000003b400101005002000402015ba04003040a09090180040400000000400600c007065ba00a090902d01100060201fa56ea09c01208fa56ea090a090902100a01',
      message: {
        kind: 'update',
        withdrawn: [],
        announced: [
          {
            family: 'ipv4-unicast',
            prefixes: ['10.1.0.0/16'],
            attributes: {
              origin: 'igp',
              asPath: [{ kind: 'sequence', asns: [4200000009] }],
              med: 0,
              atomicAggregate: true,
              aggregator: { as: 4200000009, address: '10.9.9.2' },
            },
            nextHop: '10.9.9.1',
          },
        ],
      },
    },
    {
      name: 'OPEN with extended optional parameters',
      hex: 'ffffffffffffffffffffffffffffffff007f0104fdea00b40a090902ffff005f02000601040001000102000601040002000102000280000200020200020002460002000641040000fdea020002060002000a45080001010100020101020006490402766d000200044002c078020010470e0001018000000000020180000000',
      message: {
        kind: 'open',
        as: 65002,
        holdTime: 180,
        routerID: '10.9.9.2',
        capabilities: [
          { kind: 'multiprotocol', family: 'ipv4-unicast' },
          { kind: 'multiprotocol', family: 'ipv6-unicast' },
          { kind: 'unknown', code: 128, value: new Uint8Array(0) },
          { kind: 'route-refresh' },
          { kind: 'enhanced-route-refresh' },
          { kind: 'four-octet-as', as: 65002 },
          { kind: 'extended-message' },
          {
            kind: 'add-path',
            families: [
              { family: 'ipv4-unicast', mode: 'receive' },
              { family: 'ipv6-unicast', mode: 'receive' },
            ],
          },
          { kind: 'fqdn', host: 'vm', domain: '' },
          { kind: 'graceful-restart', restarting: true, notification: true, restartTime: 120, families: [] },
          {
            kind: 'long-lived-graceful-restart',
            families: [
              { family: 'ipv4-unicast', forwarding: true, staleTime: 0 },
              { family: 'ipv6-unicast', forwarding: true, staleTime: 0 },
            ],
          },
        ],
      },
    },
    {
      name: 'OPEN without capabilities',
      hex: 'ffffffffffffffffffffffffffffffff001d0104fdea00b40a09090200',
      message: { kind: 'open', as: 65002, holdTime: 180, routerID: '10.9.9.2', capabilities: [] },
    },
    {
      name: 'UPDATE announce ipv4-unicast to a two-octet peer',
      context: { ...context, fourOctetAS: false },
      hex: 'ffffffffffffffffffffffffffffffff0035020000001a40010100500200040201fdea4003040a09090280040400000000180a0100',
      message: {
        kind: 'update',
        withdrawn: [],
        announced: [
          {
            family: 'ipv4-unicast',
            prefixes: ['10.1.0.0/24'],
            attributes: { origin: 'igp', asPath: [{ kind: 'sequence', asns: [65002] }], med: 0 },
            nextHop: '10.9.9.2',
          },
        ],
      },
    },
    {
      name: 'NOTIFICATION 3/1',
      hex: 'ffffffffffffffffffffffffffffffff0015030301',
      message: { kind: 'notification', code: 3, subcode: 1, data: new Uint8Array(0) },
    },
    {
      name: 'NOTIFICATION 6/1',
      hex: 'ffffffffffffffffffffffffffffffff001c03060100010100000001',
      message: { kind: 'notification', code: 6, subcode: 1, data: fromHex('00010100000001') },
    },
  ],
};
