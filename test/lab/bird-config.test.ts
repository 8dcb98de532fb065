import { expect, test } from 'vitest';
import { birdConfig } from '../../src/lab/bird-config.ts';
import { labTopology } from '../../src/lab/topology.ts';

test('the router: into the kernel what BGP brought, from each node its pod CIDRs only', () => {
  const text = birdConfig(labTopology('lab'));
  const until = text.indexOf('protocol bgp node_b_ipv4');
  expect(text.slice(0, until)).toMatchInlineSnapshot(`
    "log stderr all;

    router id 192.168.34.1;

    protocol device { scan time 2; }

    protocol kernel {
      ipv4 { import none; export where source = RTS_BGP; };
    }

    protocol kernel {
      ipv6 { import none; export where source = RTS_BGP; };
    }

    protocol bgp node_a_ipv4 {
      local 192.168.34.1 as 64600;
      neighbor 192.168.34.10 as 64512;
      hold time 6;
      keepalive time 2;
      # A node that comes back is greeted at once.
      connect delay time 1;
      connect retry time 2;
      error wait time 1, 5;
      ipv4 {
        import where net ~ [ 10.233.90.0/24 ];
        export where source = RTS_BGP;
      };
    }

    protocol bgp node_a_ipv6 {
      local fd00:34::1 as 64600;
      neighbor fd00:34::10 as 64512;
      hold time 6;
      keepalive time 2;
      # A node that comes back is greeted at once.
      connect delay time 1;
      connect retry time 2;
      error wait time 1, 5;
      ipv6 {
        import where net ~ [ fd00:10:233:5a::/64 ];
        export where source = RTS_BGP;
      };
    }

    "
  `);
  expect(text.match(/protocol bgp \w+/g)).toEqual([
    'protocol bgp node_a_ipv4',
    'protocol bgp node_a_ipv6',
    'protocol bgp node_b_ipv4',
    'protocol bgp node_b_ipv6',
    'protocol bgp node_c_ipv4',
    'protocol bgp node_c_ipv6',
  ]);
});
