import type { Capability } from '../../../../src/bgp/wire/capability.ts';
import { context, fromHex, internal } from '../support.ts';
import type { VectorSource } from './vector.ts';

/** The OPEN of a `protocol bgp` with nothing but both families. */
const bareOpen = (roles: readonly Capability[], addPath: readonly Capability[] = []): unknown => ({
  kind: 'open',
  as: 65002,
  holdTime: 240,
  routerID: '10.9.9.2',
  capabilities: [
    { kind: 'multiprotocol', family: 'ipv4-unicast' },
    { kind: 'multiprotocol', family: 'ipv6-unicast' },
    { kind: 'route-refresh' },
    ...roles,
    { kind: 'graceful-restart', restarting: false, notification: false, restartTime: 120, families: [] },
    { kind: 'four-octet-as', as: 65002 },
    ...addPath,
    { kind: 'enhanced-route-refresh' },
    { kind: 'long-lived-graceful-restart', families: [] },
  ],
});

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
    {
      name: 'OPEN of a provider',
      hex: 'ffffffffffffffffffffffffffffffff003e0104fdea00f00a09090221021f01040001000101040002000102000901004002007841040000fdea46004700',
      message: bareOpen([{ kind: 'role', role: 'provider' }]),
    },
    {
      name: 'OPEN of a route-server',
      hex: 'ffffffffffffffffffffffffffffffff003e0104fdea00f00a09090221021f01040001000101040002000102000901014002007841040000fdea46004700',
      message: bareOpen([{ kind: 'role', role: 'route-server' }]),
    },
    {
      name: 'OPEN of a route-server-client',
      hex: 'ffffffffffffffffffffffffffffffff003e0104fdea00f00a09090221021f01040001000101040002000102000901024002007841040000fdea46004700',
      message: bareOpen([{ kind: 'role', role: 'route-server-client' }]),
    },
    {
      name: 'OPEN of a customer',
      hex: 'ffffffffffffffffffffffffffffffff003e0104fdea00f00a09090221021f01040001000101040002000102000901034002007841040000fdea46004700',
      message: bareOpen([{ kind: 'role', role: 'customer' }]),
    },
    {
      name: 'OPEN of a peer',
      hex: 'ffffffffffffffffffffffffffffffff003e0104fdea00f00a09090221021f01040001000101040002000102000901044002007841040000fdea46004700',
      message: bareOpen([{ kind: 'role', role: 'peer' }]),
    },
    {
      name: 'OPEN with add-path, sending and both',
      hex: 'ffffffffffffffffffffffffffffffff00450104fdea00f00a09090228022601040001000101040002000102004002007841040000fdea4508000101020002010346004700',
      message: bareOpen(
        [],
        [
          {
            kind: 'add-path',
            families: [
              { family: 'ipv4-unicast', mode: 'send' },
              { family: 'ipv6-unicast', mode: 'both' },
            ],
          },
        ],
      ),
    },
    {
      name: 'UPDATE announce ipv6-unicast with path identifiers and a link-local next hop',
      context: { ...context, addPathReceive: ['ipv4-unicast', 'ipv6-unicast'] },
      hex: 'ffffffffffffffffffffffffffffffff00670200000050900e003f00020120fd090000000000000000000000000002fe800000000000003c3fc8fffe4915ed00000000044020010db8000100000000000540fd090000000000004001010040020602010000fdea',
      message: {
        kind: 'update',
        withdrawn: [],
        announced: [
          {
            family: 'ipv6-unicast',
            prefixes: ['2001:db8:1::/64', 'fd09::/64'],
            pathIds: [4, 5],
            attributes: { origin: 'igp', asPath: [{ kind: 'sequence', asns: [65002] }] },
            nextHop: 'fd09::2',
            linkLocal: 'fe80::3c3f:c8ff:fe49:15ed',
          },
        ],
      },
    },
    {
      name: 'UPDATE announce ipv4-unicast to an internal peer',
      context: internal,
      hex: 'ffffffffffffffffffffffffffffffff00340200000015400101004002004003040a09090240050400000064180a0909180a0100',
      message: {
        kind: 'update',
        withdrawn: [],
        announced: [
          {
            family: 'ipv4-unicast',
            prefixes: ['10.9.9.0/24', '10.1.0.0/24'],
            attributes: { origin: 'igp', asPath: [], localPref: 100 },
            nextHop: '10.9.9.2',
          },
        ],
      },
    },
    {
      name: 'UPDATE announce ipv6-unicast to an internal peer',
      context: internal,
      hex: 'ffffffffffffffffffffffffffffffff00600200000049900e003700020120fd090000000000000000000000000002fe800000000000003c3fc8fffe4915ed004020010db80001000040fd090000000000004001010040020040050400000064',
      message: {
        kind: 'update',
        withdrawn: [],
        announced: [
          {
            family: 'ipv6-unicast',
            prefixes: ['2001:db8:1::/64', 'fd09::/64'],
            attributes: { origin: 'igp', asPath: [], localPref: 100 },
            nextHop: 'fd09::2',
            linkLocal: 'fe80::3c3f:c8ff:fe49:15ed',
          },
        ],
      },
    },
    {
      name: 'UPDATE announce ipv4-unicast to a customer',
      hex: 'ffffffffffffffffffffffffffffffff003a020000001b4001010040020602010000fdea4003040a090902c023040000fdea180a0909180a0100',
      message: {
        kind: 'update',
        withdrawn: [],
        announced: [
          {
            family: 'ipv4-unicast',
            prefixes: ['10.9.9.0/24', '10.1.0.0/24'],
            attributes: {
              origin: 'igp',
              asPath: [{ kind: 'sequence', asns: [65002] }],
              onlyToCustomer: 65002,
            },
            nextHop: '10.9.9.2',
          },
        ],
      },
    },
    {
      name: 'NOTIFICATION 1/1',
      hex: 'ffffffffffffffffffffffffffffffff0015030101',
      message: { kind: 'notification', code: 1, subcode: 1, data: new Uint8Array(0) },
    },
    {
      name: 'NOTIFICATION 1/2',
      hex: 'ffffffffffffffffffffffffffffffff00170301020012',
      message: { kind: 'notification', code: 1, subcode: 2, data: fromHex('0012') },
    },
    {
      name: 'NOTIFICATION 1/3',
      hex: 'ffffffffffffffffffffffffffffffff001603010309',
      message: { kind: 'notification', code: 1, subcode: 3, data: fromHex('09') },
    },
    {
      name: 'NOTIFICATION 2/1',
      hex: 'ffffffffffffffffffffffffffffffff00170302010400',
      message: { kind: 'notification', code: 2, subcode: 1, data: fromHex('0400') },
    },
    {
      name: 'NOTIFICATION 2/2',
      hex: 'ffffffffffffffffffffffffffffffff00190302020000fdf1',
      message: { kind: 'notification', code: 2, subcode: 2, data: fromHex('0000fdf1') },
    },
    {
      name: 'NOTIFICATION 2/6',
      hex: 'ffffffffffffffffffffffffffffffff00170302060001',
      message: { kind: 'notification', code: 2, subcode: 6, data: fromHex('0001') },
    },
    {
      name: 'NOTIFICATION 2/7',
      hex: 'ffffffffffffffffffffffffffffffff0015030207',
      message: { kind: 'notification', code: 2, subcode: 7, data: new Uint8Array(0) },
    },
    {
      name: 'NOTIFICATION 2/11',
      hex: 'ffffffffffffffffffffffffffffffff001503020b',
      message: { kind: 'notification', code: 2, subcode: 11, data: new Uint8Array(0) },
    },
    {
      name: 'NOTIFICATION 4/0',
      hex: 'ffffffffffffffffffffffffffffffff0015030400',
      message: { kind: 'notification', code: 4, subcode: 0, data: new Uint8Array(0) },
    },
    {
      name: 'NOTIFICATION 5/1',
      hex: 'ffffffffffffffffffffffffffffffff0015030501',
      message: { kind: 'notification', code: 5, subcode: 1, data: new Uint8Array(0) },
    },
    {
      name: 'NOTIFICATION 5/2',
      hex: 'ffffffffffffffffffffffffffffffff0015030502',
      message: { kind: 'notification', code: 5, subcode: 2, data: new Uint8Array(0) },
    },
    {
      name: 'NOTIFICATION 5/3',
      hex: 'ffffffffffffffffffffffffffffffff0015030503',
      message: { kind: 'notification', code: 5, subcode: 3, data: new Uint8Array(0) },
    },
    {
      name: 'NOTIFICATION 6/1',
      hex: 'ffffffffffffffffffffffffffffffff0015030601',
      message: { kind: 'notification', code: 6, subcode: 1, data: new Uint8Array(0) },
    },
    {
      name: 'NOTIFICATION 6/4',
      hex: 'ffffffffffffffffffffffffffffffff001f030604096261636b20736f6f6e',
      message: { kind: 'notification', code: 6, subcode: 4, data: fromHex('096261636b20736f6f6e') },
    },
  ],
};
