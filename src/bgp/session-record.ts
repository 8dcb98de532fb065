import type { Clock } from '../ports/clock.ts';
import type { DownReason } from './fsm/events.ts';
import { NotificationCounts } from './notification-counts.ts';
import type { MalformedCounts, MalformedReaction, MessageCounts, PeerDown, PeerState } from './status.ts';
import type { Message, OpenMessage } from './wire/message.ts';
import { isNotification, notificationName, shutdownText, unwrapHardReset } from './wire/notification.ts';

/** What people want to know of a session's past. */
export class SessionRecord {
  readonly received = noMessages();
  readonly sent = noMessages();
  readonly notifications = new NotificationCounts();
  readonly #malformed = { reset: 0, withdraw: 0, discard: 0, ignore: 0 };
  #malformedAt: number | undefined;
  readonly #clock: Clock;
  #state: PeerState = 'idle';
  #since: number;
  establishedAt: number | undefined;
  flaps = 0;
  lastDown: PeerDown | undefined;
  lastError: string | undefined;
  /** The peer's last OPEN. */
  open: OpenMessage | undefined;
  /** The last NOTIFICATION that ended something, in either direction, as long as no session is established after it. */
  refusal: DownReason | undefined;
  /** Why the last connection of the peer was not let in, likewise. */
  keptOut: string | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = clock.now();
  }

  get state(): PeerState {
    return this.#state;
  }

  /** When `state` was entered. */
  get since(): number {
    return this.#since;
  }

  /** Tells whether it is another state than before. */
  enter(state: PeerState): boolean {
    if (state === this.#state) return false;
    this.#state = state;
    this.#since = this.#clock.now();
    return true;
  }

  count(direction: 'sent' | 'received', message: Message): void {
    this[direction][COUNTERS[message.kind]]++;
    if (message.kind === 'notification') this.notifications.count(direction, message);
    if (message.kind === 'open' && direction === 'received') this.open = message;
  }

  /** A message was not as it should be. */
  malformed(reaction: MalformedReaction): void {
    this.#malformed[reaction]++;
    if (reaction !== 'ignore') this.#malformedAt = this.#clock.monotonic();
  }

  malformedCounts(): MalformedCounts {
    return { ...this.#malformed };
  }

  /** When the last one came that had to be mended, monotonic milliseconds; undefined: none has. */
  get malformedAt(): number | undefined {
    return this.#malformedAt;
  }

  established(): void {
    this.establishedAt = this.#clock.now();
    this.#forgetFailures();
  }

  /** The session ended, by us, because the peer told too many prefixes. */
  get isOverLimit(): boolean {
    const ending = this.refusal?.notification;
    return ending?.direction === 'sent' && isNotification(unwrapHardReset(ending.message), 'maximumPrefixes');
  }

  /** Its session is configured in another way: what failed before says nothing about it. */
  reconfigured(): void {
    this.#forgetFailures();
    this.open = undefined;
  }

  /** An established session is over. */
  down(down: DownReason): void {
    if (isCollision(down)) return;
    this.flaps++;
    this.lastDown = peerDown(down, this.#clock.now());
    if (down.notification !== undefined) this.refusal = down;
    // Until then no attempt is made that could tell what is wrong.
    if (down.retryAfter !== undefined) this.lastError = down.reason;
  }

  /** An attempt failed. One that got as far as a NOTIFICATION is worth as much as a session that went down. */
  attemptFailed(down: DownReason): void {
    if (isCollision(down)) return;
    this.lastError = down.reason;
    if (down.notification === undefined) return;
    this.lastDown = peerDown(down, this.#clock.now());
    this.refusal = down;
  }

  #forgetFailures(): void {
    this.lastError = undefined;
    this.refusal = undefined;
    this.keptOut = undefined;
  }
}

/** RFC 4271 §6.8: both sides dialled, and the peer chose the other connection. That is how sessions begin, no failure. */
const isCollision = ({ notification }: DownReason): boolean =>
  notification !== undefined && isNotification(notification.message, 'connectionCollision');

function peerDown({ reason, notification }: DownReason, at: number): PeerDown {
  if (notification === undefined) return { at, reason };
  const { direction, message } = notification;
  const { code, subcode } = message;
  const text = shutdownText(message);
  return {
    at,
    reason,
    notification: {
      direction,
      code,
      subcode,
      name: notificationName(message),
      ...(text !== undefined && { text }),
    },
  };
}

type Counts = { -readonly [K in keyof MessageCounts]: MessageCounts[K] };

const noMessages = (): Counts => ({ open: 0, update: 0, notification: 0, keepalive: 0, routeRefresh: 0 });

/** The counter that a message belongs to: End-of-RIB is an UPDATE on the wire. */
const COUNTERS: Readonly<Record<Message['kind'], keyof MessageCounts>> = {
  open: 'open',
  update: 'update',
  'end-of-rib': 'update',
  notification: 'notification',
  keepalive: 'keepalive',
  'route-refresh': 'routeRefresh',
};
