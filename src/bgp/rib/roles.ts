import type { Role } from '../config.ts';

/** What RFC 9234 §5 asks of a session, by what we are to the peer. */
interface Handling {
  /** Routes with ONLY_TO_CUSTOMER from this peer: leaks, leaks unless the peer itself set it, or fine. */
  readonly marked: 'leak' | 'leak unless its own' | 'fine';
  /** The attribute is attached to what comes without it. */
  readonly marksReceived: boolean;
  /** Routes with the attribute may go to this peer. */
  readonly takesMarked: boolean;
  /** The attribute is attached to what goes out without it. */
  readonly marksSent: boolean;
}

const CUSTOMER: Handling = { marked: 'leak', marksReceived: false, takesMarked: true, marksSent: true };
const PROVIDER: Handling = { marked: 'fine', marksReceived: true, takesMarked: false, marksSent: false };
const PEER: Handling = {
  marked: 'leak unless its own',
  marksReceived: true,
  takesMarked: false,
  marksSent: true,
};

/** The peer of a provider is a customer, and so on: the left side is our role, the right side is named after the peer's. */
const HANDLING: Readonly<Record<Role, Handling>> = {
  provider: CUSTOMER,
  'route-server': CUSTOMER,
  customer: PROVIDER,
  'route-server-client': PROVIDER,
  peer: PEER,
};

/** RFC 9234 §5, ingress 1 and 2: whether what came with ONLY_TO_CUSTOMER set by `marker` is a leak. */
export function isLeak(role: Role, marker: number | undefined, remoteAS: number): boolean {
  const { marked } = HANDLING[role];
  if (marker === undefined || marked === 'fine') return false;
  return marked === 'leak' || marker !== remoteAS;
}

/** Ingress 3: whether ONLY_TO_CUSTOMER with the peer's AS is attached where it is missing. */
export const marksReceived = (role: Role): boolean => HANDLING[role].marksReceived;

/** Egress 2: whether a route with ONLY_TO_CUSTOMER may go to the peer. */
export const takesMarked = (role: Role): boolean => HANDLING[role].takesMarked;

/** Egress 1: whether ONLY_TO_CUSTOMER with our AS is attached where it is missing. */
export const marksSent = (role: Role): boolean => HANDLING[role].marksSent;
