import { describe, expect, test } from 'vitest';
import { parseBirdProtocols, parseBirdRoutes } from '../../../src/lab/output/bird.ts';
import { parseColumns } from '../../../src/lab/output/columns.ts';
import { parseLinks } from '../../../src/lab/output/link.ts';
import { parseArping, parseNeighbours } from '../../../src/lab/output/neighbour.ts';
import { parsePing } from '../../../src/lab/output/ping.ts';
import { parseRoutes } from '../../../src/lab/output/route.ts';
import * as recorded from '../recorded.ts';

describe('ip address, ip link', () => {
  test('addresses of an interface', () => {
    expect(parseLinks(recorded.podAddressV6)).toEqual([
      { name: 'eth0', addresses: ['fd00:10:233:5a::2/128', 'fe80::f46f:a7ff:fe2e:a999/64'] },
    ]);
  });

  test('name without the index of the other end, and MAC', () => {
    expect(parseLinks(recorded.hostLink)).toEqual([
      { name: 'gryp0123456789a', mac: 'ee:ee:ee:ee:ee:ee', addresses: [] },
    ]);
  });

  test.each(['', 'Device "eth9" does not exist.\n', '    inet 192.0.2.1/24 scope global eth0\n'])(
    '%j has no links',
    (text) => {
      expect(parseLinks(text)).toEqual([]);
    },
  );
});

describe('ip route', () => {
  test('IPv4: kinds, protocols, next hops of multipath lines passed over', () => {
    expect(parseRoutes(recorded.nodeRoutesV4)).toEqual([
      { kind: 'unicast', destination: 'default', via: '192.168.34.1', dev: 'eth0' },
      { kind: 'blackhole', destination: '10.233.90.0/24', protocol: '71' },
      {
        kind: 'unicast',
        destination: '10.233.90.2/32',
        dev: 'gryp0123456789a',
        protocol: '71',
        scope: 'link',
      },
      { kind: 'unicast', destination: '10.233.96.0/24', via: '192.168.34.11', dev: 'eth0', protocol: '71' },
      { kind: 'unicast', destination: '10.233.103.0/24', protocol: '71' },
      {
        kind: 'unicast',
        destination: '192.168.34.0/24',
        dev: 'eth0',
        protocol: 'kernel',
        scope: 'link',
        source: '192.168.34.10',
      },
    ]);
  });

  test('IPv6', () => {
    expect(parseRoutes(recorded.nodeRoutesV6)).toEqual([
      { kind: 'unicast', destination: 'fd00:10:233:5a::2/128', dev: 'gryp0123456789a', protocol: '71' },
      { kind: 'blackhole', destination: 'fd00:10:233:5a::/64', dev: 'lo', protocol: '71' },
      {
        kind: 'unicast',
        destination: 'fd00:10:233:60::/64',
        via: 'fd00:34::11',
        dev: 'eth0',
        protocol: '71',
      },
    ]);
  });

  test('an IPv4 route by way of an IPv6 gateway', () => {
    expect(parseRoutes('10.0.0.0/8 via inet6 fe80::1 dev eth0 proto 71')[0]?.via).toBe('fe80::1');
  });
});

describe('ping', () => {
  test.each([
    [recorded.pingAnswered, { sent: 3, received: 3 }],
    [recorded.pingLost, { sent: 3, received: 0 }],
    ['ping: connect: Network is unreachable\n', undefined],
  ])('%j', (text, result) => {
    expect(parsePing(text)).toEqual(result);
  });
});

describe('who answers', () => {
  test('arping', () => {
    expect(parseArping(recorded.arping)).toEqual([{ address: '169.254.1.1', mac: 'ee:ee:ee:ee:ee:ee' }]);
    expect(parseArping('ARPING 169.254.1.1\nTimeout\n')).toEqual([]);
  });

  test('ip neighbour: only those that are resolved', () => {
    expect(parseNeighbours(recorded.neighbours)).toEqual([
      { address: 'fe80::ecee:eeff:feee:eeee', mac: 'ee:ee:ee:ee:ee:ee' },
    ]);
  });
});

describe('birdc', () => {
  test('protocols, by their state in words', () => {
    expect(parseBirdProtocols(recorded.birdProtocols).filter(({ kind }) => kind === 'BGP')).toEqual([
      { name: 'node_a_ipv4', kind: 'BGP', state: 'up', info: 'Established' },
      { name: 'node_a_ipv6', kind: 'BGP', state: 'up', info: 'Established' },
      { name: 'node_b_ipv4', kind: 'BGP', state: 'up', info: 'Established' },
      { name: 'node_b_ipv6', kind: 'BGP', state: 'up', info: 'Established' },
      { name: 'node_c_ipv4', kind: 'BGP', state: 'start', info: 'Active Socket: Connection refused' },
      { name: 'node_c_ipv6', kind: 'BGP', state: 'start', info: 'Active Socket: Connection refused' },
    ]);
    expect(parseBirdProtocols('Unable to connect to server control socket\n')).toEqual([]);
  });

  test('routes: each path, a further one of the same prefix too', () => {
    expect(parseBirdRoutes(recorded.birdRoutes)).toEqual([
      { prefix: '10.233.96.0/24', from: 'node_b_ipv4', best: true, via: '192.168.34.11' },
      { prefix: '10.233.90.0/24', from: 'node_a_ipv4', best: true, via: '192.168.34.10' },
      { prefix: '10.233.90.0/24', from: 'node_b_ipv4', best: false, via: '192.168.34.11' },
      { prefix: 'fd00:10:233:60::/64', from: 'node_b_ipv6', best: true, via: 'fd00:34::11' },
    ]);
  });
});

describe('columns', () => {
  test('headings with blanks, empty cells, the last cell open', () => {
    const text = `\
BEST   PREFIX           NEXT HOP        FROM          REASON
*      10.233.96.0/24   192.168.34.11   mesh/node-b
       10.233.96.0/24   192.168.34.1    peer/tor      longer AS path
`;
    expect(parseColumns(text)).toEqual([
      { BEST: '*', PREFIX: '10.233.96.0/24', 'NEXT HOP': '192.168.34.11', FROM: 'mesh/node-b', REASON: '' },
      {
        BEST: '',
        PREFIX: '10.233.96.0/24',
        'NEXT HOP': '192.168.34.1',
        FROM: 'peer/tor',
        REASON: 'longer AS path',
      },
    ]);
  });

  test('nothing at all', () => {
    expect(parseColumns('')).toEqual([]);
  });
});
