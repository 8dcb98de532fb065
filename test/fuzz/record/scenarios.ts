import { message, toHex } from '../octets.ts';
import { KEEPALIVE_HEX, openHex, RICH, type Scenario, session } from './scenario.ts';

interface BirdOptions {
  readonly theirAS?: number;
  readonly protocol?: string;
  readonly ipv4?: string;
  readonly ipv6?: string;
  readonly neighbor?: string;
  readonly local?: string;
}

const bird = ({
  theirAS = 65001,
  protocol = '',
  ipv4 = 'export all; import all;',
  ipv6 = 'export all; import all;',
  neighbor = '10.9.9.1',
  local = '10.9.9.2',
}: BirdOptions): string => `
log stderr all;
router id 10.9.9.2;
protocol device {}
protocol direct { ipv4; ipv6; }
protocol static { ipv4; route 10.1.0.0/24 blackhole; }
protocol static { ipv6; route 2001:db8:1::/64 blackhole; }
protocol bgp them {
  local ${local} as 65002; neighbor ${neighbor} as ${theirAS}; passive on; ${protocol}
  ipv4 { ${ipv4} next hop address 10.9.9.2; };
  ipv6 { ${ipv6} };
}
`;

const frr = (neighbor: string, families = ''): string => `
router bgp 65002
 bgp router-id 10.9.9.2
 no bgp ebgp-requires-policy
 no bgp default ipv4-unicast
 no bgp network import-check
 neighbor 10.9.9.1 remote-as 65001
 neighbor 10.9.9.1 passive
 ${neighbor}
 address-family ipv4 unicast
  network 10.1.0.0/24
  neighbor 10.9.9.1 activate
  ${families}
 exit-address-family
 address-family ipv6 unicast
  network 2001:db8:1::/64
  neighbor 10.9.9.1 activate
 exit-address-family
`;

const exabgp = (as: number, routes: string): string => `
neighbor 10.9.9.1 {
  router-id 10.9.9.2; local-address 10.9.9.2; local-as 65002; peer-as ${as}; passive; listen 179;
  family { ipv4 unicast; ipv6 unicast; }
  static { ${routes} }
}
`;

const route = (attributes: string, nlri: string): string => {
  const block = attributes.length / 2;
  return toHex(
    message(2, Buffer.from(`0000${block.toString(16).padStart(4, '0')}${attributes}${nlri}`, 'hex')),
  );
};

const GOOD = '4001010040020602010000fde94003040a090901';
const TWO_ROUTES = route(GOOD, '180a0200180a0201');

/** An error of ours, and BIRD's answer to it. */
const birdAnswers = (name: string, part: Scenario['part'], protocol = ''): Scenario => ({
  name,
  daemon: 'bird',
  config: bird({ protocol }),
  part,
});

const alone = (hex: string): Scenario['part'] => ({ ...session({}), say: [{ after: 300, hex }] });

/** Without add-path. */
const PLAIN = RICH.filter((c) => !c.startsWith('45'));

const ROLES = ['provider', 'rs_server', 'rs_client', 'customer', 'peer'];

/** What the messages of `test/bgp/wire/vectors` that no ordinary session contains were made with. */
export const SCENARIOS: readonly Scenario[] = [
  ...ROLES.map(
    (role): Scenario => ({
      name: `role ${role}`,
      daemon: 'bird',
      config: bird({ protocol: `local role ${role};` }),
      part: session({}),
    }),
  ),
  {
    name: 'role mismatch',
    daemon: 'bird',
    config: bird({ protocol: 'local role provider;' }),
    part: session({ capabilities: [...RICH, '090100'] }),
  },
  {
    name: 'add-path in both families',
    daemon: 'bird',
    config: bird({
      ipv4: 'export all; import all; add paths tx;',
      ipv6: 'export all; import all; add paths on;',
    }),
    part: session({}),
  },
  {
    name: 'internal, over IPv6 on the link',
    daemon: 'bird',
    config: bird({ theirAS: 65002, neighbor: 'fd09::1', local: 'fd09::2', protocol: 'direct;' }),
    part: {
      ...session({ as: 65002, capabilities: PLAIN }),
      from: 'fd09::1',
      to: 'fd09::2',
    },
  },
  {
    name: 'limit of prefixes',
    daemon: 'bird',
    config: bird({ ipv4: 'import all; export none; receive limit 1 action disable;' }),
    part: { ...session({ capabilities: PLAIN }, TWO_ROUTES), seconds: 7 },
  },
  birdAnswers('marker', alone('00'.repeat(16) + '001304')),
  birdAnswers('length', alone('ff'.repeat(16) + '001204')),
  birdAnswers('type', alone('ff'.repeat(16) + '001309')),
  birdAnswers('version', alone(openHex({ version: 3 }))),
  birdAnswers('peer AS', alone(openHex({ as: 65009 }))),
  birdAnswers('hold time', alone(openHex({ holdTime: 1 }))),
  birdAnswers('unexpected in OpenSent', alone(KEEPALIVE_HEX)),
  birdAnswers('unexpected in OpenConfirm', alone(openHex() + openHex())),
  birdAnswers('unexpected in Established', session({}, openHex())),
  {
    name: 'unknown well-known attribute',
    daemon: 'frr',
    config: frr(''),
    part: session({ capabilities: PLAIN }, route(`${GOOD}4063020102`, '180a0200')),
  },
  {
    name: 'no family in common',
    daemon: 'bird',
    config: bird({}).replace(/ {2}ipv4 \{ .* \};\n {2}ipv6/, '  ipv6'),
    part: session({ capabilities: ['010400010001'] }),
  },
  birdAnswers('hold timer', { ...session({ holdTime: 3 }), seconds: 6 }),
  birdAnswers('refresh of the wrong length', session({}, toHex(message(5, Uint8Array.of(0, 1, 1))))),
  {
    name: 'restarted by its operator',
    daemon: 'bird',
    config: bird({}),
    part: session({}),
    ask: [{ after: 1_500, command: 'restart them "back soon"' }],
  },
  {
    name: 'long optional parameters',
    daemon: 'frr',
    config: frr('neighbor 10.9.9.1 extended-optional-parameters'),
    part: session({}),
  },
  {
    name: 'no capabilities',
    daemon: 'frr',
    config: frr('neighbor 10.9.9.1 dont-capability-negotiate'),
    part: session({}),
  },
  {
    name: 'limit of prefixes, with its numbers',
    daemon: 'frr',
    config: frr('', 'neighbor 10.9.9.1 maximum-prefix 1'),
    part: { ...session({ capabilities: PLAIN }, TWO_ROUTES, route(GOOD, '180a0300')), seconds: 7 },
  },
  {
    name: 'over IPv6 on the link',
    daemon: 'frr',
    config: frr('').replaceAll('10.9.9.1', 'fd09::1'),
    part: {
      ...session({ capabilities: PLAIN }),
      from: 'fd09::1',
      to: 'fd09::2',
    },
  },
  {
    name: 'internal, with everything',
    daemon: 'exabgp',
    config: exabgp(
      65002,
      `route 10.1.0.0/24 next-hop 10.9.9.2 origin egp local-preference 200 originator-id 10.0.0.1 cluster-list [ 10.0.0.2 10.0.0.3 ];`,
    ),
    part: session({ as: 65002, capabilities: RICH.slice(0, 4) }),
  },
  {
    name: 'internal, plain',
    daemon: 'exabgp',
    config: exabgp(65002, 'route 10.1.0.0/24 next-hop 10.9.9.2;'),
    part: session({ as: 65002, capabilities: RICH.slice(0, 4) }),
  },
  {
    name: 'only to customer',
    daemon: 'bird',
    config: bird({ protocol: 'local role provider;' }),
    part: session({ capabilities: [...PLAIN, '090103'] }),
  },
];
