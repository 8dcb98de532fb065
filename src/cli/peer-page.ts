import { BGP_FAMILIES } from '../api/resources/common.ts';
import type { Peer } from '../api/resources/peer.ts';
import { age, type Column, printable, type Style, type TextOptions, table } from './output.ts';
import { ago, facts, problemsText } from './page.ts';
import { stateStyle } from './peer-state.ts';

/** `gryphon peers NAME`: everything about one peer, in words. */
export function peerPage(peer: Peer, now: number, text: TextOptions): string {
  const style = (name: Style | undefined): Style | undefined => (text.colour ? name : undefined);
  const lines = [
    ['Peer', named(peer)],
    ['Address', address(peer)],
    ['AS', `${peer.remoteAS}, ours is ${peer.localAS}`],
    ['State', `${peer.state} for ${age(peer.since, now)}`],
    ['Reason', peer.state === 'established' ? undefined : (peer.problem ?? peer.lastError)],
    ['Established', established(peer, now)],
    ['Last down', peer.lastDown && `${ago(peer.lastDown.at, now)}: ${peer.lastDown.reason}`],
    ['Notification', notification(peer)],
    ['Text', peer.lastDown?.notification?.text],
    ['Router ID', peer.remoteRouterID],
    ['Timers', timers(peer)],
    ['Negotiated', peer.capabilities.join(', ')],
    ['We offer', peer.offered.local.join(', ')],
    ['It offered', peer.offered.remote?.join(', ')],
    ['Restart', restart(peer)],
    ['Stale routes', stale(peer, now)],
    ['Protection', protection(peer)],
    ['Limit', limit(peer)],
    ['End-of-RIB', peer.state === 'established' ? (peer.endOfRib ? 'received' : 'awaited') : undefined],
  ] as const;
  const known = lines.flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, oneLine(value)] as const],
  );
  const malformed = malformedRows(peer);
  const sections = [
    facts(known, 14, (name) => (name === 'State' ? style(stateStyle(peer)) : undefined)),
    table(prefixColumns, prefixRows(peer), text),
    table(messageColumns, messageRows(peer), text),
    peer.notifications.length > 0 && table(notificationColumns, peer.notifications, text),
    malformed.length > 0 && table(malformedColumns, malformed, text),
    peer.problems.length > 0 && problemsText(peer.problems, style),
  ];
  return sections.filter((section) => section !== false).join('\n');
}

const oneLine = (text: string): string => printable(text).replaceAll('\n', ' ');

const named = ({ name, description }: Peer): string =>
  description === undefined ? name : `${name} (${description})`;

function address({ address, port, localAddress }: Peer): string {
  const from = localAddress === undefined ? '' : `, from ${localAddress}`;
  return `${address} port ${port}${from}`;
}

function established({ state, establishedAt, flaps }: Peer, now: number): string {
  const lost = flaps === 0 ? 'never lost' : `lost ${flaps} ${flaps === 1 ? 'time' : 'times'}`;
  if (establishedAt === undefined) return 'never';
  return state === 'established'
    ? `for ${age(establishedAt, now)}, ${lost}`
    : `${ago(establishedAt, now)}, ${lost}`;
}

function notification({ lastDown }: Peer): string | undefined {
  if (lastDown?.notification === undefined) return undefined;
  const { direction, code, subcode, name } = lastDown.notification;
  return `${direction} ${code}/${subcode}, ${name}`;
}

function timers({ holdTime, keepaliveTime }: Peer): string | undefined {
  if (holdTime === undefined) return undefined;
  return holdTime === 0
    ? 'none: neither side asks for signs of life'
    : `hold ${holdTime} s, keepalive ${keepaliveTime} s`;
}

function restart({ state, gracefulRestart }: Peer): string | undefined {
  if (gracefulRestart === undefined) return state === 'established' ? 'not negotiated' : undefined;
  const { localTime, remoteTime, families, notification, longLivedTimes = {} } = gracefulRestart;
  const kept =
    families.length === 0 ? 'no routes of it' : `its ${families.join(' and ')} routes for ${remoteTime} s`;
  const longLived = BGP_FAMILIES.flatMap((family) =>
    longLivedTimes[family] === undefined ? [] : [`${family} for another ${longLivedTimes[family]} s`],
  );
  const then = longLived.length === 0 ? '' : `, as long-lived ones ${longLived.join(' and ')}`;
  const always = notification ? ', also after a NOTIFICATION' : '';
  return `it is asked to keep our routes for ${localTime} s, we keep ${kept}${then}${always}`;
}

function stale({ gracefulRestart }: Peer, now: number): string | undefined {
  const { staleUntil, longLived } = gracefulRestart ?? {};
  if (staleUntil === undefined) return undefined;
  const left = age(new Date(now).toISOString(), Date.parse(staleUntil));
  return `kept for another ${left} at most${longLived === true ? ', as long-lived ones' : ''}`;
}

function protection({ authenticated, ttlSecurity }: Peer): string {
  const parts = [
    authenticated === true && 'TCP-MD5',
    ttlSecurity !== undefined && `TTL security, at most ${ttlSecurity} ${ttlSecurity === 1 ? 'hop' : 'hops'}`,
  ].filter((part) => part !== false);
  return parts.join(', ') || 'none';
}

const limit = ({ prefixLimit }: Peer): string | undefined =>
  prefixLimit === undefined ? undefined : `${prefixLimit} prefixes of each family`;

type PrefixRow = Peer['prefixes']['ipv4-unicast'] & { readonly family: string };

const prefixRows = ({ prefixes }: Peer): readonly PrefixRow[] =>
  BGP_FAMILIES.map((family) => ({ family, ...prefixes[family] }));

const prefixColumns: readonly Column<PrefixRow>[] = [
  { header: 'PREFIXES', value: (row) => row.family },
  { header: 'RECEIVED', value: (row) => String(row.received) },
  { header: 'ACCEPTED', value: (row) => String(row.accepted) },
  { header: 'ADVERTISED', value: (row) => String(row.advertised) },
  { header: 'STALE', value: (row) => String(row.stale ?? 0) },
];

type MessageRow = Peer['messages']['sent'] & { readonly direction: string };

const messageRows = ({ messages }: Peer): readonly MessageRow[] =>
  (['received', 'sent'] as const).map((direction) => ({ direction, ...messages[direction] }));

const messageColumns: readonly Column<MessageRow>[] = [
  { header: 'MESSAGES', value: (row) => row.direction },
  { header: 'OPEN', value: (row) => String(row.open) },
  { header: 'UPDATE', value: (row) => String(row.update) },
  { header: 'KEEPALIVE', value: (row) => String(row.keepalive) },
  { header: 'NOTIFICATION', value: (row) => String(row.notification) },
  { header: 'ROUTE-REFRESH', value: (row) => String(row.routeRefresh) },
];

const notificationColumns: readonly Column<Peer['notifications'][number]>[] = [
  { header: 'NOTIFICATION', value: (row) => row.name },
  { header: 'CODE', value: ({ code, subcode }) => (code === undefined ? '-' : `${code}/${subcode}`) },
  { header: 'DIRECTION', value: (row) => row.direction },
  { header: 'COUNT', value: (row) => String(row.count) },
];

interface MalformedRow {
  readonly what: string;
  readonly count: number;
}

const MALFORMED = {
  reset: 'ended a session',
  withdraw: 'taken for a withdrawal',
  discard: 'an attribute dropped',
  ignore: 'something skipped',
} as const satisfies Record<keyof Peer['malformed'], string>;

const malformedRows = ({ malformed }: Peer): readonly MalformedRow[] =>
  (['reset', 'withdraw', 'discard', 'ignore'] as const).flatMap((reaction) =>
    malformed[reaction] === 0 ? [] : [{ what: MALFORMED[reaction], count: malformed[reaction] }],
  );

const malformedColumns: readonly Column<MalformedRow>[] = [
  { header: 'MALFORMED', value: (row) => row.what },
  { header: 'COUNT', value: (row) => String(row.count) },
];
