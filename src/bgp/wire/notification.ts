import { type AnyFamily, familyToWire } from './family.ts';
import type { NotificationMessage, Reset } from './message.ts';

interface NotificationRow {
  readonly code: number;
  readonly subcode: number;
  readonly name: string;
}

/**
 * Every reason for a NOTIFICATION (IANA "BGP Error (Notification) Codes" and their subcodes) except Unspecific ones, which
 * each code has as subcode 0. The key is what the code calls it, the name what people read.
 */
export const NOTIFICATIONS = {
  // RFC 4271 §6.1
  connectionNotSynchronized: { code: 1, subcode: 1, name: 'Connection Not Synchronized' },
  badMessageLength: { code: 1, subcode: 2, name: 'Bad Message Length' },
  badMessageType: { code: 1, subcode: 3, name: 'Bad Message Type' },
  // RFC 4271 §6.2
  malformedOpen: { code: 2, subcode: 0, name: 'Unspecific' },
  unsupportedVersion: { code: 2, subcode: 1, name: 'Unsupported Version Number' },
  badPeerAS: { code: 2, subcode: 2, name: 'Bad Peer AS' },
  badBgpIdentifier: { code: 2, subcode: 3, name: 'Bad BGP Identifier' },
  unsupportedOptionalParameter: { code: 2, subcode: 4, name: 'Unsupported Optional Parameter' },
  authenticationFailure: { code: 2, subcode: 5, name: 'Authentication Failure (deprecated)' },
  unacceptableHoldTime: { code: 2, subcode: 6, name: 'Unacceptable Hold Time' },
  // RFC 5492 §5
  unsupportedCapability: { code: 2, subcode: 7, name: 'Unsupported Capability' },
  // RFC 9234 §4.2
  roleMismatch: { code: 2, subcode: 11, name: 'Role Mismatch' },
  // RFC 4271 §6.3
  malformedAttributeList: { code: 3, subcode: 1, name: 'Malformed Attribute List' },
  unrecognizedWellKnown: { code: 3, subcode: 2, name: 'Unrecognized Well-known Attribute' },
  missingWellKnown: { code: 3, subcode: 3, name: 'Missing Well-known Attribute' },
  attributeFlags: { code: 3, subcode: 4, name: 'Attribute Flags Error' },
  attributeLength: { code: 3, subcode: 5, name: 'Attribute Length Error' },
  invalidOrigin: { code: 3, subcode: 6, name: 'Invalid ORIGIN Attribute' },
  asRoutingLoop: { code: 3, subcode: 7, name: 'AS Routing Loop (deprecated)' },
  invalidNextHop: { code: 3, subcode: 8, name: 'Invalid NEXT_HOP Attribute' },
  optionalAttribute: { code: 3, subcode: 9, name: 'Optional Attribute Error' },
  invalidNetworkField: { code: 3, subcode: 10, name: 'Invalid Network Field' },
  malformedAsPath: { code: 3, subcode: 11, name: 'Malformed AS_PATH' },
  // RFC 4271 §6.5
  holdTimerExpired: { code: 4, subcode: 0, name: 'Unspecific' },
  // RFC 6608 §3
  unexpectedState: { code: 5, subcode: 0, name: 'Unspecific' },
  unexpectedInOpenSent: { code: 5, subcode: 1, name: 'Receive Unexpected Message in OpenSent State' },
  unexpectedInOpenConfirm: { code: 5, subcode: 2, name: 'Receive Unexpected Message in OpenConfirm State' },
  unexpectedInEstablished: { code: 5, subcode: 3, name: 'Receive Unexpected Message in Established State' },
  // RFC 4486 §3
  cease: { code: 6, subcode: 0, name: 'Unspecific' },
  maximumPrefixes: { code: 6, subcode: 1, name: 'Maximum Number of Prefixes Reached' },
  administrativeShutdown: { code: 6, subcode: 2, name: 'Administrative Shutdown' },
  peerDeconfigured: { code: 6, subcode: 3, name: 'Peer De-configured' },
  administrativeReset: { code: 6, subcode: 4, name: 'Administrative Reset' },
  connectionRejected: { code: 6, subcode: 5, name: 'Connection Rejected' },
  otherConfigurationChange: { code: 6, subcode: 6, name: 'Other Configuration Change' },
  connectionCollision: { code: 6, subcode: 7, name: 'Connection Collision Resolution' },
  outOfResources: { code: 6, subcode: 8, name: 'Out of Resources' },
  // RFC 8538 §3
  hardReset: { code: 6, subcode: 9, name: 'Hard Reset' },
  // RFC 9384
  bfdDown: { code: 6, subcode: 10, name: 'BFD Down' },
  // RFC 7313 §5
  refreshLength: { code: 7, subcode: 1, name: 'Invalid Message Length' },
  // RFC 9687
  sendHoldTimerExpired: { code: 8, subcode: 0, name: 'Unspecific' },
} as const satisfies Readonly<Record<string, NotificationRow>>;

export type NotificationName = keyof typeof NOTIFICATIONS;

/** The names of the codes themselves. */
const CODES: ReadonlyMap<number, string> = new Map([
  [1, 'Message Header Error'],
  [2, 'OPEN Message Error'],
  [3, 'UPDATE Message Error'],
  [4, 'Hold Timer Expired'],
  [5, 'Finite State Machine Error'],
  [6, 'Cease'],
  [7, 'ROUTE-REFRESH Message Error'],
  [8, 'Send Hold Timer Expired'],
]);

const NO_DATA = new Uint8Array(0);

/** The NOTIFICATION of that name. */
export function notification(name: NotificationName, data: Uint8Array = NO_DATA): NotificationMessage {
  const { code, subcode } = NOTIFICATIONS[name];
  return { kind: 'notification', code, subcode, data };
}

/** The end of a session for a reason that the peer is told with `name` and `data`, people with `reason`. */
export function reset(name: NotificationName, reason: string, data?: Uint8Array): Reset {
  return { kind: 'reset', notification: notification(name, data), reason };
}

/** Octets of a shutdown communication, RFC 9003 §2. */
const MAX_TEXT = 255;

/**
 * Administrative Shutdown or Reset with a text for the people at the other end (RFC 9003); a text that is too long is cut
 * at a character.
 */
export function shutdownNotification(
  name: 'administrativeShutdown' | 'administrativeReset',
  text = '',
): NotificationMessage {
  if (text === '') return notification(name);
  const room = new Uint8Array(MAX_TEXT + 1);
  const { written } = new TextEncoder().encodeInto(text, room.subarray(1));
  room[0] = written;
  return notification(name, room.slice(0, written + 1));
}

/** RFC 4486 §4: the data name the family and the limit. */
export function maximumPrefixesNotification(family: AnyFamily, limit: number): NotificationMessage {
  const data = new Uint8Array(7);
  const view = new DataView(data.buffer);
  const { afi, safi } = familyToWire(family);
  view.setUint16(0, afi);
  view.setUint8(2, safi);
  view.setUint32(3, limit);
  return notification('maximumPrefixes', data);
}

/** RFC 8538 §3: wrapped so that the peer keeps nothing of a graceful restart. */
export function hardReset(inner: NotificationMessage): NotificationMessage {
  const data = new Uint8Array(2 + inner.data.length);
  data[0] = inner.code;
  data[1] = inner.subcode;
  data.set(inner.data, 2);
  return notification('hardReset', data);
}

export const isNotification = (message: NotificationMessage, name: NotificationName): boolean =>
  message.code === NOTIFICATIONS[name].code && message.subcode === NOTIFICATIONS[name].subcode;

export const isHardReset = (message: NotificationMessage): boolean => isNotification(message, 'hardReset');

/**
 * The Cease subcodes that RFC 8538 §5.1 suggests to send as Hard Reset: the session will not be back soon. Out of Resources is
 * none of them: whoever had too little begins anew, and routes are kept meanwhile.
 */
const LASTING: readonly NotificationName[] = [
  'maximumPrefixes',
  'administrativeShutdown',
  'peerDeconfigured',
];

export const isLasting = (message: NotificationMessage): boolean =>
  LASTING.some((name) => isNotification(message, name));

/** What a Hard Reset wraps; any other message, and a Hard Reset without a whole one inside, is its own answer. */
export function unwrapHardReset(message: NotificationMessage): NotificationMessage {
  const [code, subcode] = message.data;
  if (!isHardReset(message) || code === undefined || subcode === undefined) return message;
  return { kind: 'notification', code, subcode, data: message.data.slice(2) };
}

/**
 * The shutdown communication (RFC 9003 §2), also of a wrapped notification; undefined: none, or an empty one. A length beyond
 * the data is taken for what is there and bytes that are no UTF-8 become U+FFFD: the reason is worth more than the form.
 * Control characters become spaces, so that a peer cannot write lines into our logs.
 */
export function shutdownText(message: NotificationMessage): string | undefined {
  const inner = unwrapHardReset(message);
  if (!isNotification(inner, 'administrativeShutdown') && !isNotification(inner, 'administrativeReset'))
    return undefined;
  const text = new TextDecoder().decode(inner.data.subarray(1, 1 + (inner.data[0] ?? 0)));
  const printable = text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ').trim();
  return printable === '' ? undefined : printable;
}

/** Whether a standard names this code with this subcode; every code has 0, Unspecific. */
export const isStandard = ({ code, subcode }: NotificationMessage): boolean =>
  CODES.has(code) &&
  (subcode === 0 || Object.values(NOTIFICATIONS).some((r) => r.code === code && r.subcode === subcode));

/** `Cease/Hard Reset`, `Hold Timer Expired`, `UPDATE Message Error/77`. */
export function notificationName(message: NotificationMessage): string {
  const code = CODES.get(message.code) ?? `Error ${message.code}`;
  const row = Object.values(NOTIFICATIONS).find(
    (r) => r.code === message.code && r.subcode === message.subcode,
  );
  if (message.subcode === 0) return code;
  return `${code}/${row?.name ?? message.subcode}`;
}

/** One line for people: `Cease/Administrative Shutdown: "maintenance"`; a Hard Reset names what it wraps. */
export function describeNotification(message: NotificationMessage): string {
  const inner = unwrapHardReset(message);
  const name =
    inner === message
      ? notificationName(message)
      : `${notificationName(message)} (${notificationName(inner)})`;
  const text = shutdownText(message);
  return text === undefined ? name : `${name}: ${JSON.stringify(text)}`;
}
