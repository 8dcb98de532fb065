import type { VectorSource } from './vector.ts';

/** What GoBGP 3.10.0 (Debian 12) sent to a peer in AS 65001; each message once. */
export const GOBGP: VectorSource = {
  from: 'GoBGP 3.10.0 (Debian 12)',
  vectors: [
    {
      name: 'OPEN',
      hex: 'ffffffffffffffffffffffffffffffff00550104fdea005a0a0909023802360200490402766d0001040001000101040002000141040000fdea400a403c000101000002010047000506000100010002450400010103',
      message: {
        kind: 'open',
        as: 65002,
        holdTime: 90,
        routerID: '10.9.9.2',
        capabilities: [
          { kind: 'route-refresh' },
          { kind: 'fqdn', host: 'vm', domain: '' },
          { kind: 'multiprotocol', family: 'ipv4-unicast' },
          { kind: 'multiprotocol', family: 'ipv6-unicast' },
          { kind: 'four-octet-as', as: 65002 },
          {
            kind: 'graceful-restart',
            restarting: false,
            notification: true,
            restartTime: 60,
            families: [
              { family: 'ipv4-unicast', forwarding: false },
              { family: 'ipv6-unicast', forwarding: false },
            ],
          },
          { kind: 'long-lived-graceful-restart', families: [] },
          { kind: 'extended-next-hop', families: [{ family: 'ipv4-unicast', nextHopAfi: 2 }] },
          { kind: 'add-path', families: [{ family: 'ipv4-unicast', mode: 'both' }] },
        ],
      },
    },
    { name: 'KEEPALIVE', hex: 'ffffffffffffffffffffffffffffffff001304', message: { kind: 'keepalive' } },
    {
      name: 'UPDATE announce ipv4-unicast',
      hex: 'ffffffffffffffffffffffffffffffff005b020000003c4001010240020602010000fdea4003040a09090280040400000032c00804fdea0064c010080002fdea00000007c0200c0000fdea0000000100000002180a0100110a0180',
      message: {
        kind: 'update',
        withdrawn: [],
        announced: [
          {
            family: 'ipv4-unicast',
            prefixes: ['10.1.0.0/24', '10.1.128.0/17'],
            attributes: {
              origin: 'incomplete',
              asPath: [{ kind: 'sequence', asns: [65002] }],
              med: 50,
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
      hex: 'ffffffffffffffffffffffffffffffff00170200000000',
      message: { kind: 'end-of-rib', family: 'ipv4-unicast' },
    },
    {
      name: 'UPDATE announce ipv6-unicast',
      hex: 'ffffffffffffffffffffffffffffffff0045020000002e4001010240020602010000fdea800e1e00020110fd090000000000000000000000000002004020010db800010000',
      message: {
        kind: 'update',
        withdrawn: [],
        announced: [
          {
            family: 'ipv6-unicast',
            prefixes: ['2001:db8:1::/64'],
            attributes: { origin: 'incomplete', asPath: [{ kind: 'sequence', asns: [65002] }] },
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
      hex: 'ffffffffffffffffffffffffffffffff0026020000000f800f0c0002014020010db800010000',
      message: {
        kind: 'update',
        withdrawn: [{ family: 'ipv6-unicast', prefixes: ['2001:db8:1::/64'] }],
        announced: [],
      },
    },
    {
      name: 'NOTIFICATION 6/2',
      hex: 'ffffffffffffffffffffffffffffffff0015030602',
      message: { kind: 'notification', code: 6, subcode: 2, data: new Uint8Array(0) },
    },
  ],
};
