import type { Problem } from '../ports/problem.ts';
import type { BgpFamily, PeerConfig } from './config.ts';
import type { SessionRecord } from './session-record.ts';
import type { MalformedReaction } from './status.ts';
import { FAMILIES } from './wire/family.ts';
import type { NotificationMessage } from './wire/message.ts';
import { isNotification, type NotificationName, unwrapHardReset } from './wire/notification.ts';

/** Milliseconds after a malformed message during which it is told as a problem. */
const MALFORMED_TIME = 600_000;

/** What keeps the peer from having a session and stands in its configuration. Whoever made that has told it by its own name. */
export const configuredProblems = ({ name, problem, remedy }: PeerConfig): readonly Problem[] =>
  problem === undefined
    ? []
    : [
        error(
          'GRY_BGP_PEER_HELD',
          name,
          problem,
          remedy ?? 'correct what the reason names; the session starts by itself',
        ),
      ];

/**
 * What a person should mend about a peer, as its session has met it. Derived from what is known at `now`, monotonic milliseconds:
 * a refusal counts until a session is established or configured in another way. `received` counts prefixes.
 */
export function peerProblems(
  peer: PeerConfig,
  record: SessionRecord,
  received: (family: BgpFamily) => number,
  now: number,
): readonly Problem[] {
  const problems =
    record.state === 'established' ? manyPrefixes(peer, received) : refusals(peer.name, record);
  return [...problems, ...malformed(peer.name, record, now)];
}

/** A reason to end sessions that does not go away by trying again. */
interface Refusal {
  readonly code: string;
  readonly remedy: string;
  /** Where the peer was the one that refused; absent: the same. */
  readonly remedyThere?: string;
}

const REFUSALS: Readonly<Partial<Record<NotificationName, Refusal>>> = {
  badPeerAS: {
    code: 'GRY_BGP_AS_MISMATCH',
    remedy: 'correct the asNumber of the BGPPeer (or of the Node that it is), or the AS of the peer',
    remedyThere:
      'tell the peer the AS that this node has for it, or set localASNumber to the one that it expects',
  },
  badBgpIdentifier: {
    code: 'GRY_BGP_ROUTER_ID',
    remedy: 'give each router an ID of its own',
  },
  unacceptableHoldTime: {
    code: 'GRY_BGP_HOLD_TIME',
    remedy: 'set a holdTime that both sides accept',
  },
  unsupportedCapability: {
    code: 'GRY_BGP_FAMILY_MISMATCH',
    remedy: 'turn on IPv4 or IPv6 unicast for this session on the peer',
    remedyThere: 'compare what both sides offer (gryphon peers NAME), and let the peer ask for less',
  },
  roleMismatch: {
    code: 'GRY_BGP_ROLE_MISMATCH',
    remedy:
      'correct the role here or there: provider goes with customer, peer with peer, route server with route server client',
  },
  maximumPrefixes: {
    code: 'GRY_BGP_PREFIX_LIMIT',
    remedy: 'find out why the peer tells so many; then raise maxPrefixes, or let it tell less',
    remedyThere: 'announce less to the peer, or raise its limit for this node',
  },
  connectionRejected: {
    code: 'GRY_BGP_REJECTED',
    remedy: 'see whether the peer refuses connections by configuration',
    remedyThere: 'configure this node as a neighbour on the peer, with the address that it comes from',
  },
};

function refusals(name: string, { refusal, keptOut }: SessionRecord): readonly Problem[] {
  const problems: Problem[] = [];
  if (keptOut !== undefined) {
    const remedy =
      'protect both sides in the same way: password, and TTL security with as many hops as there are';
    problems.push(error('GRY_BGP_PROTECTION', name, `its connection was not let in: ${keptOut}`, remedy));
  }
  const { notification, reason } = refusal ?? {};
  const rule = notification && refusalOf(notification.message);
  if (notification === undefined || reason === undefined || rule === undefined) return problems;
  const { remedy, remedyThere = remedy } = rule;
  problems.push(error(rule.code, name, reason, notification.direction === 'sent' ? remedy : remedyThere));
  return problems;
}

function refusalOf(message: NotificationMessage): Refusal | undefined {
  const inner = unwrapHardReset(message);
  for (const [key, refusal] of Object.entries(REFUSALS)) {
    if (isNotification(inner, key as NotificationName)) return refusal;
  }
  return undefined;
}

function manyPrefixes(
  { name, prefixLimit }: PeerConfig,
  received: (family: BgpFamily) => number,
): readonly Problem[] {
  if (prefixLimit === undefined) return [];
  const { limit, warnAt } = prefixLimit;
  return FAMILIES.filter((family) => received(family) >= warnAt).map((family) =>
    warning(
      'GRY_BGP_PREFIX_LIMIT',
      name,
      `${family}: ${received(family)} prefixes, the session ends when there are more than ${limit}`,
      'find out why the peer tells so many; then raise maxPrefixes, or let it tell less',
    ),
  );
}

const REACTIONS = {
  reset: 'ended a session',
  withdraw: 'withdrew the routes in it',
  discard: 'cost the routes in it an attribute',
} as const satisfies Partial<Record<MalformedReaction, string>>;

function malformed(name: string, record: SessionRecord, now: number): readonly Problem[] {
  if (record.malformedAt === undefined || now - record.malformedAt >= MALFORMED_TIME) return [];
  const counts = record.malformedCounts();
  const texts = (['reset', 'withdraw', 'discard'] as const)
    .filter((reaction) => counts[reaction] > 0)
    .map((reaction) => `${counts[reaction]} ${REACTIONS[reaction]}`);
  return [
    warning(
      'GRY_BGP_MALFORMED',
      name,
      `malformed messages arrive from it; so far ${texts.join(', ')}`,
      'look for "malformed message" in the log of the agent, and report its bytes to the maker of the peer',
    ),
  ];
}

const problem =
  (severity: Problem['severity']) =>
  (code: string, name: string, message: string, remedy: string): Problem => ({
    code,
    severity,
    subject: `BGP peer ${name}`,
    message,
    remedy,
  });

const error = problem('error');
const warning = problem('warning');
