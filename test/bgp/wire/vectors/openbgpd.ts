import { fromHex } from '../support.ts';
import type { VectorSource } from './vector.ts';

/** What OpenBGPD 7.7 (Debian 12) sent to a peer in AS 65001; each message once. */
export const OPENBGPD: VectorSource = {
  from: 'OpenBGPD 7.7 (Debian 12)',
  vectors: [
    {
      name: 'OPEN',
      hex: 'ffffffffffffffffffffffffffffffff00460104fdea005a0a09090229022701040001000101040002000102000901034002800041040000fdea450800010101000201014600',
      message: {
        kind: 'open',
        as: 65002,
        holdTime: 90,
        routerID: '10.9.9.2',
        capabilities: [
          { kind: 'multiprotocol', family: 'ipv4-unicast' },
          { kind: 'multiprotocol', family: 'ipv6-unicast' },
          { kind: 'route-refresh' },
          { kind: 'role', role: 'customer' },
          { kind: 'graceful-restart', restarting: true, notification: false, restartTime: 0, families: [] },
          { kind: 'four-octet-as', as: 65002 },
          {
            kind: 'add-path',
            families: [
              { family: 'ipv4-unicast', mode: 'receive' },
              { family: 'ipv6-unicast', mode: 'receive' },
            ],
          },
          { kind: 'enhanced-route-refresh' },
        ],
      },
    },
    { name: 'KEEPALIVE', hex: 'ffffffffffffffffffffffffffffffff001304', message: { kind: 'keepalive' } },
    {
      name: 'UPDATE announce ipv4-unicast',
      hex: 'ffffffffffffffffffffffffffffffff005002000000314001010040020602010000fdea4003040a09090280040400000032c00804fdea0064c0200c0000fdea0000000100000002180a0100110a0180',
      message: {
        kind: 'update',
        withdrawn: [],
        announced: [
          {
            family: 'ipv4-unicast',
            prefixes: ['10.1.0.0/24', '10.1.128.0/17'],
            attributes: {
              origin: 'igp',
              asPath: [{ kind: 'sequence', asns: [65002] }],
              med: 50,
              communities: [4259971172],
              largeCommunities: [{ global: 65002, local1: 1, local2: 2 }],
            },
            nextHop: '10.9.9.2',
          },
        ],
      },
    },
    {
      name: 'End-of-RIB ipv4-unicast',
      hex: 'ffffffffffffffffffffffffffffffff00170200000000',
      message: { kind: 'end-of-rib', family: 'ipv4-unicast' },
    },
    {
      name: 'UPDATE announce ipv6-unicast',
      hex: 'ffffffffffffffffffffffffffffffff0046020000002f4001010040020602010000fdea900e001e00020110fd090000000000000000000000000002004020010db800010000',
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
      name: 'End-of-RIB ipv6-unicast',
      hex: 'ffffffffffffffffffffffffffffffff001d0200000006800f03000201',
      message: { kind: 'end-of-rib', family: 'ipv6-unicast' },
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
      name: 'NOTIFICATION 6/2',
      hex: 'ffffffffffffffffffffffffffffffff002c030602166d61696e74656e616e6365206f66207370696e652037',
      message: {
        kind: 'notification',
        code: 6,
        subcode: 2,
        data: fromHex('166d61696e74656e616e6365206f66207370696e652037'),
      },
    },
  ],
};
