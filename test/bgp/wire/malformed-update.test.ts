import type { WireContext } from '../../../src/bgp/wire/message.ts';
import { checkTables, type Row } from './reaction-table.ts';
import { attribute, context, internal, message, update } from './support.ts';

const ORIGIN = attribute(0x40, 1, '00');
const AS_PATH = attribute(0x40, 2, '0201 0000fdea');
const NEXT_HOP = attribute(0x40, 3, 'c0000201');
/** A NEXT_HOP that no host has. */
const NO_HOST = attribute(0x40, 3, '00000000');
const GOOD = ORIGIN + AS_PATH + NEXT_HOP;
const MP_UNREACH = attribute(0x80, 15, '000201 20 20010db8');
/** 2001:db8::/32 over 2001:db8::1. */
const REACH_VALUE = '000201 10 20010db8000000000000000000000001 00 20 20010db8';
const MP_REACH = attribute(0x80, 14, REACH_VALUE);
/** 10.1.0.0/16 */
const NLRI = '10 0a01';
const P = '10.1.0.0/16';
const WITHDRAWN = '08 14';

/** ORIGIN and so on with one more attribute: what RFC 7606 §7 is about. */
const withAttribute = (flags: number, type: number, value: string): string =>
  update('', GOOD + attribute(flags, type, value), NLRI);
/** The routes with another ORIGIN, AS_PATH or NEXT_HOP. */
const insteadOf = (good: string, bad: string): string => update('', GOOD.replace(good, bad), NLRI);

const FIELDS: readonly Row[] = [
  ['RFC 7606 §3 (b): withdrawn too long', message(2, '0001 0000'), 'reset 3/1'],
  ['RFC 7606 §3 (b): attributes too long', message(2, '0000 0005 400101'), 'reset 3/1'],
  ['RFC 7606 §3 (b): no place for the second length', message(2, '0002 0814'), 'reset 3/1'],
  ['RFC 7606 §5.3: NLRI of 33 bits', update('', GOOD, '21 0a01000000'), 'reset 3/10'],
  ['RFC 7606 §5.3: NLRI cut off', update('', GOOD, '18 0a01'), 'reset 3/10'],
  ['RFC 7606 §3 (i): withdrawn of 33 bits', update('21 0a01000000', '', ''), 'reset 3/10'],
  ['RFC 7606 §3 (i): withdrawn cut off', update('18 0a01', '', ''), 'reset 3/10'],
  ['bits beyond the length are cleared', update('', GOOD, '0c 0aff'), 'update +10.240.0.0/12'],
  [
    'both fields and both attributes',
    update(WITHDRAWN, MP_UNREACH + GOOD + MP_REACH, NLRI),
    `update -20.0.0.0/8 -2001:db8::/32 +${P} +2001:db8::/32`,
  ],
  ['RFC 7606 §5.1: MP_REACH_NLRI last', update('', ORIGIN + AS_PATH + MP_REACH, ''), 'update +2001:db8::/32'],
];

const END_OF_RIB: readonly Row[] = [
  ['of IPv4', update('', '', ''), 'end-of-rib'],
  ['of IPv6', update('', attribute(0x80, 15, '000201'), ''), 'end-of-rib'],
  ['of IPv4 as MP_UNREACH_NLRI', update('', attribute(0x80, 15, '000101'), ''), 'end-of-rib'],
  [
    'of a family that is not ours',
    update('', attribute(0x80, 15, '000180'), ''),
    'update [ignore 15: RFC 4760 §8]',
  ],
  [
    'of IPv4 where only IPv6 is spoken',
    update('', '', ''),
    'update',
    { ...context, families: ['ipv6-unicast'] },
  ],
  ['not: attributes without routes', update('', GOOD, ''), 'update'],
  [
    'not: empty MP_UNREACH_NLRI with others',
    update('', ORIGIN + attribute(0x80, 15, '000201'), ''),
    'update',
  ],
];

const STRUCTURE: readonly Row[] = [
  [
    'RFC 7606 §3 (c): ORIGIN optional',
    insteadOf(ORIGIN, attribute(0xc0, 1, '00')),
    `withdraw -${P} [withdraw 1: RFC 7606 §7.1]`,
  ],
  [
    'RFC 7606 §3 (c): COMMUNITIES not transitive',
    withAttribute(0x80, 8, '00010001'),
    `withdraw -${P} [withdraw 8: RFC 7606 §7.8]`,
  ],
  [
    'RFC 7606 §3 (f): AGGREGATOR not transitive',
    withAttribute(0x80, 7, '0000fdea0a000001'),
    `update +${P} [discard 7: RFC 7606 §7.7]`,
  ],
  ['partial and extended length are free', update('', `${GOOD}f008000400010001`, NLRI), `update +${P}`],
  ['RFC 7606 §3 (d): no ORIGIN', insteadOf(ORIGIN, ''), `withdraw -${P} [withdraw 1: RFC 7606 §3 (d)]`],
  ['RFC 7606 §3 (d): no AS_PATH', insteadOf(AS_PATH, ''), `withdraw -${P} [withdraw 2: RFC 7606 §3 (d)]`],
  ['RFC 7606 §3 (d): no NEXT_HOP', insteadOf(NEXT_HOP, ''), `withdraw -${P} [withdraw 3: RFC 7606 §3 (d)]`],
  [
    'no attributes at all',
    update('', '', NLRI),
    `withdraw -${P} [withdraw 1: RFC 7606 §3 (d)] [withdraw 2: RFC 7606 §3 (d)] [withdraw 3: RFC 7606 §3 (d)]`,
  ],
  [
    'RFC 7606 §3 (g): ORIGIN twice',
    update('', GOOD + attribute(0x40, 1, '07'), NLRI),
    `update +${P} [discard 1: RFC 7606 §3 (g)]`,
  ],
  [
    'RFC 7606 §3 (g): unknown one twice',
    update('', GOOD + attribute(0xc0, 99, '01').repeat(2), NLRI),
    `update +${P} [discard 99: RFC 7606 §3 (g)]`,
  ],
  ['RFC 7606 §3 (g): MP_REACH_NLRI twice', update('', GOOD + MP_REACH.repeat(2), ''), 'reset 3/1'],
  ['RFC 7606 §3 (g): MP_UNREACH_NLRI twice', update('', MP_UNREACH.repeat(2), ''), 'reset 3/1'],
  [
    'RFC 7606 §3 (h): discard and withdraw',
    update('', GOOD + attribute(0x40, 6, '00') + attribute(0x80, 4, '00'), NLRI),
    `withdraw -${P} [discard 6: RFC 7606 §7.6] [withdraw 4: RFC 7606 §7.4]`,
  ],
  [
    'RFC 7606 §3 (h): withdraw and reset',
    update('', attribute(0x40, 1, '07') + MP_REACH.repeat(2), NLRI),
    'reset 3/1',
  ],
  [
    'RFC 7606 §4: last one too long',
    update('', `${GOOD}c00804000100`, NLRI),
    `withdraw -${P} [withdraw -: RFC 7606 §4]`,
  ],
  [
    'RFC 7606 §4: two octets left',
    update('', `${GOOD}c008`, NLRI),
    `withdraw -${P} [withdraw -: RFC 7606 §4]`,
  ],
  [
    'RFC 7606 §4: three octets left of an extended one',
    update('', `${GOOD}d00800`, NLRI),
    `withdraw -${P} [withdraw -: RFC 7606 §4]`,
  ],
  ['RFC 7606 §5.2: error without routes', update('', attribute(0x40, 1, '07'), ''), 'reset 3/6 40010107'],
  [
    'RFC 7606 §5.2: error beside withdrawn routes',
    update(WITHDRAWN, attribute(0x80, 4, '00'), ''),
    'reset 3/5 80040100',
  ],
  [
    'RFC 7606 §5.2: error beside MP_UNREACH_NLRI',
    update('', MP_UNREACH + attribute(0xc0, 2, ''), ''),
    'reset 3/4 c00200',
  ],
  ['RFC 7606 §5.2: lengths contradict, no routes', update('', '40', ''), 'reset 3/1'],
  [
    'RFC 7606 §5.2: a discard is no reason',
    update(WITHDRAWN, attribute(0x40, 6, '00'), ''),
    'update -20.0.0.0/8 [discard 6: RFC 7606 §7.6]',
  ],
  [
    'the error withdraws all routes of the message',
    update(WITHDRAWN, MP_UNREACH + GOOD.replace(ORIGIN, attribute(0x40, 1, '03')) + MP_REACH, NLRI),
    `withdraw -20.0.0.0/8 -2001:db8::/32 -${P} -2001:db8::/32 [withdraw 1: RFC 7606 §7.1]`,
  ],
  ['RFC 4271 §6.3: unknown well-known one', withAttribute(0x40, 99, '0102'), 'reset 3/2 4063020102'],
  [
    'RFC 4271 §9: unknown optional one',
    withAttribute(0x80, 99, '01'),
    `update +${P} [ignore 99: RFC 4271 §9]`,
  ],
  ['RFC 4271 §9: unknown optional transitive one', withAttribute(0xc0, 99, '01'), `update +${P}`],
];

const ATTRIBUTE: readonly Row[] = [
  [
    '§7.1 ORIGIN of 2 octets',
    insteadOf(ORIGIN, attribute(0x40, 1, '0000')),
    `withdraw -${P} [withdraw 1: RFC 7606 §7.1]`,
  ],
  [
    '§7.1 ORIGIN of value 3',
    insteadOf(ORIGIN, attribute(0x40, 1, '03')),
    `withdraw -${P} [withdraw 1: RFC 7606 §7.1]`,
  ],
  ...(
    [
      ['segment type 5', '0501 0000fdea'],
      ['segment overrun', '0202 0000fdea'],
      ['segment underrun', '0201 0000fdea 02'],
      ['segment of no AS', '0200'],
      ['AS 0 (RFC 7607)', '0201 00000000'],
      ['segment of a confederation (RFC 5065)', '0301 0000fdea'],
    ] as const
  ).map(
    ([name, value]): Row => [
      `§7.2 AS_PATH: ${name}`,
      insteadOf(AS_PATH, attribute(0x40, 2, value)),
      `withdraw -${P} [withdraw 2: RFC 7606 §7.2]`,
    ],
  ),
  ['§7.2 AS_PATH may be empty', insteadOf(AS_PATH, attribute(0x40, 2, '')), `update +${P}`],
  ...(
    [
      ['3 octets', '0a0000'],
      ['16 octets', '20010db8000000000000000000000001'],
      ['0.0.0.0', '00000000'],
      ['loopback', '7f000001'],
      ['multicast', 'e0000001'],
      ['class E', 'f0000001'],
      ['broadcast', 'ffffffff'],
    ] as const
  ).map(
    ([name, value]): Row => [
      `§7.3 NEXT_HOP: ${name}`,
      insteadOf(NEXT_HOP, attribute(0x40, 3, value)),
      `withdraw -${P} [withdraw 3: RFC 7606 §7.3]`,
    ],
  ),
  [
    '§7.4 MULTI_EXIT_DISC of 3 octets',
    withAttribute(0x80, 4, '000001'),
    `withdraw -${P} [withdraw 4: RFC 7606 §7.4]`,
  ],
  [
    '§7.5 LOCAL_PREF from outside',
    withAttribute(0x40, 5, '00000064'),
    `update +${P} [discard 5: RFC 7606 §7.5]`,
  ],
  [
    '§7.5 bad LOCAL_PREF from outside',
    withAttribute(0x40, 5, '00'),
    `update +${P} [discard 5: RFC 7606 §7.5]`,
  ],
  [
    '§7.5 bad LOCAL_PREF from inside',
    withAttribute(0x40, 5, '00'),
    `withdraw -${P} [withdraw 5: RFC 7606 §7.5]`,
    internal,
  ],
  [
    '§7.6 ATOMIC_AGGREGATE of 1 octet',
    withAttribute(0x40, 6, '00'),
    `update +${P} [discard 6: RFC 7606 §7.6]`,
  ],
  [
    '§7.7 AGGREGATOR of 6 octets, four-octet AS',
    withAttribute(0xc0, 7, 'fdea0a000001'),
    `update +${P} [discard 7: RFC 7606 §7.7]`,
  ],
  [
    'AGGREGATOR with AS 0 (RFC 7607)',
    withAttribute(0xc0, 7, '000000000a000001'),
    `update +${P} [discard 7: RFC 7606 §7.7]`,
  ],
  ['§7.8 COMMUNITIES empty', withAttribute(0xc0, 8, ''), `withdraw -${P} [withdraw 8: RFC 7606 §7.8]`],
  [
    '§7.8 COMMUNITIES of 5 octets',
    withAttribute(0xc0, 8, '0001000100'),
    `withdraw -${P} [withdraw 8: RFC 7606 §7.8]`,
  ],
  [
    '§7.9 ORIGINATOR_ID from outside',
    withAttribute(0x80, 9, '0a000001'),
    `update +${P} [discard 9: RFC 7606 §7.9]`,
  ],
  [
    '§7.9 ORIGINATOR_ID of 5 octets',
    withAttribute(0x80, 9, '0a00000100'),
    `withdraw -${P} [withdraw 9: RFC 7606 §7.9]`,
    internal,
  ],
  [
    '§7.10 CLUSTER_LIST from outside',
    withAttribute(0x80, 10, '0a000001'),
    `update +${P} [discard 10: RFC 7606 §7.10]`,
  ],
  [
    '§7.10 CLUSTER_LIST empty',
    withAttribute(0x80, 10, ''),
    `withdraw -${P} [withdraw 10: RFC 7606 §7.10]`,
    internal,
  ],
  [
    '§7.14 EXTENDED COMMUNITIES of 9 octets',
    withAttribute(0xc0, 16, '000200010000000100'),
    `withdraw -${P} [withdraw 16: RFC 7606 §7.14]`,
  ],
  ['§7.14 EXTENDED COMMUNITIES of unknown type', withAttribute(0xc0, 16, '3f02000100000001'), `update +${P}`],
  [
    'RFC 8092: LARGE_COMMUNITY of 8 octets',
    withAttribute(0xc0, 32, '0000000100000002'),
    `withdraw -${P} [withdraw 32: RFC 8092 §6]`,
  ],
  [
    'RFC 9234: ONLY_TO_CUSTOMER of 2 octets',
    withAttribute(0xc0, 35, 'fdea'),
    `withdraw -${P} [withdraw 35: RFC 9234 §5]`,
  ],
  [
    'RFC 6793: AS4_PATH from a speaker of four octets',
    withAttribute(0xc0, 17, '0201 0000fdea'),
    `update +${P} [discard 17: RFC 6793 §4.1]`,
  ],
  [
    'RFC 6793: AS4_AGGREGATOR from a speaker of four octets',
    withAttribute(0xc0, 18, '0000fdea0a000001'),
    `update +${P} [discard 18: RFC 6793 §4.1]`,
  ],
];

const TWO_OCTETS: WireContext = { ...context, fourOctetAS: false };
const GOOD2 = ORIGIN + attribute(0x40, 2, '0201 fdea') + NEXT_HOP;
const as4 = (type: number, value: string): string => update('', GOOD2 + attribute(0xc0, type, value), NLRI);

const AS4: readonly Row[] = [
  [
    'AS4_PATH: segment type 5',
    as4(17, '0501 0000fdea'),
    `update +${P} [discard 17: RFC 6793 §6]`,
    TWO_OCTETS,
  ],
  ['AS4_PATH: empty', as4(17, ''), `update +${P} [discard 17: RFC 6793 §6]`, TWO_OCTETS],
  ['AS4_PATH: 3 octets', as4(17, '020100'), `update +${P} [discard 17: RFC 6793 §6]`, TWO_OCTETS],
  [
    'AS4_PATH: AS 0 (RFC 7607)',
    as4(17, '0201 00000000'),
    `update +${P} [discard 17: RFC 6793 §6]`,
    TWO_OCTETS,
  ],
  [
    'AS4_PATH: confederations are dropped',
    as4(17, '0301 0000fdeb 0201 0000fdea'),
    `update +${P}`,
    TWO_OCTETS,
  ],
  [
    'AS4_AGGREGATOR of 6 octets',
    as4(18, 'fdea0a000001'),
    `update +${P} [discard 18: RFC 6793 §6]`,
    TWO_OCTETS,
  ],
  [
    'AGGREGATOR of 8 octets',
    as4(7, '0000fdea0a000001'),
    `update +${P} [discard 7: RFC 7606 §7.7]`,
    TWO_OCTETS,
  ],
];

const reach = (value: string, flags = 0x80): string =>
  update('', ORIGIN + AS_PATH + attribute(flags, 14, value), '');
const unreach = (value: string, flags = 0x80): string => update('', attribute(flags, 15, value), '');
/** RFC 4271 §6.3: the whole attribute is the data. */
const optionalError = (flags: number, type: number, value: string): string =>
  `reset 3/9 ${attribute(flags, type, value).replaceAll(' ', '')}`;

const MULTIPROTOCOL: readonly Row[] = [
  ['§5.3 MP_REACH_NLRI transitive', reach(REACH_VALUE, 0xc0), optionalError(0xc0, 14, REACH_VALUE)],
  ['§5.3 MP_UNREACH_NLRI transitive', unreach('000201', 0xc0), optionalError(0xc0, 15, '000201')],
  ['§5.3 MP_REACH_NLRI of 4 octets', reach('00020100'), optionalError(0x80, 14, '00020100')],
  ['§5.3 MP_UNREACH_NLRI of 2 octets', unreach('0002'), optionalError(0x80, 15, '0002')],
  [
    '§5.3 IPv6 prefix of 129 bits',
    unreach('000201 81 20010db8'),
    optionalError(0x80, 15, '000201 81 20010db8'),
  ],
  ['§5.3 IPv6 prefix cut off', unreach('000201 40 20010db8'), optionalError(0x80, 15, '000201 40 20010db8')],
  [
    '§7.11 next hop of 4 octets for IPv6',
    reach('000201 04 0a000001 00'),
    optionalError(0x80, 14, '000201 04 0a000001 00'),
  ],
  [
    '§7.11 next hop beyond the attribute',
    reach('000201 10 20010db8 00'),
    optionalError(0x80, 14, '000201 10 20010db8 00'),
  ],
  [
    '§7.11 IPv6 next hop for IPv4, not negotiated',
    reach(`000101 10 ${'20'.repeat(16)} 00 08 14`),
    optionalError(0x80, 14, `000101 10 ${'20'.repeat(16)} 00 08 14`),
  ],
  [
    'RFC 8950 IPv6 next hop for IPv4',
    reach(`000101 10 ${'20'.repeat(16)} 00 08 14`),
    'update +20.0.0.0/8',
    { ...context, extendedNextHop: true },
  ],
  ['IPv4 next hop for IPv4', reach('000101 04 0a000001 00 08 14'), 'update +20.0.0.0/8'],
  [
    'next hop ::',
    reach(`000201 10 ${'00'.repeat(16)} 00 20 20010db8`),
    'withdraw -2001:db8::/32 [withdraw 14: RFC 4271 §6.3]',
  ],
  [
    'next hop ff02::1',
    reach(`000201 10 ff02${'00'.repeat(13)}01 00 20 20010db8`),
    'withdraw -2001:db8::/32 [withdraw 14: RFC 4271 §6.3]',
  ],
  ['no AS_PATH', update('', ORIGIN + MP_REACH, ''), 'withdraw -2001:db8::/32 [withdraw 2: RFC 7606 §3 (d)]'],
  ['RFC 4760 §3: NEXT_HOP beside it is of no use', update('', GOOD + MP_REACH, ''), 'update +2001:db8::/32'],
  ...(
    [
      ['0.0.0.0', NO_HOST, ''],
      ['of 5 octets', attribute(0x40, 3, 'c000020100'), ''],
      ['optional', attribute(0xc0, 3, 'c0000201'), ''],
      ['0.0.0.0, withdrawn routes of IPv4 too', NO_HOST, WITHDRAWN],
    ] as const
  ).map(
    ([name, hop, withdrawn]): Row => [
      `RFC 4760 §3: bad NEXT_HOP beside it: ${name}`,
      update(withdrawn, ORIGIN + AS_PATH + hop + MP_REACH, ''),
      `update ${withdrawn === '' ? '' : '-20.0.0.0/8 '}+2001:db8::/32 [ignore 3: RFC 4760 §3]`,
    ],
  ),
  [
    'RFC 4760 §3: bad NEXT_HOP behind it',
    update('', MP_REACH + ORIGIN + AS_PATH + NO_HOST, ''),
    'update +2001:db8::/32 [ignore 3: RFC 4760 §3]',
  ],
  [
    'RFC 4760 §3: bad NEXT_HOP beside one of a foreign family',
    update('', ORIGIN + AS_PATH + NO_HOST + attribute(0x80, 14, '4004 47 00 00 ffff'), ''),
    'update [ignore 3: RFC 4760 §3] [ignore 14: RFC 4760 §8]',
  ],
  [
    'RFC 7606 §7.3: bad NEXT_HOP beside it and NLRI',
    update('', ORIGIN + AS_PATH + NO_HOST + MP_REACH, NLRI),
    `withdraw -${P} -2001:db8::/32 [withdraw 3: RFC 7606 §7.3]`,
  ],
  [
    'RFC 7606 §7.3: bad NEXT_HOP beside it and NLRI that is not of this session',
    update('', ORIGIN + AS_PATH + NO_HOST + MP_REACH, NLRI),
    'withdraw -2001:db8::/32 [withdraw 3: RFC 7606 §7.3] [ignore -: RFC 4760 §8]',
    { ...context, families: ['ipv6-unicast'] },
  ],
  [
    'RFC 7606 §5.2: bad NEXT_HOP without routes',
    update('', ORIGIN + AS_PATH + NO_HOST + MP_UNREACH, ''),
    'reset 3/8 40030400000000',
  ],
  [
    'RFC 7606 §4: lengths contradict beside a bad NEXT_HOP and no routes',
    update('', `${NO_HOST}${attribute(0x80, 14, '000201 10 20010db8000000000000000000000001 00')}40`, ''),
    'reset 3/1',
  ],
  ['a family that nobody knows', reach('4004 47 04 0a000001 00 ffff'), 'update [ignore 14: RFC 4760 §8]'],
  [
    'a family that was not negotiated',
    reach(REACH_VALUE),
    'update [ignore 14: RFC 4760 §8]',
    { ...context, families: ['ipv4-unicast'] },
  ],
  ['withdrawn of a family that nobody knows', unreach('4004 47 ffff'), 'update [ignore 15: RFC 4760 §8]'],
  [
    'classic fields where only IPv6 is spoken',
    update(WITHDRAWN, GOOD, NLRI),
    'update [ignore -: RFC 4760 §8] [ignore -: RFC 4760 §8]',
    { ...context, families: ['ipv6-unicast'] },
  ],
  [
    'error beside routes of a foreign family',
    update('', attribute(0x40, 1, '09') + attribute(0x80, 14, '4004 47 00 00 ffff'), ''),
    'withdraw [withdraw 1: RFC 7606 §7.1] [ignore 14: RFC 4760 §8]',
  ],
  [
    'RFC 7911: path identifier cut off',
    unreach('000201 000000'),
    optionalError(0x80, 15, '000201 000000'),
    { ...context, addPathReceive: ['ipv6-unicast'] },
  ],
];

checkTables({
  'fields of UPDATE': FIELDS,
  'End-of-RIB, RFC 4724 §2': END_OF_RIB,
  'attributes as such, RFC 7606 §3 to §5': STRUCTURE,
  'single attributes, RFC 7606 §7': ATTRIBUTE,
  'attributes of RFC 6793': AS4,
  'multiprotocol attributes, RFC 7606 §5.3 and §7.11': MULTIPROTOCOL,
});
