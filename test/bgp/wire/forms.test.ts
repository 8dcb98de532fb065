import { describe, expect, it } from 'vitest';
import type { PathAttributes } from '../../../src/bgp/wire/attributes/attributes.ts';
import type { Capability } from '../../../src/bgp/wire/capability.ts';
import type { Announcement, PrefixList } from '../../../src/bgp/wire/message.ts';
import type { ReadableMessage } from '../../../src/bgp/wire/readable.ts';
import { context, fromHex } from './support.ts';
import { SOURCES } from './vectors/index.ts';
import type { Vector } from './vectors/vector.ts';

/** A vector as the forms look at it. */
interface Sample {
  readonly message: ReadableMessage;
  readonly bytes: Uint8Array;
  readonly vector: Vector;
}

type Form = readonly [name: string, has: (sample: Sample) => boolean];

const SAMPLES = SOURCES.flatMap(({ from, vectors }) =>
  vectors.map((vector) => ({
    from,
    vector,
    message: vector.message as ReadableMessage,
    bytes: fromHex(vector.hex),
  })),
);

/** An OPEN with a capability of that kind which satisfies the test. */
const capability =
  <K extends Capability['kind']>(
    kind: K,
    test: (c: Extract<Capability, { kind: K }>) => boolean = () => true,
  ) =>
  ({ message }: Sample): boolean =>
    message.kind === 'open' &&
    message.capabilities.some((c) => c.kind === kind && test(c as Extract<Capability, { kind: K }>));

const role = (name: string): Form => [`role ${name}`, capability('role', (c) => c.role === name)];

const CAPABILITIES: readonly Form[] = [
  ['IPv4 unicast', capability('multiprotocol', (c) => c.family === 'ipv4-unicast')],
  ['IPv6 unicast', capability('multiprotocol', (c) => c.family === 'ipv6-unicast')],
  ['route refresh', capability('route-refresh')],
  ['extended next hop', capability('extended-next-hop', (c) => c.families.some((f) => f.nextHopAfi === 2))],
  ['extended message', capability('extended-message')],
  ...['provider', 'route-server', 'route-server-client', 'customer', 'peer'].map(role),
  ['graceful restart without families', capability('graceful-restart', (c) => c.families.length === 0)],
  ['graceful restart: not restarting', capability('graceful-restart', (c) => !c.restarting)],
  ['graceful restart: R', capability('graceful-restart', (c) => c.restarting)],
  ['graceful restart: N', capability('graceful-restart', (c) => c.notification)],
  ['graceful restart: F', capability('graceful-restart', (c) => c.families.some((f) => f.forwarding))],
  ['graceful restart: not F', capability('graceful-restart', (c) => c.families.some((f) => !f.forwarding))],
  ['four-octet AS that two octets hold', capability('four-octet-as', (c) => c.as <= 0xffff)],
  ['four-octet AS that needs four', capability('four-octet-as', (c) => c.as > 0xffff)],
  ...(['receive', 'send', 'both'] as const).map(
    (mode): Form => [
      `add-path: ${mode}`,
      capability('add-path', (c) => c.families.some((f) => f.mode === mode)),
    ],
  ),
  ['enhanced route refresh', capability('enhanced-route-refresh')],
  [
    'long-lived graceful restart',
    capability('long-lived-graceful-restart', (c) => c.families.some((f) => f.staleTime > 0)),
  ],
  [
    'long-lived graceful restart: F',
    capability('long-lived-graceful-restart', (c) => c.families.some((f) => f.forwarding)),
  ],
  [
    'long-lived graceful restart without families',
    capability('long-lived-graceful-restart', (c) => c.families.length === 0),
  ],
  ['host name', capability('fqdn')],
  ['one that we do not know', capability('unknown')],
  ['none at all', ({ message }) => message.kind === 'open' && message.capabilities.length === 0],
  [
    'all in one optional parameter',
    ({ message, bytes }) => message.kind === 'open' && bytes[28] === (bytes[30] ?? 0) + 2,
  ],
  [
    'each in its own',
    ({ message, bytes }) =>
      message.kind === 'open' && bytes[28] !== 255 && (bytes[28] ?? 0) > (bytes[30] ?? 0) + 2,
  ],
  [
    'extended optional parameters',
    ({ message, bytes }) => message.kind === 'open' && bytes[28] === 255 && bytes[29] === 255,
  ],
];

/** An UPDATE that announces something that satisfies the test. */
const announces =
  (test: (a: Announcement, sample: Sample) => boolean) =>
  (sample: Sample): boolean =>
    sample.message.kind === 'update' && sample.message.announced.some((a) => test(a, sample));

const attribute = (key: keyof PathAttributes): Form => [
  key,
  announces(({ attributes }) => attributes[key] !== undefined),
];

const KEYS: readonly (keyof PathAttributes)[] = [
  'med',
  'localPref',
  'atomicAggregate',
  'aggregator',
  'communities',
  'originatorID',
  'clusterList',
  'extendedCommunities',
  'largeCommunities',
  'onlyToCustomer',
  'unknown',
];

const segments = (kind: 'sequence' | 'set') =>
  announces(({ attributes }) => attributes.asPath.some((s) => s.kind === kind));
const twoOctets = ({ context: ctx = context }: Vector): boolean => !ctx.fourOctetAS;
const contains =
  (hex: string) =>
  (_: unknown, { vector }: Sample): boolean =>
    vector.hex.includes(hex);

const ATTRIBUTES: readonly Form[] = [
  ...(['igp', 'egp', 'incomplete'] as const).map(
    (origin): Form => [`ORIGIN ${origin}`, announces(({ attributes }) => attributes.origin === origin)],
  ),
  ['AS_PATH: sequence', segments('sequence')],
  ['AS_PATH: set', segments('set')],
  ['AS_PATH: empty', announces(({ attributes }) => attributes.asPath.length === 0)],
  ['AS_PATH of two octets', announces((_, { vector }) => twoOctets(vector))],
  [
    'AS_PATH of two octets with AS4_PATH',
    announces((a, sample) => twoOctets(sample.vector) && contains('d0110006')(a, sample)),
  ],
  [
    'AGGREGATOR of two octets with AS4_AGGREGATOR',
    announces(
      (a, sample) =>
        twoOctets(sample.vector) && a.attributes.aggregator !== undefined && contains('c01208')(a, sample),
    ),
  ],
  ...KEYS.map(attribute),
  [
    'well-known community',
    announces(({ attributes }) => attributes.communities?.some((c) => c >= 0xffff0000) === true),
  ],
  ['attribute with a length of two octets that one holds', announces(contains('5002000'))],
];

const lists = ({ message }: Sample): readonly PrefixList[] =>
  message.kind === 'update' ? [...message.withdrawn, ...message.announced] : [];
const withPathIDs = (sample: Sample): boolean => lists(sample).some((list) => list.pathIds !== undefined);
const withdraws =
  (family: string) =>
  ({ message }: Sample): boolean =>
    message.kind === 'update' && message.withdrawn.some((w) => w.family === family);

const ROUTES: readonly Form[] = [
  ['IPv4 announced', announces(({ family, nextHop }) => family === 'ipv4-unicast' && !nextHop.includes(':'))],
  ['IPv4 withdrawn', withdraws('ipv4-unicast')],
  [
    'IPv6 announced, next hop of 16 octets',
    announces(({ family, linkLocal }) => family === 'ipv6-unicast' && linkLocal === undefined),
  ],
  ['IPv6 announced, next hop of 32 octets', announces(({ linkLocal }) => linkLocal !== undefined)],
  ['IPv6 withdrawn', withdraws('ipv6-unicast')],
  [
    'IPv6 withdrawn beside other attributes',
    (s) => withdraws('ipv6-unicast')(s) && s.vector.hex.includes('40010100'),
  ],
  [
    'IPv4 over an IPv6 next hop',
    announces(({ family, nextHop }) => family === 'ipv4-unicast' && nextHop.includes(':')),
  ],
  [
    'IPv4 with path identifiers',
    (s) => withPathIDs(s) && announces(({ family }) => family === 'ipv4-unicast')(s),
  ],
  ['IPv4 withdrawn with path identifiers', (s) => withPathIDs(s) && withdraws('ipv4-unicast')(s)],
  [
    'IPv6 with path identifiers',
    (s) => withPathIDs(s) && announces(({ family }) => family === 'ipv6-unicast')(s),
  ],
  ['End-of-RIB of IPv4', ({ message }) => message.kind === 'end-of-rib' && message.family === 'ipv4-unicast'],
  ['End-of-RIB of IPv6', ({ message }) => message.kind === 'end-of-rib' && message.family === 'ipv6-unicast'],
  [
    'End-of-RIB of IPv6 with a length of two octets',
    ({ message, vector }) => message.kind === 'end-of-rib' && vector.hex.endsWith('900f0003000201'),
  ],
];

const notification = (code: number, subcode: number, hasData: boolean, what: string): Form => [
  `${code}/${subcode} ${what}`,
  ({ message }) =>
    message.kind === 'notification' &&
    message.code === code &&
    message.subcode === subcode &&
    message.data.length > 0 === hasData,
];

const NOTIFICATIONS: readonly Form[] = [
  notification(1, 1, false, 'Connection Not Synchronized'),
  notification(1, 2, true, 'Bad Message Length with the length'),
  notification(1, 3, true, 'Bad Message Type with the type'),
  notification(2, 1, true, 'Unsupported Version Number with a version'),
  notification(2, 2, true, 'Bad Peer AS with data of its own'),
  notification(2, 6, true, 'Unacceptable Hold Time with data of its own'),
  notification(2, 7, false, 'Unsupported Capability'),
  notification(2, 11, false, 'Role Mismatch'),
  notification(3, 1, false, 'Malformed Attribute List'),
  notification(4, 0, false, 'Hold Timer Expired'),
  notification(5, 1, false, 'Unexpected Message in OpenSent'),
  notification(5, 2, false, 'Unexpected Message in OpenConfirm'),
  notification(5, 3, false, 'Unexpected Message in Established'),
  notification(6, 1, false, 'Maximum Number of Prefixes'),
  notification(6, 1, true, 'Maximum Number of Prefixes with family and limit'),
  notification(6, 2, false, 'Administrative Shutdown'),
  notification(6, 2, true, 'Administrative Shutdown with a text'),
  notification(6, 4, true, 'Administrative Reset with a text'),
  notification(6, 9, true, 'Hard Reset around a shutdown with a text'),
];

const refresh = (operation: string, family: string): Form => [
  `${operation} ${family}`,
  ({ message }) =>
    message.kind === 'route-refresh' && message.operation === operation && message.family === family,
];

const OTHERS: readonly Form[] = [
  ['KEEPALIVE', ({ message }) => message.kind === 'keepalive'],
  ...['request', 'begin', 'end'].flatMap((operation) => [
    refresh(operation, 'ipv4-unicast'),
    refresh(operation, 'ipv6-unicast'),
  ]),
];

/** What vectors.test.ts checks in both directions, each form of a message at least once from somebody else's implementation. */
describe.each([
  ['OPEN', CAPABILITIES],
  ['path attributes', ATTRIBUTES],
  ['routes', ROUTES],
  ['NOTIFICATION', NOTIFICATIONS],
  ['ROUTE-REFRESH and others', OTHERS],
])('%s as others send it', (_, forms) => {
  it.each(forms)('%s', (_name, has) => {
    const senders = new Set(SAMPLES.filter((sample) => has(sample)).map(({ from }) => from));
    expect([...senders]).not.toEqual([]);
  });
});
